"""Which decimal mark a log's numbers are written with, and whether that can be told."""

from dataclasses import dataclass

import polars as pl

from gosales.onboarding.profile import read_numbers

# So many cells in a hundred may be slips of the pen.
SLIPS = 0.01


@dataclass(frozen=True)
class DecimalFinding:
    """The decimal mark of a log's numbers."""

    mark: str | None
    """None where it cannot be told."""
    why: str
    is_sure: bool = True


def find_decimal(frame: pl.DataFrame, columns: list[str]) -> DecimalFinding:
    """Decide the decimal mark from all number columns together.

    A cell decides when only one mark reads it ("12,50", "1.234,50"). "1.234" is read by both, as
    different numbers, and decides nothing.

    Parameters
    ----------
    frame
        Rows of a sample.
    columns
        Those that hold amounts and quantities.

    Returns
    -------
    DecimalFinding
        `mark` is None where it cannot be told, and a point where all numbers come typed or are whole.
    """
    texts = [frame[c] for c in columns if frame[c].dtype == pl.String]
    if not texts:
        return DecimalFinding(".", "the numbers come typed")
    cells = pl.concat([t.alias("cell") for t in texts]).drop_nulls()
    both = pl.DataFrame(
        {"cell": cells, "point": read_numbers(cells, "."), "comma": read_numbers(cells, ",")}
    )
    point, comma = pl.col("point"), pl.col("comma")
    only_point = both.filter(point.is_not_null() & comma.is_null())["cell"]
    only_comma = both.filter(comma.is_not_null() & point.is_null())["cell"]
    differ = both.filter(point != comma)["cell"]
    fewer, more = sorted([(only_point.len(), "."), (only_comma.len(), ",")])
    if more[0] == 0 and differ.len():
        return DecimalFinding(
            None,
            f"{differ[0]!r} may be {_spelled(both, differ[0])}; a number with another count of "
            "digits behind the mark, as 12,50 or 12.50, would decide, and there is none",
            is_sure=False,
        )
    if more[0] == 0:
        return DecimalFinding(".", "whole numbers alone: either mark reads them")
    decided = only_comma if more[1] == "," else only_point
    if fewer[0] > SLIPS * (fewer[0] + more[0]):
        other = only_point if more[1] == "," else only_comma
        return DecimalFinding(
            None,
            f"{decided[0]!r} needs {more[1]!r} and {other[0]!r} needs {fewer[1]!r}: the columns "
            "mix two marks",
            is_sure=False,
        )
    return DecimalFinding(more[1], f"{more[0]:,} cell(s) can be nothing else, as {decided[0]}")


def _spelled(both: pl.DataFrame, cell: str) -> str:
    row = both.filter(pl.col("cell") == cell).row(0, named=True)
    return f"{row['point'] / 1000:g} or {row['comma'] / 1000:g}"
