"""Restated lines: booked where the new version became known, as reversal and re-entry.

A source that keeps the versions of a line (same `line_key`, a later recording time) says what it
knew when. The past is not rewritten: the version that is no longer true is taken back, line by
line with negative amounts, in the increment of the version that replaces it.
"""

from collections.abc import Sequence

import polars as pl

from gosales_assets.star.cells import MEASURES
from gosales_assets.star.typing import LINES

KEY = "line_key_hash"
RECORDED = "recorded_at"
SCHEMA = {**LINES, "row_id": pl.Int64(), "source_file": pl.String(), "is_reversal": pl.Boolean()}


def replaced_rows(lines: pl.LazyFrame, line_key: Sequence[str]) -> pl.DataFrame:
    """Find the versions of lines that have more than one.

    Parameters
    ----------
    lines
        All staged lines.
    line_key
        Columns that name a line whatever its version.

    Returns
    -------
    polars.DataFrame
        One row per line and version of such keys: `row_id`, `line_key_hash`, `recorded_at`.
    """
    versions = lines.select(
        "row_id", RECORDED, pl.struct(line_key).hash(seed=3).alias(KEY)
    ).collect()
    several = (
        versions.group_by(KEY).agg(pl.col(RECORDED).n_unique().alias("n")).filter(pl.col("n") > 1)
    )
    return versions.join(several.select(KEY), on=KEY, how="semi")


def build_reversals(lines: pl.DataFrame, line_key: Sequence[str]) -> pl.DataFrame:
    """Take back each version of a line that a later one replaces.

    Parameters
    ----------
    lines
        Staged lines of the keys that have several versions, copies left out.
    line_key
        Columns that name a line whatever its version.

    Returns
    -------
    polars.DataFrame
        `SCHEMA`: the replaced lines with negative amounts and their own order date, recorded when
        their successor was, of the file that their successor is of; sorted by row_id.
    """
    keys = list(line_key)
    versions = (
        lines.group_by(*keys, RECORDED)
        .agg(successor_file=pl.col("source_file").min())
        # A version without a recording time is taken for the oldest.
        .sort(*keys, RECORDED, nulls_last=False)
        .with_columns(
            pl.col(RECORDED).shift(-1).over(keys).alias("replaced_at"),
            pl.col("successor_file").shift(-1).over(keys),
        )
        .filter(pl.col("replaced_at").is_not_null())
    )
    same = lines.join(versions, on=[*keys, RECORDED], how="inner", nulls_equal=True)
    return (
        same.with_columns(
            *(-pl.col(measure) for measure in MEASURES),
            pl.col("replaced_at").alias(RECORDED),
            known_on=pl.max_horizontal("order_date", pl.col("replaced_at").cast(pl.Date)),
            source_file=pl.col("successor_file"),
            is_reversal=pl.lit(value=True),
        )
        .select(list(SCHEMA))
        .cast(pl.Schema(SCHEMA))
        .sort("row_id", "sku")
    )


def no_reversals() -> pl.DataFrame:
    """Return what a source without versions has.

    Returns
    -------
    polars.DataFrame
        `SCHEMA` without rows.
    """
    return pl.DataFrame(schema=SCHEMA)
