"""Products: the taxonomy in our columns. Customers are the business of the accounts phase."""

from collections.abc import Mapping, Sequence

import polars as pl

from gosales_resources.errors import SourceError, nearest
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.cells import slugs, text
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import require_columns


def build_dim_product(taxonomy: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Check the taxonomy and bring it into our columns.

    Parameters
    ----------
    taxonomy
        The raw table, one row per SKU.
    settings
        Its columns, and the divisions there are.

    Returns
    -------
    polars.DataFrame
        `dim_product`, sorted by SKU.

    Raises
    ------
    SourceError
        When a column is missing, a SKU is blank or has two divisions, a division is not
        configured, or a target names a SKU that is not there; all findings at once.
    """
    source = settings.source.taxonomy
    columns = {k: v for k, v in source.columns.model_dump().items() if v is not None}
    wanted = {k: v for k, v in columns.items() if k in ("sku", "division")}
    # Family and sale type are optional unless the settings name them on purpose.
    optional = ("family", "sale_type")
    for name in optional:
        given = name in source.columns.model_fields_set
        if name in columns and (given or columns[name] in taxonomy.columns):
            wanted[name] = columns[name]
    require_columns(
        source.path, taxonomy.columns, {f"taxonomy.columns.{k}": v for k, v in wanted.items()}
    )
    frame = (
        taxonomy.select(
            *(text(column).alias(name) for name, column in wanted.items()),
            *(pl.lit(None, dtype=pl.String).alias(n) for n in optional if n not in wanted),
            pl.col(ROW),
        )
        .with_columns(slug=slugs(pl.col("division")))
        .with_columns(is_target=pl.col("slug").is_in(settings.divisions.targets))
    )
    findings = [
        *_taxonomy_findings(frame, settings.divisions.slugs),
        *_unknown_skus(frame, settings.divisions.sku_targets),
    ]
    if findings:
        shown = "\n".join(f"  {finding}" for finding in findings[:20])
        raise SourceError(f"{source.path}: {len(findings)} finding(s) in the taxonomy:\n{shown}")
    return (
        frame.select("sku", "family", "sale_type", "is_target", division="slug")
        .unique("sku", keep="any")
        .sort("sku")
    )


def _unknown_skus(frame: pl.DataFrame, targets: Mapping[str, Sequence[str]]) -> list[str]:
    known = set(frame["sku"].drop_nulls())
    return [
        f"SKU '{sku}' of target '{name}' (divisions.sku_targets) is not there. "
        f"{nearest(sku, sorted(known))}"
        for name, skus in targets.items()
        for sku in skus
        if sku not in known
    ]


def _taxonomy_findings(frame: pl.DataFrame, divisions: list[str]) -> list[str]:
    findings = []
    for row in frame.filter(pl.col("sku").is_null() | pl.col("division").is_null()).to_dicts():
        findings.append(f"row {row[ROW]}: SKU or division is blank")
    unknown = frame.filter(~pl.col("slug").is_in(divisions)).unique("division").sort("division")
    for row in unknown.to_dicts():
        hint = nearest(row["slug"], divisions)
        findings.append(
            f"row {row[ROW]}: division '{row['division']}' is not in divisions.names. {hint}"
        )
    distinct = ["sku", "slug", "family", "sale_type"]
    twice = frame.unique(distinct).filter(pl.col("sku").is_duplicated())["sku"].unique().sort()
    findings.extend(f"SKU '{sku}' has more than one meaning" for sku in twice)
    return findings
