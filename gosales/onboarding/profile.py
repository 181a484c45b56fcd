"""What the values of a column say about it, whatever its name."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from gosales.onboarding.dates import looks_like_dates
from gosales.onboarding.words import DATES, name_points
from gosales_resources.settings.source import NULL_VALUES
from gosales_resources.sources.cells import QUANTITY_SCALE, is_filled, scaled, text

Kind = Literal["empty", "date", "number", "text"]
# A column is what nearly all its filled cells are.
NEARLY_ALL = 0.95
EXAMPLES = 3
# "New York", "Fox & Sons", "Desk, tall"; not "SO - 1000".
WORDS = r"\p{L}{2,}\W*\s(?:\W+\s)?\W*\p{L}{2,}"


@dataclass(frozen=True)
class Profile:
    """One column of a sample."""

    name: str
    kind: Kind
    rows: int
    filled: int
    distinct: int
    nonzero: int
    """Filled cells that are no zero."""
    read_frac: float
    """Share of the filled cells that are of the kind."""
    has_fractions: bool
    has_words: bool
    """Most values are words with blanks between: names and descriptions, not codes."""
    negative_frac: float
    number_frac: float
    """Share of the filled cells that read as numbers."""
    unread: str | None
    """A cell that is no number where others are; None in columns of one kind."""
    examples: list[str]

    @property
    def filled_frac(self) -> float:
        """Share of the rows with something in the column."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def is_sparse(self) -> bool:
        """Mostly empty or zero: what the columns of a SKU in a wide log are."""
        return self.nonzero < 0.5 * self.rows


def profile(frame: pl.DataFrame, name: str) -> Profile:
    """Look at the values of one column.

    Parameters
    ----------
    frame
        Rows of a sample, text or typed.
    name
        The column.

    Returns
    -------
    Profile
        Numbers are told under either decimal mark; which one it is, is decided for all columns
        together (`numbers.find_decimal`).
    """
    column = frame[name]
    kind: Kind
    filled = frame.filter(is_filled(pl.col(name), column.dtype)) if _is_cells(column) else frame
    filled = filled.filter(pl.col(name).is_not_null())
    cells = filled.select(text(name, NULL_VALUES)).to_series()
    filled = filled.filter(cells.is_not_null())
    texts = cells = cells.drop_nulls()
    numbers = read_numbers(filled[name])
    number_frac = share_of(numbers.is_not_null()) if filled.height else 0.0
    is_named = any(name_points(name, role) for role in DATES)
    looked_at = texts.gather_every(max(texts.len() // 200, 1)).head(200).to_list()
    if not filled.height:
        kind, share = "empty", 0.0
    elif column.dtype.is_temporal() or looks_like_dates(looked_at, is_named=is_named):
        kind, share = "date", 1.0
    elif number_frac >= NEARLY_ALL:
        kind, share = "number", number_frac
    else:
        kind, share = "text", 1.0
    read = numbers.drop_nulls()
    odd = cells.filter(numbers.is_null()) if number_frac else texts.clear()
    scale = 10**QUANTITY_SCALE
    return Profile(
        name=name,
        kind=kind,
        rows=frame.height,
        filled=filled.height,
        distinct=texts.n_unique(),
        nonzero=int((read != 0).sum()) if kind == "number" else filled.height,
        read_frac=share,
        has_fractions=kind == "number" and bool((read % scale != 0).any()),
        has_words=share_of(texts.str.contains(WORDS)) > 0.5,
        negative_frac=share_of(read < 0) if kind == "number" and read.len() else 0.0,
        number_frac=number_frac,
        unread=odd[0][:40] if odd.len() else None,
        examples=[t[:40] for t in texts.unique(maintain_order=True).head(EXAMPLES)],
    )


def read_numbers(
    cells: pl.Series, decimal: str | None = None, scale: int = QUANTITY_SCALE
) -> pl.Series:
    """Read cells as 10^-scale units under a decimal mark, or under whichever reads each cell.

    Parameters
    ----------
    cells
        Text or numbers; null where blank.
    decimal
        Decimal mark; None for either.
    scale
        Decimals kept.

    Returns
    -------
    polars.Series
        Int64, one per cell; null where blank or unreadable.
    """
    frame = cells.alias("cell").to_frame()
    if not cells.dtype.is_numeric():
        frame = frame.with_columns(pl.col("cell").cast(pl.String))
    marks = [decimal] if decimal else [".", ","]
    dtype = frame["cell"].dtype
    return frame.select(
        pl.coalesce(scaled(pl.col("cell"), dtype, mark, scale) for mark in marks)
    ).to_series()


def share_of(flags: pl.Series) -> float:
    """Return the share of what is known of some truths that is true; 0 where nothing is known.

    Parameters
    ----------
    flags
        Boolean; null where not known.

    Returns
    -------
    float
        0 to 1.
    """
    known = flags.count()
    return float(flags.sum()) / known if known else 0.0


def _is_cells(column: pl.Series) -> bool:
    return column.dtype == pl.String or column.dtype.is_numeric()
