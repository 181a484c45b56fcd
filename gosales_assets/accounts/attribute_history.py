"""Attribute history (type 2): which attributes a customer had in which span of days.

The CRM's dated versions give it; where the CRM lacks a name, region or representative, the sales
log's own dated values do. A later version never rewrites an earlier span.
"""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from gosales_assets.accounts.customers import NAMED, Accounts
from gosales_assets.accounts.observations import OBSERVED, Observations, values_at
from gosales_resources.partitions.customer_ranges import customer_ranges

START = "valid_from"
# Values of the log at a time: 22 million at once took 4 GB.
HELD_ROWS = 4_000_000
# What a company directory knows of a customer too.
ENRICHED = ["customer_id", "industry", "sub_industry"]


def build_customer_history(
    cutoff: dt.date,
    accounts: Accounts | None,
    observations: Observations,
    assets: pl.LazyFrame,
    enrichment: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Build the versions of every customer's attributes as known at a cutoff.

    Parameters
    ----------
    cutoff
        As-of date.
    accounts
        What the CRM said by then; None without a CRM.
    observations
        What the log says.
    assets
        `fact_assets` of the cutoff: their owners are customers.
    enrichment
        Industry and sub-industry for customers whose CRM record has none: customer_id, industry,
        sub_industry, one row per customer; undated, so it fills every version.

    Returns
    -------
    polars.DataFrame
        `dim_customer_history`, sorted by customer and valid_from (null first). Every customer of
        the roster has a version; neighbouring versions differ.
    """
    numbered = None if accounts is None else accounts.versions.with_row_index("version")
    points = _points(cutoff, accounts, numbered, observations, assets)
    filled = points.with_columns(
        # What is once said holds until something else is: within a customer, by day.
        pl.exclude("customer_id", START).forward_fill().over("customer_id")
    )
    spans = _combine(filled, numbered)
    if enrichment is not None:
        spans = fill_industries(spans, enrichment)
    return _collapse(spans).with_columns(cutoff=pl.lit(cutoff))


def customer_history_in_parts(
    cutoff: dt.date,
    accounts: Accounts | None,
    observations: Observations,
    assets: pl.LazyFrame,
    enrichment: pl.DataFrame,
) -> Iterator[pl.DataFrame]:
    """Build `dim_customer_history` customers after customers; see `build_customer_history`.

    Parameters
    ----------
    cutoff, accounts, observations, assets
        As of `build_customer_history`.
    enrichment
        As there; without rows where no directory is configured.

    Yields
    ------
    polars.DataFrame
        Consecutive parts of it, at least one.
    """
    seen = [frame.select("customer_id") for frame in observations.values.values()]
    everyone = pl.concat([*seen, enrichment.select("customer_id")])
    counts = everyone.group_by("customer_id").agg(row_count=pl.len().cast(pl.Int64))
    for span in customer_ranges(counts, HELD_ROWS):
        some = span.hold()
        yield build_customer_history(
            cutoff,
            accounts.of(some) if accounts else None,
            observations.of(some),
            assets.filter(some),
            enrichment.filter(some),
        )


def fill_industries(spans: pl.DataFrame, enrichment: pl.DataFrame) -> pl.DataFrame:
    """Fill missing industries; a sub-industry only under the industry it belongs to.

    Parameters
    ----------
    spans
        Rows with customer_id, industry, sub_industry.
    enrichment
        One row per customer: customer_id, industry, sub_industry.

    Returns
    -------
    polars.DataFrame
        The same rows and columns, in the same order.
    """
    found = enrichment.select(
        "customer_id", pl.col("industry").alias("found"), pl.col("sub_industry").alias("sub_found")
    )
    industry = pl.coalesce("industry", "found")
    fits = pl.when(industry == pl.col("found")).then("sub_found")
    return (
        spans.join(found, on="customer_id", how="left", maintain_order="left")
        .with_columns(industry=industry, sub_industry=pl.coalesce("sub_industry", fits))
        .drop("found", "sub_found")
    )


def _points(
    cutoff: dt.date,
    accounts: Accounts | None,
    numbered: pl.DataFrame | None,
    observations: Observations,
    assets: pl.LazyFrame,
) -> pl.DataFrame:
    """Collect the days on which anything is said of a customer, and what; sorted."""
    owned = pl.coalesce("effective_purchase_date", pl.col("recorded_at").cast(pl.Date))
    owned_since = assets.group_by("customer_id").agg(owned.min().alias(START))
    # A register may be larger than memory.
    owners = owned_since.collect(engine="streaming")
    seen = observations.seen.at(cutoff).select(
        "customer_id", pl.col("first_seen_date").alias(START)
    )
    parts = [owners, seen]
    for name in OBSERVED:
        values = values_at(observations, name, cutoff)
        parts.append(values.rename({"order_date": START, name: f"{name}_log"}))
    if accounts is not None and numbered is not None:
        parts.append(numbered.select("customer_id", START, "version"))
        parts.append(accounts.known.rename({"known_since": START}))
    said = pl.concat(parts, how="diagonal")
    # At most one value of each kind a day: the maximum is that one.
    points = said.group_by("customer_id", START).agg(pl.all().max())
    return points.sort("customer_id", START, nulls_last=False)


def _combine(filled: pl.DataFrame, numbered: pl.DataFrame | None) -> pl.DataFrame:
    """Put the CRM's attributes of the day first, the log's where it has none."""
    if numbered is None:
        crm = filled.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in NAMED)
    else:
        crm = filled.join(
            numbered.drop("customer_id", START), on="version", how="left", maintain_order="left"
        ).drop("version")
    logged = [f"{name}_log" for name in OBSERVED]
    return crm.with_columns(pl.coalesce(name, f"{name}_log") for name in OBSERVED).drop(logged)


def _collapse(spans: pl.DataFrame) -> pl.DataFrame:
    """Keep the days on which an attribute changes and close each span where the next begins."""
    tracked = [name for name in spans.columns if name != START]
    changed = [pl.col(name).ne_missing(pl.col(name).shift(1)) for name in tracked]
    first = pl.int_range(pl.len()) == 0
    same = pl.col("customer_id") == pl.col("customer_id").shift(-1)
    return spans.filter(pl.any_horizontal(first, *changed)).with_columns(
        valid_to=pl.when(same).then(pl.col(START).shift(-1)),
        version_number=pl.int_range(1, pl.len() + 1).over("customer_id"),
    )
