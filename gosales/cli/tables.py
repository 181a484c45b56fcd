"""How tables look in a terminal: one set of defaults for every command that prints one."""

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
    """Print a frame without its shape and types; `looks` are options of `polars.Config`."""
    with pl.Config(**(LOOKS | looks)):
        print(frame)
