"""Who is not called, and why: the gates in their order, each row with the first one it fails.

A gate whose table is not configured is off. Owners come back when all that they own of the division
has expired for long enough and they have not bought in it since.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from gosales_resources.dates import shift_days
from gosales_resources.settings.whitespace import GateSettings

LAST_IN_DIVISION = "recency__div__days__asof"


@dataclass(frozen=True)
class GateTables:
    """What the gates go by, as of the cutoff; None where the source is not configured."""

    customers: pl.LazyFrame
    """`dim_customer`."""
    assets: pl.LazyFrame | None = None
    do_not_contact: pl.LazyFrame | None = None
    contacts: pl.LazyFrame | None = None
    deals: pl.LazyFrame | None = None
    ownership: pl.LazyFrame | None = None


def with_gates(
    candidates: pl.LazyFrame,
    tables: GateTables,
    settings: GateSettings,
    *,
    division: str,
    skus: list[str] | None,
    cutoff: dt.date,
) -> pl.LazyFrame:
    """Add the first gate that each candidate fails.

    Parameters
    ----------
    candidates
        One row per customer: customer_id, is_whitespace, p_icp, `LAST_IN_DIVISION` (days, null where
        never bought).
    tables
        What the gates go by.
    settings
        Bounds in days, gates that are off, ids that are no customers.
    division, skus
        The target, and its SKUs where it is a set of them.
    cutoff
        As-of date.

    Returns
    -------
    polars.LazyFrame
        The same rows with `ineligible_reason`, null for who passes all gates.
    """
    frame = candidates
    for flag, ids in _flagged(tables, settings, division, skus, cutoff).items():
        marked = ids.select("customer_id").unique().with_columns(pl.lit(value=True).alias(flag))
        frame = frame.join(marked, on="customer_id", how="left").with_columns(
            pl.col(flag).fill_null(value=False)
        )
    long_ago = (pl.col(LAST_IN_DIVISION) >= settings.reinclude_expired_days).fill_null(value=True)
    is_back = pl.col("_all_expired") & long_ago
    return frame.with_columns(
        ineligible_reason=pl.when(~pl.col("is_whitespace") & ~is_back)
        .then(pl.lit("owned"))
        .when("_active_asset")
        .then(pl.lit("active_asset"))
        .when("_do_not_contact")
        .then(pl.lit("do_not_contact"))
        .when("_recent_contact")
        .then(pl.lit("recent_contact"))
        .when("_open_deal")
        .then(pl.lit("open_deal"))
        .when("_region_mismatch")
        .then(pl.lit("region_mismatch"))
        .when(pl.col("customer_id").is_in(settings.not_customers))
        .then(pl.lit("not_a_customer"))
        .when(pl.col("p_icp").is_null())
        .then(pl.lit("no_model"))
    ).select(pl.exclude("^_.*$"))


def _flagged(
    tables: GateTables,
    settings: GateSettings,
    division: str,
    skus: list[str] | None,
    cutoff: dt.date,
) -> dict[str, pl.LazyFrame]:
    """Return flag -> the customers that have it."""
    nobody = tables.customers.select("customer_id").head(0)
    off = settings.turned_off
    found: dict[str, pl.LazyFrame] = dict.fromkeys(
        ("_all_expired", "_active_asset", "_do_not_contact", "_recent_contact", "_open_deal",
         "_region_mismatch"),
        nobody,
    )  # fmt: skip
    if tables.assets is not None:
        last = _last_expiration(tables.assets, division, skus)
        bound = shift_days(cutoff, -settings.reinclude_expired_days)
        has_expired = (pl.col("last") <= bound).fill_null(value=False)
        found["_all_expired"] = last.filter(has_expired)
        found["_active_asset"] = last.filter(~has_expired)
    if tables.do_not_contact is not None:
        found["_do_not_contact"] = tables.do_not_contact.filter("is_active")
    if tables.contacts is not None and "recent_contact" not in off:
        since = shift_days(cutoff, -settings.recent_contact_days)
        found["_recent_contact"] = tables.contacts.filter(pl.col("contact_date") > since)
    if tables.deals is not None and "open_deal" not in off:
        # A deal that does not say what it is about may be about this.
        about = pl.col("division").is_null() | (pl.col("division") == division)
        found["_open_deal"] = tables.deals.filter("is_open", about)
    if tables.ownership is not None and "region_mismatch" not in off:
        found["_region_mismatch"] = _in_foreign_books(tables.ownership, tables.customers)
    return found


def _last_expiration(assets: pl.LazyFrame, division: str, skus: list[str] | None) -> pl.LazyFrame:
    """Return each owner's last expiration in the target; null where an asset never expires."""
    mine = pl.col("division") == division
    if skus is not None:
        mine = pl.col("item").is_in(skus) | pl.col("item_rollup").is_in(skus)
    expires = pl.col("expiration_date")
    return (
        assets.filter(mine)
        .group_by("customer_id")
        .agg(last=pl.when(expires.is_null().any()).then(None).otherwise(expires.max()))
    )


def _in_foreign_books(ownership: pl.LazyFrame, customers: pl.LazyFrame) -> pl.LazyFrame:
    """Return customers that are in books, each of them of another region than theirs."""
    books = ownership.filter("is_active", pl.col("region").is_not_null())
    own = customers.filter(pl.col("region").is_not_null()).select("customer_id", own="region")
    return (
        books.join(own, on="customer_id")
        .group_by("customer_id")
        .agg(fits=(pl.col("region") == pl.col("own")).any())
        .filter(~pl.col("fits"))
    )
