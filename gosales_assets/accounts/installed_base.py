"""The asset register as of a cutoff: what customers owned, and since when.

A purchase date that is missing or a placeholder is replaced by the median of the rollup, from
what was known at the cutoff alone.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from gosales_assets.accounts.asset_rows import USABLE
from gosales_assets.accounts.register import Register
from gosales_assets.accounts.side_rows import known_by
from gosales_checks.contracts.accounts import FactAssets


@dataclass(frozen=True)
class AssetCounts:
    """How many there are in `fact_assets` of a cutoff."""

    assets: int = 0
    customers: int = 0
    imputed_purchase_dates: int = 0


def build_fact_assets(register: Register | None, cutoff: dt.date) -> Iterator[pl.LazyFrame]:
    """Build the installed base as of a cutoff.

    Parameters
    ----------
    register
        All rows of the register; None where it is not configured.
    cutoff
        As-of date.

    Yields
    ------
    polars.LazyFrame
        `fact_assets` in consecutive parts, no customer in two of them: one row per row of the
        register that was there by the cutoff, in a total order; one empty part without a row. A
        row without a usable date and without a recording time is there where its imputed date is.
    """
    if register is None:
        yield FactAssets.create_empty(lazy=True)
        return
    days = register.days.lazy().filter(known_by(cutoff)).collect()
    medians = _medians(days, ["item_rollup"]).rename({"median": "of_rollup"})
    overall = _medians(days, [])["median"].item() if days.height else None
    for part in register.parts():
        imputed = part.filter(known_by(cutoff)).join(
            medians.lazy(), on="item_rollup", how="left", maintain_order="left"
        )
        dated = imputed.with_columns(
            effective_purchase_date=pl.coalesce(USABLE, "of_rollup", pl.lit(overall, pl.Date)),
            is_purchase_date_imputed=pl.col(USABLE).is_null(),
        )
        is_there = pl.any_horizontal(
            pl.col(name).is_not_null() for name in ("known_on", "effective_purchase_date")
        )
        yield dated.filter(is_there).select(list(FactAssets.columns()))


def count_assets(register: Register | None, cutoff: dt.date) -> AssetCounts:
    """Count what `build_fact_assets` makes."""
    counts = [
        part.select(
            assets=pl.len(),
            customers=pl.col("customer_id").rle_id().last() + 1,
            imputed_purchase_dates=pl.col("is_purchase_date_imputed").sum(),
        )
        for part in build_fact_assets(register, cutoff)
    ]
    total = pl.concat(counts).sum().collect()
    return AssetCounts(**total.row(0, named=True))


def count_later(register: Register, cutoff: dt.date) -> int:
    """Count the usable rows that nothing says were there by a cutoff."""
    later = pl.col("known_on") > cutoff
    known = register.days.lazy().filter(known_by(cutoff)).collect()
    if known[USABLE].is_null().all():
        # Neither date nor recording time, and no other asset to infer a date from.
        later = later | pl.col("known_on").is_null()
    return int(register.days.filter(later)["row_count"].sum())


def _medians(days: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return the `median` day of counted rows; between two days it is rounded down."""
    dated = days.filter(pl.col(USABLE).is_not_null())
    counted = dated.group_by(*by, USABLE).agg(pl.col("row_count").sum()).sort(USABLE)
    day, through, count = (
        pl.col(USABLE).to_physical().cast(pl.Int64),
        pl.col("row_count").cum_sum(),
        pl.col("row_count").sum(),
    )
    # The two rows in the middle, one and the same where the number of rows is odd.
    middle = [day.filter(through > place).first() for place in ((count - 1) // 2, count // 2)]
    median = ((middle[0] + middle[1]) // 2).cast(pl.Int32).cast(pl.Date).alias("median")
    return counted.group_by(by).agg(median) if by else counted.select(median)
