"""The pass over purchase history that all cutoffs and divisions share.

Sums per customer and division, each row carrying the cutoff at which it became visible, so that a
cutoff's features are a filter and a sum. An invoice counts once, on the day under which it first
became known: distinct invoices do not add up over SKUs, months or increments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from gosales_assets.features.scopes import KEYS, Scope
from gosales_resources.partitions.targets import with_sets
from gosales_resources.settings.divisions import DivisionSettings

# Quantities are summed as integer thousandths: float sums depend on the order of addition.
QUANTITY_SCALE = 1000
SUMS = (
    "line_count",
    "return_count",
    "quantity_milli",
    "gp_cents",
    "returned_cents",
    "margin_revenue_cents",
    "margin_profit_cents",
)
SELLER_COLUMNS = ("rep", "branch")
# More than there are days in either direction of 1970: two dates fit into one integer.
DAYS = 10_000_000


@dataclass(frozen=True)
class ScopedHistory:
    """History at one level: per customer, or per customer and division.

    `months`: keys x month x visible_cutoff with sums and first-known invoices.
    `daily`: the same by day. `days`: keys x purchase day x visible_cutoff, returns left out.
    """

    keys: list[str]
    months: pl.DataFrame
    daily: pl.DataFrame
    days: pl.DataFrame


@dataclass(frozen=True)
class SharedHistory:
    """What every cutoff starts from; each frame is made when a family first asks for it."""

    lines: pl.LazyFrame
    """Every line with its visible_cutoff; denylisted SKUs left out."""
    targeted: pl.LazyFrame
    """The same, and again under the name of each target that is a set of SKUs: scope `div`."""

    @cached_property
    def scoped(self) -> dict[Scope, ScopedHistory]:
        """Sums and purchase days by scope."""
        daily = self._daily(self.lines)
        targeted = daily if self.targeted is self.lines else self._daily(self.targeted)
        frames: dict[Scope, pl.DataFrame] = {"all": daily, "div": targeted}
        return {scope: _scoped(frames[scope], keys) for scope, keys in KEYS.items()}

    @cached_property
    def skus(self) -> dict[Scope, pl.DataFrame]:
        """Customer x division x SKU x visible_cutoff: last day bought, returns left out."""
        cells = ["customer_id", "division", "sku", "visible_cutoff"]

        def of(lines: pl.LazyFrame) -> pl.DataFrame:
            bought = lines.filter("is_purchase").group_by(cells)
            return bought.agg(last_day=pl.col("order_date").max()).collect()

        return self._by_scope(of)

    @cached_property
    def sellers(self) -> dict[Scope, pl.DataFrame]:
        """Customer x division x rep x branch x month x visible_cutoff with lines."""
        cells = ["customer_id", "division", *SELLER_COLUMNS, "month", "visible_cutoff"]
        return self._by_scope(
            lambda lines: lines.group_by(cells).agg(pl.col("line_count").sum()).collect()
        )

    def _by_scope(self, make: Callable[[pl.LazyFrame], pl.DataFrame]) -> dict[Scope, pl.DataFrame]:
        made = make(self.lines)
        return {"all": made, "div": made if self.targeted is self.lines else make(self.targeted)}

    @staticmethod
    def _daily(lines: pl.LazyFrame) -> pl.DataFrame:
        invoice = ["customer_id", "division", "invoice_id", "order_date", "visible_cutoff"]
        sums = lines.group_by(invoice).agg(
            pl.col(SUMS).sum(), is_purchase=pl.col("is_purchase").any()
        )
        return sums.collect()


def share_history(
    history: pl.LazyFrame, denylist: list[str], divisions: DivisionSettings
) -> SharedHistory:
    """Aggregate all increments once.

    Parameters
    ----------
    history
        `purchase_history` of all increments up to the last cutoff: one row per customer, SKU,
        invoice, day and seller, with `visible_cutoff`.
    denylist
        SKUs (trials, POC) that are no purchase.
    divisions
        Which targets are sets of SKUs.

    Returns
    -------
    SharedHistory
        Purchase days sorted by keys and day, the rest in any order: its sums are of integers.
    """
    lines = purchase_lines(history, denylist)
    return SharedHistory(lines, with_sets(lines, divisions) if divisions.sku_targets else lines)


def purchase_lines(history: pl.LazyFrame, denylist: list[str]) -> pl.LazyFrame:
    """Return `purchase_history` without denied SKUs, with month, purchase flag, integer sums.

    Parameters
    ----------
    history
        `purchase_history`: one row per customer, SKU, division, invoice, day and seller.
    denylist
        SKUs (trials, POC) that are no purchase.

    Returns
    -------
    polars.LazyFrame
        Its rows and columns, and `month` (its last day), `is_purchase`, `gp_cents` and
        `quantity_milli` (0 where a line has none).
    """
    return history.filter(~pl.col("sku").is_in(denylist)).with_columns(
        # A line without a value (quantity-only SKUs) adds nothing to a sum of values.
        pl.col("returned_cents", "margin_revenue_cents", "margin_profit_cents").fill_null(0),
        month=pl.col("order_date").dt.month_end(),
        is_purchase=pl.col("line_count") > pl.col("return_count"),
        gp_cents=pl.col("value_cents").fill_null(0),
        quantity_milli=(pl.col("quantity") * QUANTITY_SCALE).round().cast(pl.Int64).fill_null(0),
    )


def _scoped(invoices: pl.DataFrame, keys: list[str]) -> ScopedHistory:
    cells = [*keys, "day", "visible_cutoff"]
    named = invoices.lazy().rename({"order_date": "day"})
    purchases = named.filter("is_purchase")
    counted = pl.col(*SUMS, "transaction_count").sum()
    # Summed with the lines instead of joined to them: a pass less over all of them.
    daily = (
        pl.concat([named, _first_known(purchases, keys)], how="diagonal")
        .group_by(cells)
        .agg(counted)
        .collect()
    )
    month = pl.col("day").dt.month_end().alias("month")
    months = daily.lazy().group_by(*keys, month, "visible_cutoff").agg(counted)
    days = purchases.group_by(*keys, "day").agg(pl.col("visible_cutoff").min())
    month_frame, day_frame = pl.collect_all([months, days.sort(*keys, "day")])
    return ScopedHistory(keys, month_frame, daily, day_frame)


def _first_known(purchases: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """Place each invoice at the earliest increment that shows it, on its earliest day there."""
    # Both dates as one integer, whose minimum is that of the pair.
    visible, day = (pl.col(n).to_physical().cast(pl.Int64) for n in ("visible_cutoff", "day"))
    place = visible * DAYS + (day + DAYS // 2)
    return (
        purchases.group_by(*keys, "invoice_id")
        .agg(place=place.min())
        .select(
            *keys,
            day=(pl.col("place") % DAYS - DAYS // 2).cast(pl.Int32).cast(pl.Date),
            visible_cutoff=(pl.col("place") // DAYS).cast(pl.Int32).cast(pl.Date),
            transaction_count=pl.lit(1, pl.Int64),
        )
    )
