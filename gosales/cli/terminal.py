"""What the commands print: progress apart from results, and tables with one set of defaults.

The one place that prints for eyes: control signs in names and cells are spelt out on the way.
"""

import sys
from typing import Any

import polars as pl

from gosales_resources.markdown import printable, visible

LOOKS: dict[str, Any] = {
    "tbl_rows": -1,
    "tbl_cols": -1,
    "tbl_width_chars": -1,
    "tbl_hide_dataframe_shape": True,
    "tbl_hide_column_data_types": True,
}


def print_frame(frame: pl.DataFrame, **looks: Any) -> None:
    """Print a frame without its shape and types; `looks` are options of `polars.Config`.

    Parameters
    ----------
    frame
        All rows and columns are shown unless `looks` say otherwise.
    **looks
        Options of `polars.Config`.
    """
    # A line end in a cell would look like a row of its own.
    lines = frame.with_columns(pl.col(pl.String).map_elements(visible, return_dtype=pl.String))
    with pl.Config(**(LOOKS | looks)):
        tell(str(lines))


def tell(text: str = "", end: str = "\n") -> None:
    """Print a result for eyes."""
    print(printable(text), end=end)  # noqa: T201 (here alone)


def say(line: str) -> None:
    """Show progress without mixing it into output that may be piped."""
    print(printable(line), file=sys.stderr, flush=True)  # noqa: T201 (here alone)
