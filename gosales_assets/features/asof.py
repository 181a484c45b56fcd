"""What the families of features see: the world as it was known at one cutoff.

The one place of this phase where time enters. Everything is cut at the cutoff before a family gets
it, so a family can neither see nor ask for a later row.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from gosales_assets.features.declaration import KEYS, Scope
from gosales_assets.features.history import SUMS, SharedHistory
from gosales_resources.scope import Window, history_window, shift_months, visible_at
from gosales_resources.settings.tree import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class AsOf:
    """The world at a cutoff; frames are made once and shared by the families that ask for them."""

    cutoff: dt.date
    settings: Settings
    _history: SharedHistory
    """The pass over all increments, later ones too: never handed out."""
    customers: pl.LazyFrame
    """`dim_customer` of the cutoff."""
    assets: pl.LazyFrame
    """`fact_assets` of the cutoff."""
    _made: dict[Callable[["AsOf"], Any], Any] = field(default_factory=dict, repr=False)
    _months: dict[Scope, pl.LazyFrame] = field(default_factory=dict, repr=False)
    _days: dict[Scope, pl.LazyFrame] = field(default_factory=dict, repr=False)

    def shared(self, make: Callable[["AsOf"], T]) -> T:
        """Return what `make` makes of this world, made once for all families and scopes."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @cached_property
    def population(self) -> pl.LazyFrame:
        """`dim_customer`'s rows of the population, sorted by customer_id."""
        customers = self.customers
        if self.settings.labels.mode == "expansion":
            customers = customers.filter(pl.col("is_buyer"))
        return customers.sort("customer_id").collect().lazy()

    @cached_property
    def lines(self) -> pl.LazyFrame:
        """`purchase_history` known at the cutoff: customer x SKU x division x invoice x day.

        `gp_cents` is the configured value, 0 where a line has none; `quantity_milli` thousandths.
        Denylisted SKUs are left out.
        """
        return visible_at(self._history.lines, self.cutoff)

    def months(self, scope: Scope) -> pl.LazyFrame:
        """Return monthly sums: keys x month, in any order, with `SUMS` and first-known invoices."""
        if scope not in self._months:
            known = visible_at(self._history.scoped[scope].months.lazy(), self.cutoff)
            self._months[scope] = _summed(known, [*KEYS[scope], "month"])
        return self._months[scope]

    def last_months(self, scope: Scope, count: int) -> pl.LazyFrame:
        """Return the monthly sums of the last `count` calendar months."""
        window = history_window(self.cutoff, count)
        return self.months(scope).filter(window.contains("month"))

    def months_before(self, scope: Scope, end: dt.date, count: int) -> pl.LazyFrame:
        """Return the same of the `count` months counted back from a day, by the day they end on."""
        ends = [shift_months(end, -back) for back in range(count, -1, -1)]
        inside = Window(ends[0], end).contains("day")
        daily = visible_at(self._history.scoped[scope].daily.lazy(), self.cutoff).filter(inside)
        # A month (start, end] holds its last day: the first end that is not before the day.
        all_ends = pl.lit(pl.Series(ends))
        month = all_ends.gather(all_ends.search_sorted(pl.col("day")))
        return _summed(daily.with_columns(month=month), [*KEYS[scope], "month"])

    def days(self, scope: Scope) -> pl.LazyFrame:
        """Return purchase days, returns left out: keys x day, sorted."""
        if scope not in self._days:
            known = visible_at(self._history.scoped[scope].days.lazy(), self.cutoff)
            self._days[scope] = known.collect().lazy()
        return self._days[scope]

    def skus(self, scope: Scope) -> pl.LazyFrame:
        """Return customer x division x SKU with the last day bought, a row for each increment."""
        return visible_at(self._history.skus[scope].lazy(), self.cutoff)

    def sellers(self, scope: Scope) -> pl.LazyFrame:
        """Return customer x division x rep x branch x month with lines, a row for each increment."""
        return visible_at(self._history.sellers[scope].lazy(), self.cutoff)


def _summed(known: pl.LazyFrame, cells: list[str]) -> pl.LazyFrame:
    sums = known.group_by(cells).agg(pl.col(*SUMS, "transaction_count").sum())
    return sums.collect().lazy()
