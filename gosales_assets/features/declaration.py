"""What a feature and a family are: the declarations that the tables, the dictionary and the tests go by.

Names read `family__scope__measure__window`; the scopes are in `scopes.py`. A family is one module in
`families` and one line in its registry.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl
from polars._typing import PolarsDataType

from gosales_assets.features.asof import AsOf, CustomerPool
from gosales_assets.features.scopes import Scope

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
    """What a customer with no row in the block's source has: 0 for counts and sums, null (None)
    for what is then undefined, such as a recency."""

    @property
    def name(self) -> str:
        """Column name."""
        return f"{self.family}__{self.scope}__{self.measure}__{self.window}"

    @property
    def column(self) -> pl.Expr:
        """The typed, named expression."""
        return self.expression.cast(self.dtype).alias(self.name)


# Compared by identity: blocks of one source are made in one pass over it.
@dataclass(frozen=True, eq=False)
class Block:
    """Features that are made from one source."""

    source: pl.LazyFrame
    """Rows with the keys of the scope; `div` sources may have divisions that are no target."""
    features: list[Feature]
    is_grouped: bool = False
    """True where the source has several rows per key: expressions then aggregate them."""


@dataclass(frozen=True)
class Family:
    """A group of features that is computed, or not, as one."""

    name: str
    """First part of its features' names; `features.off` names the families that are off."""
    description: str
    blocks: Callable[[AsOf, Scope], list[Block]]
    """Blocks of one scope. Columns must not depend on the data: the feature dictionary is made by
    calling it on an empty world."""
    scopes: tuple[Scope, ...] = ("all", "div")
    pooled: tuple[CustomerPool, ...] = ()
    """Whatever its blocks ask `AsOf.pooled` for."""


def divide(part: pl.Expr, number: float) -> pl.Expr:
    """Divide by a number, rounded once, in a table of any height.

    By a scalar polars multiplies with its inverse, which rounds twice (184159 cents would be
    1841.5900000000001), and divides where there is a single row: a customer's bits would then show
    whether others are there.

    Parameters
    ----------
    part
        Integers or floats; null stays null.
    number
        What to divide by, not 0.

    Returns
    -------
    polars.Expr
        Float64.
    """
    return part / (part * 0 + number)


def fill_absent(features: Iterable[Feature]) -> list[pl.Expr]:
    """Return expressions that give customers without a row in a source their declared value.

    Parameters
    ----------
    features
        Declarations, whose columns are in the table.

    Returns
    -------
    list of polars.Expr
        One for each feature that has a value for such customers; the others stay null.
    """
    return [
        pl.col(f.name).fill_null(pl.lit(f.absent, dtype=f.dtype))
        for f in features
        if f.absent is not None
    ]
