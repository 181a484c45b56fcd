"""What the commands print: progress apart from results, and tables with one set of defaults."""

import sys
from typing import Any

import polars as pl

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
    with pl.Config(**(LOOKS | looks)):
        print(frame)


def say(line: str) -> None:
    """Show progress without mixing it into output that may be piped."""
    print(line, file=sys.stderr, flush=True)
