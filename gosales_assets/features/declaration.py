"""What a feature is: one declaration gives its name, type, description and unit.

Names read `family__scope__measure__window`. Scope `all` is the customer over all divisions, `div`
relative to the target.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl
from polars._typing import PolarsDataType

Scope = Literal["all", "div"]
ASOF = "asof"


@dataclass(frozen=True)
class Feature:
    """One column of the feature table and the expression that makes it."""

    family: str
    scope: Scope
    measure: str
    window: str
    expression: pl.Expr
    dtype: PolarsDataType
    unit: str
    description: str
    absent: int | None = None
    """What a customer with no history in the scope has: 0 for counts and sums, null (None) for
    what is then undefined, such as a recency."""

    @property
    def name(self) -> str:
        """Column name."""
        return f"{self.family}__{self.scope}__{self.measure}__{self.window}"

    @property
    def column(self) -> pl.Expr:
        """The typed, named expression."""
        return self.expression.cast(self.dtype).alias(self.name)


def fill_absent(features: Iterable[Feature]) -> list[pl.Expr]:
    """Return expressions that give customers without history their declared value."""
    return [
        pl.col(f.name).fill_null(pl.lit(f.absent, dtype=f.dtype))
        for f in features
        if f.absent is not None
    ]
