"""What could not be loaded: one row per rejected raw row or line, with reason and raw values."""

import polars as pl

from gosales_assets.star.cells import MEASURES
from gosales_assets.star.lines import Judged
from gosales_resources.parse import MONEY_SCALE, QUANTITY_SCALE, exact
from gosales_resources.sources import MisshapenRow

SCHEMA = {
    "row_id": pl.Int64,
    "source_file": pl.String,
    "source_row": pl.Int64,
    "line": pl.String,
    "reason": pl.String,
    "raw": pl.String,
    "line_count": pl.Int64,
    "quantity": pl.Decimal(18, QUANTITY_SCALE),
    "revenue_source": pl.Decimal(18, MONEY_SCALE),
    "gross_profit_source": pl.Decimal(18, MONEY_SCALE),
}
NAMES = dict(zip(MEASURES, ("quantity", "revenue_source", "gross_profit_source"), strict=True))


def build_rejects(raw: pl.DataFrame, judged: Judged) -> pl.DataFrame:
    """Put together the rejects of one batch.

    Parameters
    ----------
    raw
        The raw rows with `row_id`.
    judged
        The classified batch.

    Returns
    -------
    polars.DataFrame
        Columns of `SCHEMA`; whole rows have an empty `line`.
    """
    rows = judged.rows.filter(pl.col("fault").is_not_null()).with_columns(
        line=pl.lit(""), reason=pl.col("fault")
    )
    lines = judged.unknown.with_columns(
        line=pl.col("sku").fill_null("?"),
        reason=pl.when(pl.col("sku").is_null())
        .then(pl.lit("SKU is blank"))
        .otherwise(pl.format("SKU '{}' is not in the taxonomy", "sku")),
        line_count=pl.lit(1, dtype=pl.Int64),
    )
    wanted = ["row_id", "source_file", "source_row", "line", "reason", "line_count", *MEASURES]
    found = pl.concat([rows.select(wanted), lines.select(wanted)])
    text = raw.filter(pl.col("row_id").is_in(found["row_id"].implode()))
    return (
        found.join(_as_json(text), on="row_id", how="left")
        .with_columns(
            exact(pl.col(measure), SCHEMA[name].scale).alias(name)
            for measure, name in NAMES.items()
        )
        .select(list(SCHEMA))
        .cast(pl.Schema(SCHEMA))
    )


def misshapen_rejects(name: str, misshapen: list[MisshapenRow], row_ids: pl.Series) -> pl.DataFrame:
    """Put together the rejects of rows with a wrong number of fields."""
    return pl.DataFrame(
        {
            "row_id": row_ids,
            "source_file": [name] * len(misshapen),
            "source_row": [bad.row for bad in misshapen],
            "line": [""] * len(misshapen),
            "reason": [bad.problem for bad in misshapen],
            "raw": [bad.text for bad in misshapen],
            "line_count": [0] * len(misshapen),
            **{name: [None] * len(misshapen) for name in NAMES.values()},
        },
        schema=SCHEMA,
    )


def _as_json(raw: pl.DataFrame) -> pl.DataFrame:
    """Return each row's filled columns as JSON."""
    columns = [name for name in raw.columns if name != "row_id"]
    texts = raw.select("row_id", pl.col(columns).cast(pl.String))
    long = texts.unpivot(columns, index="row_id").filter(pl.col("value").fill_null("") != "")
    # JSON quoting is Polars' own: a struct of one field, its braces cut off.
    pair = pl.struct("variable", "value").struct.json_encode()
    return (
        long.with_columns(pair=pair)
        .group_by("row_id", maintain_order=True)
        .agg(raw=pl.concat_str(pl.lit("["), pl.col("pair").str.join(","), pl.lit("]")))
    )
