"""Writes a frame as Parquet and tells a write that failed from a frame that is wrong.

Polars reports a write that the system refuses (a full disk, a quota) as OSError or, where it
happens in a page header or the footer, as an error of the format.
"""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl


def write_parquet(frame: pl.DataFrame, path: Path, **options: Any) -> None:
    """Write a frame; options are those of Polars.

    Raises
    ------
    OSError
        When it cannot be written, whatever Polars calls it.
    """
    try:
        frame.write_parquet(path, **options)
    except pl.exceptions.ComputeError as error:
        # The frame is computed: what fails here is the writing.
        is_full = shutil.disk_usage(path.parent).free < max(frame.estimated_size(), 2**20)
        code = errno.ENOSPC if is_full else errno.EIO
        raise OSError(code, f"{os.strerror(code)} ({error})") from error
