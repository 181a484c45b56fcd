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
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_resources.scope import visible_at
from gosales_resources.settings.tree import Settings

T = TypeVar("T")


def empty_table(contract: Contract) -> pl.LazyFrame:
    """Return a table of no rows with the columns of its contract."""
    return pl.LazyFrame(schema={n: c.dtype for n, c in contract.schema.columns().items()})


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
    affinity_rules: pl.LazyFrame = field(default_factory=lambda: empty_table(AFFINITY_RULES))
    """`affinity_rules` of the cutoff; a world may have none."""
    embeddings: pl.LazyFrame = field(default_factory=lambda: empty_table(EMBEDDINGS))
    """`embeddings` of the cutoff; a world may have none."""
    _made: dict[Callable[["AsOf"], Any], Any] = field(default_factory=dict, repr=False)

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
        """Return monthly sums: keys x month, sorted, with `SUMS` and first-known invoices."""
        return self._months[scope]

    def days(self, scope: Scope) -> pl.LazyFrame:
        """Return purchase days, returns left out: keys x day, sorted."""
        return self._days[scope]

    @cached_property
    def _months(self) -> dict[Scope, pl.LazyFrame]:
        found: dict[Scope, pl.LazyFrame] = {}
        for scope in KEYS:
            cells = [*KEYS[scope], "month"]
            known = visible_at(self._history.scoped[scope].months.lazy(), self.cutoff)
            sums = known.group_by(cells).agg(pl.col(*SUMS, "transaction_count").sum())
            found[scope] = sums.sort(cells).collect().lazy()
        return found

    @cached_property
    def _days(self) -> dict[Scope, pl.LazyFrame]:
        return {
            scope: visible_at(self._history.scoped[scope].days.lazy(), self.cutoff).collect().lazy()
            for scope in KEYS
        }
