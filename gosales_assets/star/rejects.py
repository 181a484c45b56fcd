"""What could not be loaded: one row per rejected raw row or line, with reason and raw values."""

import polars as pl

from gosales_assets.star.cells import MEASURES
from gosales_resources.sources.cells import MONEY_SCALE, QUANTITY_SCALE, to_decimal
from gosales_resources.sources.raw import OWN, ROW

NAME, CELL = f"{OWN}column", f"{OWN}cell"
SCALES = dict(zip(MEASURES, (QUANTITY_SCALE, MONEY_SCALE, MONEY_SCALE), strict=True))
NAMES = dict(zip(MEASURES, ("quantity", "revenue_source", "gross_profit_source"), strict=True))


def build_rejects(raws: pl.LazyFrame, unknown: pl.LazyFrame) -> pl.LazyFrame:
    """Put rejects together.

    Parameters
    ----------
    raws
        Raw values and faults by `row_id`, with the sums of those rows that are rejected whole
        (`is_faulty`).
    unknown
        Lines of sound rows whose SKU the taxonomy does not know.

    Returns
    -------
    polars.LazyFrame
        One row per rejected row (its `line` is empty) or line, unsorted.
    """
    sku = pl.col("sku")
    rows = raws.filter("is_faulty").select("row_id", "line_count", *MEASURES, line=pl.lit(""))
    lines = unknown.select(
        "row_id",
        *MEASURES,
        line_count=pl.lit(1, dtype=pl.Int64),
        line=sku.fill_null("?"),
        unknown=pl.when(sku.is_null())
        .then(pl.lit("SKU is blank"))
        .otherwise(pl.format("SKU '{}' is not in the taxonomy", sku)),
    )
    found = pl.concat([rows, lines], how="diagonal")
    return found.join(
        raws.select("row_id", "source_file", "reject_id", "fault", "raw"), on="row_id", how="left"
    ).select(
        "row_id",
        "source_file",
        "reject_id",
        "line",
        "line_count",
        "raw",
        *(to_decimal(pl.col(m), SCALES[m]).alias(name) for m, name in NAMES.items()),
        reason=pl.coalesce("unknown", "fault"),
    )


def raw_as_json(raw: pl.DataFrame) -> pl.DataFrame:
    """Return each row's filled columns, sorted by name, as JSON: `row` and `raw`, in any order.

    Parameters
    ----------
    raw
        Raw rows with a `ROW`; columns are text, or typed where the file has types.

    Returns
    -------
    polars.DataFrame
        One row per raw row; ``[]`` where all of its cells are blank.
    """
    # By name: a delivery with its columns in another order names its rejects the same way.
    columns = sorted(name for name in raw.columns if name != ROW)
    texts = raw.select(ROW, pl.col(columns).cast(pl.String))
    # Under names that no column of the file has.
    long = texts.unpivot(columns, index=ROW, variable_name=NAME, value_name=CELL)
    long = long.filter(pl.col(CELL).fill_null("") != "")
    # JSON quoting is Polars' own: a struct of one field, its braces cut off.
    pair = pl.struct(variable=NAME, value=CELL).struct.json_encode()
    told = (
        long.with_columns(pair=pair)
        .group_by(ROW, maintain_order=True)
        .agg(raw=pl.concat_str(pl.lit("["), pl.col("pair").str.join(","), pl.lit("]")))
    )
    # A row of blanks alone has nothing to tell and is still told of.
    return (
        raw.select(ROW)
        .join(told, on=ROW, how="left")
        .select(pl.col(ROW).alias("row"), pl.col("raw").fill_null("[]"))
    )
