"""What the families of features see: the world as it was known at one cutoff.

The one place of this phase where time enters. Everything is cut at the cutoff before a family gets
it, so a family can neither see nor ask for a later row. Who looks at what is noted, so that the
latest row behind each family can be told and judged (`source_rows_end_at_cutoff`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from gosales_assets.features.history import SUMS, SharedHistory
from gosales_assets.features.scopes import KEYS, Scope
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_resources.dates import Window, history_window, shift_months, visible_at
from gosales_resources.settings.tree import Settings

T = TypeVar("T")

DATED = {
    "lines": ["order_date", "visible_cutoff"],
    "months": ["month", "visible_cutoff"],
    "daily": ["day", "visible_cutoff"],
    "days": ["day", "visible_cutoff"],
    "skus": ["last_day", "visible_cutoff"],
    "sellers": ["month", "visible_cutoff"],
    "population": ["cutoff", "first_seen_date", "last_seen_date"],
    "assets": ["effective_purchase_date", "recorded_at"],
    "affinity_rules": ["cutoff"],
    "embeddings": ["cutoff"],
}
"""Source -> its columns that say when a row happened or became known. An expiration date is none:
it is known when the contract is signed."""


@dataclass(frozen=True, eq=False)
class CustomerPool:
    """What a family must know of all customers of a cutoff to compute the features of one.

    Made of each range of customers, then of all ranges: whatever their number, the same. So sums are
    of integers, and floats are exactly rounded or taken in an order of their own.
    """

    of_range: "Callable[[AsOf], Any]"
    merged: Callable[[Sequence[Any]], Any]


Pools = Mapping[CustomerPool, tuple[Any, set[str]]]
"""What is known of all customers, with the sources it was made of."""


@dataclass(frozen=True)
class AsOf:
    """The world at a cutoff; frames are made once and shared by the families that ask for them.

    A range of customers is a world too: its frames have the rows of these customers alone, and what
    a family must know of all customers comes from outside (`pools`).
    """

    cutoff: dt.date
    settings: Settings
    _history: SharedHistory
    """The pass over all increments, later ones too: never handed out."""
    _customers: pl.LazyFrame
    """`dim_customer` of the cutoff."""
    _assets: pl.LazyFrame
    """`fact_assets` of the cutoff."""
    _affinity_rules: pl.LazyFrame = field(
        default_factory=lambda: AFFINITY_RULES.schema.create_empty(lazy=True)
    )
    """`affinity_rules` of the cutoff; a world may have none."""
    _embeddings: pl.LazyFrame = field(
        default_factory=lambda: EMBEDDINGS.schema.create_empty(lazy=True)
    )
    """`embeddings` of the cutoff; a world may have none."""
    _pools: Pools | None = None
    """What is known of all customers, in a world that has some of them; None where it has all."""
    _made: dict[object, tuple[Any, set[str]]] = field(default_factory=dict, repr=False)
    _noting: list[set[str]] = field(default_factory=list, repr=False)
    _latest: dict[str, dt.date | None] = field(default_factory=dict, repr=False)
    _months: dict[Scope, pl.LazyFrame] = field(default_factory=dict, repr=False)
    _days: dict[Scope, pl.LazyFrame] = field(default_factory=dict, repr=False)

    def shared(self, make: Callable[["AsOf"], T]) -> T:
        """Return what `make` makes of this world, made once for all families and scopes."""
        return self._remembered(make, lambda: make(self))

    def pooled(self, pool: CustomerPool) -> Any:
        """Return what is known of all customers of the cutoff; a family declares what it asks for."""
        if self._pools is None:
            return self._remembered(pool, lambda: pool.merged([pool.of_range(self)]))
        value, sources = self._pools[pool]
        self._note(*sources)
        return value

    def _remembered(self, name: object, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            with self.noted() as sources:
                made = make()
            self._made[name] = made, sources
        value, sources = self._made[name]
        # Who asks for it later looks at what it was made of, too.
        self._note(*sources)
        return value

    @contextmanager
    def noted(self) -> Iterator[set[str]]:
        """Give a set that fills with the names of `DATED` sources that are looked at meanwhile."""
        sources: set[str] = set()
        self._noting.append(sources)
        try:
            yield sources
        finally:
            self._noting.pop()

    def _note(self, *sources: str) -> None:
        for noting in self._noting:
            noting.update(sources)

    @property
    def population(self) -> pl.LazyFrame:
        """`dim_customer`'s rows of the population, sorted by customer_id."""
        self._note("population")
        return self._population

    @property
    def assets(self) -> pl.LazyFrame:
        """`fact_assets` of the cutoff, owners outside the population too."""
        self._note("assets")
        return self._assets

    @property
    def affinity_rules(self) -> pl.LazyFrame:
        """`affinity_rules` of the cutoff."""
        self._note("affinity_rules")
        return self._affinity_rules

    @property
    def embeddings(self) -> pl.LazyFrame:
        """`embeddings` of the cutoff."""
        self._note("embeddings")
        return self._embeddings

    @property
    def lines(self) -> pl.LazyFrame:
        """`purchase_history` known at the cutoff: customer x SKU x division x invoice x day.

        `gp_cents` is the configured value, 0 where a line has none; `quantity_milli` thousandths.
        Denylisted SKUs are left out.
        """
        self._note("lines")
        return visible_at(self._history.lines, self.cutoff)

    def months(self, scope: Scope) -> pl.LazyFrame:
        """Return monthly sums: keys x month, in any order, with `SUMS` and first-known invoices.

        Parameters
        ----------
        scope
            Whose keys, see `KEYS`; `div` has targets that are sets of SKUs too.

        Returns
        -------
        polars.LazyFrame
            One row per keys and month with a line known at the cutoff: `month` (its last day), the
            `SUMS` in cents, thousandths of units and counts, `transaction_count`, and the latest
            `visible_cutoff`; never null. Empty without history.
        """
        self._note("months")
        if scope not in self._months:
            known = visible_at(self._history.scoped[scope].months.lazy(), self.cutoff)
            self._months[scope] = _summed(known, [*KEYS[scope], "month"])
        return self._months[scope]

    def last_months(self, scope: Scope, count: int) -> pl.LazyFrame:
        """Return the monthly sums of the last `count` calendar months.

        Parameters
        ----------
        scope
            Whose keys, see `KEYS`; `div` has targets that are sets of SKUs too.
        count
            Calendar months, up to the cutoff's.

        Returns
        -------
        polars.LazyFrame
            As `months`.
        """
        window = history_window(self.cutoff, count)
        return self.months(scope).filter(window.contains("month"))

    def months_before(self, scope: Scope, end: dt.date, count: int) -> pl.LazyFrame:
        """Return the same of the `count` months counted back from a day, by the day they end on.

        Parameters
        ----------
        scope
            Whose keys, see `KEYS`; `div` has targets that are sets of SKUs too.
        end
            Last day of the last month.
        count
            Months.

        Returns
        -------
        polars.LazyFrame
            As `months`, where `month` is the last day of a month counted back from `end`.
        """
        self._note("daily")
        ends = [shift_months(end, -back) for back in range(count, -1, -1)]
        inside = Window(ends[0], end).contains("day")
        # A month (start, end] holds its last day: the first end that is not before the day.
        all_ends = pl.lit(pl.Series(ends))
        month = all_ends.gather(all_ends.search_sorted(pl.col("day")))
        daily = self._daily(scope).filter(inside)
        return _summed(daily.with_columns(month=month), [*KEYS[scope], "month"])

    def _daily(self, scope: Scope) -> pl.LazyFrame:
        return visible_at(self._history.scoped[scope].daily.lazy(), self.cutoff)

    def days(self, scope: Scope) -> pl.LazyFrame:
        """Return purchase days, returns left out: keys x day, sorted.

        Parameters
        ----------
        scope
            Whose keys, see `KEYS`; `div` has targets that are sets of SKUs too.

        Returns
        -------
        polars.LazyFrame
            Keys, `day`, and the `visible_cutoff` at which it was first known; one row per keys and day.
        """
        self._note("days")
        if scope not in self._days:
            known = visible_at(self._history.scoped[scope].days.lazy(), self.cutoff)
            self._days[scope] = known.collect().lazy()
        return self._days[scope]

    def skus(self, scope: Scope) -> pl.LazyFrame:
        """Return customer x division x SKU with the last day bought, a row for each increment.

        Parameters
        ----------
        scope
            Whose keys, see `KEYS`; `div` has targets that are sets of SKUs too.

        Returns
        -------
        polars.LazyFrame
            customer_id, division, sku, visible_cutoff, `last_day`; in any order, returns left out.
        """
        self._note("skus")
        return visible_at(self._history.skus[scope].lazy(), self.cutoff)

    def sellers(self, scope: Scope) -> pl.LazyFrame:
        """Return customer x division x rep x branch x month with lines, a row for each increment.

        Parameters
        ----------
        scope
            Whose keys, see `KEYS`; `div` has targets that are sets of SKUs too.

        Returns
        -------
        polars.LazyFrame
            customer_id, division, rep, branch (empty where the line names none), month, visible_cutoff,
            `line_count`; in any order.
        """
        self._note("sellers")
        return visible_at(self._history.sellers[scope].lazy(), self.cutoff)

    def latest(self, source: str) -> dt.date | None:
        """Return the latest day, of any kind, in the rows of a source; None where it has none."""
        if source not in self._latest:
            # The finer of both scopes: the other one is a sum of its rows.
            frame: dict[str, Callable[[], pl.LazyFrame]] = {
                "lines": lambda: self.lines,
                "months": lambda: self.months("div"),
                "daily": lambda: self._daily("div"),
                "days": lambda: self.days("div"),
                "skus": lambda: self.skus("div"),
                "sellers": lambda: self.sellers("div"),
                "population": lambda: self.population,
                "assets": lambda: self.assets,
                "affinity_rules": lambda: self.affinity_rules,
                "embeddings": lambda: self.embeddings,
            }
            latest = pl.max_horizontal(pl.col(DATED[source]).max().cast(pl.Date))
            self._latest[source] = frame[source]().select(latest).collect().item()
        return self._latest[source]

    @cached_property
    def _population(self) -> pl.LazyFrame:
        customers = self._customers
        if self.settings.labels.mode == "expansion":
            customers = customers.filter(pl.col("is_buyer"))
        return customers.sort("customer_id").collect().lazy()


def _summed(known: pl.LazyFrame, cells: list[str]) -> pl.LazyFrame:
    sums = known.group_by(cells).agg(
        pl.col(*SUMS, "transaction_count").sum(), pl.col("visible_cutoff").max()
    )
    return sums.collect().lazy()
