"""Brings the company directory and the overrides into our columns, and says what is wrong in them."""

from collections.abc import Iterable

import polars as pl

from gosales_resources.errors import SourceError, nearest
from gosales_resources.hashing import stable_key
from gosales_resources.settings.base import slugify
from gosales_resources.settings.source import EnrichmentSource, OverrideSource
from gosales_resources.sources.cells import text
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.table import require_columns

ATTRIBUTE = "attr_"
FIELDS = ("customer_id", "name", "zip", "industry", "sub_industry")
ACTIONS = ("pin", "forbid")
OVERRIDES = {"customer_id": pl.String, "enrichment_key": pl.String, "action": pl.String}
SHOWN = 20


def read_directory(source: EnrichmentSource, raw: pl.DataFrame) -> pl.DataFrame:
    """Bring the directory into our columns.

    Parameters
    ----------
    source
        Its columns and attributes.
    raw
        The raw table, one row per entry.

    Returns
    -------
    polars.DataFrame
        enrichment_key, customer_id, name, zip, industry, sub_industry and `attr_` columns, sorted
        by key. Without a key column the key is a hash of the other columns and equal rows are
        one entry.

    Raises
    ------
    SourceError
        When a column is missing, a key is blank or there twice, or a number is unreadable.
    """
    columns = {name: c for name, c in source.columns.model_dump().items() if c is not None}
    attributes = [*source.numeric_attributes, *source.categorical_attributes]
    wanted = {f"enrichment.columns.{name}": column for name, column in columns.items()}
    wanted |= {f"enrichment attribute {name}": name for name in attributes}
    require_columns(source.path, raw.columns, wanted)
    absent = pl.lit(None, pl.String)
    entries = raw.select(
        ROW,
        *((text(columns[n]) if n in columns else absent).alias(n) for n in FIELDS),
        *(text(name).alias(attribute_name(name)) for name in attributes),
        enrichment_key=text(columns["key"]) if "key" in columns else absent,
    )
    if "key" not in columns:
        content = [c for c in entries.columns if c not in (ROW, "enrichment_key")]
        entries = entries.with_columns(enrichment_key=stable_key(content)).unique(
            "enrichment_key", keep="any"
        )
    _raise(source.path, [*_key_findings(entries), *_number_findings(entries, source)])
    numbers = [attribute_name(name) for name in source.numeric_attributes]
    typed = entries.with_columns(pl.col(numbers).cast(pl.Float64))
    attributes = [attribute_name(name) for name in attributes]
    return typed.select("enrichment_key", *FIELDS, *attributes).sort("enrichment_key")


def read_overrides(source: OverrideSource, raw: pl.DataFrame, keys: Iterable[str]) -> pl.DataFrame:
    """Bring the overrides into our columns.

    Parameters
    ----------
    source
        Their columns.
    raw
        The raw table, one row per customer and entry.
    keys
        Keys of the directory.

    Returns
    -------
    polars.DataFrame
        customer_id, enrichment_key, action; distinct and sorted.

    Raises
    ------
    SourceError
        Listing blank cells, unknown keys and actions, customers pinned to two entries, and pairs
        both pinned and forbidden. A customer nobody knows (yet) is no error: the roster as of a
        cutoff does not know later ones.
    """
    columns = source.columns.model_dump()
    where = {f"enrichment.overrides.columns.{name}": column for name, column in columns.items()}
    require_columns(source.path, raw.columns, where)
    rows = raw.select(ROW, *(text(column).alias(name) for name, column in columns.items()))
    rows = rows.with_columns(pl.col("action").str.to_lowercase())
    known = set(keys)
    findings = []
    for row in rows.to_dicts():
        blank = [name for name in OVERRIDES if row[name] is None]
        if blank:
            findings.append(f"row {row[ROW]}: {', '.join(blank)} blank")
            continue
        if row["action"] not in ACTIONS:
            hint = nearest(row["action"], ACTIONS)
            findings.append(f"row {row[ROW]}: action '{row['action']}' unknown. {hint}")
        if row["enrichment_key"] not in known:
            hint = nearest(row["enrichment_key"], known) if len(known) < 10_000 else ""
            key = row["enrichment_key"]
            findings.append(f"row {row[ROW]}: the directory has no entry '{key}'. {hint}".strip())
    distinct = rows.select(list(OVERRIDES)).unique().sort(list(OVERRIDES))
    pins = distinct.filter(pl.col("action") == "pin")
    twice = pins.filter(pl.col("customer_id").is_duplicated())["customer_id"].unique().sort()
    findings += [f"customer '{customer}' is pinned to more than one entry" for customer in twice]
    both = pins.join(
        distinct.filter(pl.col("action") == "forbid"), on=["customer_id", "enrichment_key"]
    )
    findings += [f"customer '{c}' and '{k}' are pinned and forbidden" for c, k, *_ in both.rows()]
    _raise(source.path, findings)
    return distinct


def attribute_name(column: str) -> str:
    """Return our name of a source column that is carried along."""
    return f"{ATTRIBUTE}{slugify(column)}"


def _key_findings(entries: pl.DataFrame) -> list[str]:
    key = pl.col("enrichment_key")
    blank = entries.filter(key.is_null())[ROW].to_list()
    twice = entries.filter(key.is_not_null() & key.is_duplicated())["enrichment_key"].unique()
    return [
        *(f"row {row}: the key is blank" for row in blank),
        *(f"key '{key}' is there more than once" for key in twice.sort()),
    ]


def _number_findings(entries: pl.DataFrame, source: EnrichmentSource) -> list[str]:
    found = []
    for name in source.numeric_attributes:
        cell = pl.col(attribute_name(name))
        bad = entries.filter(cell.is_not_null() & cell.cast(pl.Float64, strict=False).is_null())
        cells = bad.sort(ROW).select(ROW, cell).rows()
        found += [f"row {row}: {name} is not a number: {cell!r}" for row, cell in cells]
    return found


def _raise(path: str, findings: list[str]) -> None:
    if findings:
        shown = "\n".join(f"  {finding}" for finding in findings[:SHOWN])
        raise SourceError(f"{path}: {len(findings)} finding(s):\n{shown}")
