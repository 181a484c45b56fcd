"""What a value is told by: a handful of sizes of the customer, on scales that a regression can use.

The same for every division: what names a division is no input here. Sums are taken against the mean of
the division's population at the same cutoff: a log that has just begun knows less of everyone, and what
is large there is small a year later. Nothing of the outcome is looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl

WHITESPACE = "is_whitespace"
KEYS = ("cutoff", "division", "customer_id")
# Family and measure: how much, how often, how long ago; of the customer, and in the division.
SIZES = (("rfm", "gp_sum"), ("rfm", "gp_mean"), ("rfm", "transactions"))
AS_OF = ("recency", "days")
ATTRIBUTES = "attr"
# Longer windows are those that a young log has not filled; tenure and longer sums told no more
# (sample company M, Gini 0.768 with them, 0.766 without).
LONGEST_MONTHS = 12
# Levels of a category, by training frequency; the penalty does the rest.
MOST_LEVELS = 12
# A level of fewer rows is not told from the others.
LEAST_ROWS = 20
# Standardised values further out are pulled in: the answer is an exponential.
LARGEST_Z = 3.0
LEAST_STD = 1e-9


@dataclass(frozen=True)
class Input:
    """One column of the regression."""

    source: str
    """Feature it comes from."""
    level: str | None = None
    """Level of a category that it indicates; None of a number."""
    is_missing: bool = False
    """Whether it indicates that the number is not known."""
    filled: float = 0.0
    """What stands for a number that is not known, on the scale of `sizes_of`."""
    mean: float = 0.0
    std: float = 1.0


@dataclass(frozen=True)
class ValueInputs:
    """The columns of the regression, in order."""

    columns: list[Input]

    def matrix(self, sizes: pl.DataFrame) -> np.ndarray:
        """Return the inputs of some rows.

        Parameters
        ----------
        sizes
            Rows of `sizes_of`, with the features that the inputs come from.

        Returns
        -------
        numpy.ndarray
            Rows x columns, float64, standardised, finite, nothing missing.
        """
        z = np.empty((sizes.height, len(self.columns)), order="F")
        for at, column in enumerate(self.columns):
            x = (_cells(sizes, column) - column.mean) / column.std
            np.clip(x, -LARGEST_Z, LARGEST_Z, out=z[:, at])
        return z

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_json(cls, data: list[Mapping[str, Any]]) -> "ValueInputs":
        """Read what `to_json` wrote."""
        return cls([Input(**column) for column in data])


def sizes_of(table: pl.DataFrame) -> pl.DataFrame:
    """Bring the sizes of whole populations onto scales that cutoffs share.

    Parameters
    ----------
    table
        Feature rows of everyone in the population, buyers or not, of any cutoffs and divisions.

    Returns
    -------
    polars.DataFrame
        Rows in their order: `KEYS`, whitespace, and the sizes. Numbers are signed log1p, null where
        not known; those that grow with the log less their mean over the division and cutoff.
        Categories are text as they are.
    """
    names = [name for name in sorted(table.columns) if is_size(name)]
    kept = table.select(*KEYS, pl.col(WHITESPACE).cast(pl.Float64), *names).with_row_index()
    # One order of rows: a sum of floats depends on it.
    parts = kept.sort(KEYS).partition_by("cutoff", "division", maintain_order=True)
    numbers = [name for name in names if table.schema[name] != pl.String]
    scaled = [part.with_columns(_scaled_to(part, name) for name in numbers) for part in parts]
    return pl.concat([kept.with_columns(pl.col(numbers).cast(pl.Float64)).clear(), *scaled]).sort(
        "index"
    )


def fit_inputs(sizes: pl.DataFrame) -> ValueInputs:
    """Choose and scale the inputs on training rows.

    Parameters
    ----------
    sizes
        Rows of `sizes_of` of past buyers, in any order.

    Returns
    -------
    ValueInputs
        Sorted by name; without those that do not vary. Empty where nothing does.
    """
    scaled = (_standardised(sizes, column) for column in _possible(sizes))
    return ValueInputs([column for column in scaled if column.std > LEAST_STD])


def is_size(name: str) -> bool:
    """Tell whether a feature is one of the sizes.

    Examples
    --------
    >>> [is_size(n) for n in ("rfm__all__gp_sum__12m", "rfm__all__gp_sum__24m", "label")]
    [True, False, False]
    >>> is_size("attr__all__employees__asof")
    True
    """
    family, *rest = name.split("__")
    if len(rest) != 3:
        return False
    _, measure, window = rest
    if (family, measure) in SIZES:
        return int(window.removesuffix("m")) <= LONGEST_MONTHS
    return family == ATTRIBUTES or (family, measure) == AS_OF


def _scaled_to(part: pl.DataFrame, name: str) -> pl.Series:
    """Return signed log1p, less the population's mean but for attributes; null where not known."""
    x = part[name].cast(pl.Float64).to_numpy()
    x = np.sign(x) * np.log1p(np.abs(x))
    known = np.isfinite(x)
    if known.any() and not name.startswith(ATTRIBUTES):
        x = x - x[known].mean()
    return pl.Series(name, x).set(pl.Series(~known), None)


def _possible(sizes: pl.DataFrame) -> Iterator[Input]:
    yield Input(WHITESPACE)
    for name, kind in sorted(sizes.schema.items()):
        if not is_size(name):
            continue
        if kind == pl.String:
            yield from (Input(name, level=level) for level in _levels(sizes[name]))
        else:
            yield from (Input(name), Input(name, is_missing=True))


def _levels(values: pl.Series) -> list[str]:
    counts = (
        values.drop_nulls()
        .value_counts(name="rows")
        .filter(pl.col("rows") >= LEAST_ROWS)
        .sort(["rows", values.name], descending=[True, False])
    )
    return counts[values.name].head(MOST_LEVELS).to_list()


def _standardised(sizes: pl.DataFrame, column: Input) -> Input:
    values = sizes[column.source]
    is_number = column.level is None and not column.is_missing
    middle = values.median() if is_number else None
    draft = replace(column, filled=float(middle) if isinstance(middle, float) else 0.0)
    # Sorted: a sum of floats depends on the order of rows.
    x = np.sort(_cells(sizes, draft))
    return replace(draft, mean=float(x.mean()), std=float(x.std()))


def _cells(sizes: pl.DataFrame, column: Input) -> np.ndarray:
    values = sizes[column.source]
    if column.level is not None:
        return (values == column.level).fill_null(value=False).cast(pl.Float64).to_numpy()
    if column.is_missing:
        return values.is_null().cast(pl.Float64).to_numpy()
    return values.fill_null(column.filled).to_numpy()
