"""What the families of features see: the world as it was known at one cutoff.

The one place of this phase where time enters. Everything is cut at the cutoff before a family gets
it, so a family can neither see nor ask for a later row. Who looks at what is noted, so that the
latest row behind each family can be told and judged (`source_rows_end_at_cutoff`).
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from gosales_assets.features.declaration import KEYS, Scope
from gosales_assets.features.history import SUMS, SharedHistory
from gosales_resources.scope import visible_at
from gosales_resources.settings.tree import Settings

T = TypeVar("T")

DATED = {
    "lines": ["order_date", "visible_cutoff"],
    "months": ["month", "visible_cutoff"],
    "days": ["day", "visible_cutoff"],
    "population": ["cutoff", "first_seen_date", "last_seen_date"],
    "assets": ["effective_purchase_date", "recorded_at"],
}
"""Source -> its columns that say when a row happened or became known. An expiration date is none:
it is known when the contract is signed."""


@dataclass(frozen=True)
class AsOf:
    """The world at a cutoff; frames are made once and shared by the families that ask for them."""

    cutoff: dt.date
    settings: Settings
    _history: SharedHistory
    """The pass over all increments, later ones too: never handed out."""
    _customers: pl.LazyFrame
    """`dim_customer` of the cutoff."""
    _assets: pl.LazyFrame
    """`fact_assets` of the cutoff."""
    _made: dict[Callable[["AsOf"], Any], tuple[Any, set[str]]] = field(
        default_factory=dict, repr=False
    )
    _noting: list[set[str]] = field(default_factory=list, repr=False)

    def shared(self, make: Callable[["AsOf"], T]) -> T:
        """Return what `make` makes of this world, made once for all families and scopes."""
        if make not in self._made:
            with self.noted() as sources:
                made = make(self)
            self._made[make] = made, sources
        value, sources = self._made[make]
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
    def lines(self) -> pl.LazyFrame:
        """`purchase_history` known at the cutoff: customer x SKU x division x invoice x day.

        `gp_cents` is the configured value, 0 where a line has none; `quantity_milli` thousandths.
        Denylisted SKUs are left out.
        """
        self._note("lines")
        return visible_at(self._history.lines, self.cutoff)

    def months(self, scope: Scope) -> pl.LazyFrame:
        """Return monthly sums: keys x month, sorted, with `SUMS` and first-known invoices."""
        self._note("months")
        return self._months[scope]

    def days(self, scope: Scope) -> pl.LazyFrame:
        """Return purchase days, returns left out: keys x day, sorted."""
        self._note("days")
        return self._days[scope]

    @cached_property
    def latest(self) -> dict[str, dt.date | None]:
        """The latest day, of any kind, in the rows of each source; None where it has none."""
        frames = {
            "lines": self.lines,
            # The finer of both scopes: the other one is a sum of its rows.
            "months": self.months("div"),
            "days": self.days("div"),
            "population": self.population,
            "assets": self.assets,
        }
        days = [
            frames[source].select(pl.max_horizontal(pl.col(columns).max().cast(pl.Date)))
            for source, columns in DATED.items()
        ]
        found = (frame.item() for frame in pl.collect_all(days))
        return dict(zip(DATED, found, strict=True))

    @cached_property
    def _population(self) -> pl.LazyFrame:
        customers = self._customers
        if self.settings.labels.mode == "expansion":
            customers = customers.filter(pl.col("is_buyer"))
        return customers.sort("customer_id").collect().lazy()

    @cached_property
    def _months(self) -> dict[Scope, pl.LazyFrame]:
        found: dict[Scope, pl.LazyFrame] = {}
        for scope in KEYS:
            cells = [*KEYS[scope], "month"]
            known = visible_at(self._history.scoped[scope].months.lazy(), self.cutoff)
            sums = known.group_by(cells).agg(
                pl.col(*SUMS, "transaction_count").sum(), pl.col("visible_cutoff").max()
            )
            found[scope] = sums.sort(cells).collect().lazy()
        return found

    @cached_property
    def _days(self) -> dict[Scope, pl.LazyFrame]:
        return {
            scope: visible_at(self._history.scoped[scope].days.lazy(), self.cutoff).collect().lazy()
            for scope in KEYS
        }
