"""All files of a list, and their card: what is in the bundle, in the words of its contract."""

import hashlib
import json
from collections.abc import Mapping

import polars as pl

from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.crm import write_crm_files
from gosales_assets.delivery.listed import Listed, ListTerms
from gosales_assets.delivery.programs import with_external_id, write_jsonl, write_list_parquet
from gosales_assets.delivery.spreadsheet_csv import write_spreadsheet_csv
from gosales_assets.delivery.workbook import write_workbook
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_resources.errors import DamagedError
from gosales_resources.settings.delivery import DeliverySettings, ExportKind

CARD = "exports.json"
FORMAT, VERSION = "gosales-exports", 1
REMEDY = f"Rematerialise {LIST_EXPORTS.name}."
Made = Mapping[str, tuple[bytes, int]]
"""Name of a file -> content, and rows of the list in it."""


def build_exports(
    table: pl.LazyFrame, terms: ListTerms, settings: DeliverySettings
) -> dict[str, bytes]:
    """Write the files of a list that are asked for.

    Parameters
    ----------
    table
        `whitespace` of the cutoff.
    terms
        What it is of.
    settings
        Which files, which rows and columns.

    Returns
    -------
    dict of str to bytes
        Name -> content; one of them is the card, `exports.json`. Equal lists give equal bytes.
    """
    listed = Listed.of(table, terms, settings.rows)
    made = {
        kind: _write(kind, listed, settings)
        for kind in settings.kinds
    }  # fmt: skip
    files = [
        {
            "file": name,
            "kind": kind,
            "row_count": rows,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for kind, of_kind in sorted(made.items())
        for name, (content, rows) in of_kind.items()
    ]
    card = {
        "format": FORMAT,
        "version": VERSION,
        "cutoff": terms.cutoff.isoformat(),
        "files": files,
    }
    contents = {name: content for kind in made.values() for name, (content, _) in kind.items()}
    return contents | {CARD: (json.dumps(card, indent=1, sort_keys=True) + "\n").encode()}


def _write(kind: ExportKind, listed: Listed, settings: DeliverySettings) -> Made:
    rows, terms = listed.rows, listed.terms
    if kind == "crm":
        return write_crm_files(rows, settings.crm)
    if kind == "workbook":
        content = write_workbook(listed, settings)
        return {"list.xlsx": (content, min(rows.height, settings.rows_per_sheet))}
    if kind == "csv":
        columns = shown_columns(settings.columns, terms.currency, terms.months)
        style, decimals = settings.csv_style, settings.decimals
        content = write_spreadsheet_csv(rows, columns, style, decimals)
        return {"list.csv": (content, rows.height)}
    if kind == "jsonl":
        return {"list.jsonl": (write_jsonl(with_external_id(rows)), rows.height)}
    return {"list.parquet": (write_list_parquet(with_external_id(rows)), rows.height)}


def describe_exports(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Return what is known of the files of a bundle, once every one is what the card says.

    Parameters
    ----------
    files
        Of the bundle.

    Returns
    -------
    polars.DataFrame
        `list_exports`: one row per file, by kind and name as numbered; the card itself is none.

    Raises
    ------
    DamagedError
        When the card cannot be read, or a file is missing, added or another than was made.
    """
    try:
        card = json.loads(files[CARD])
        known = (card["format"], card["version"]) == (FORMAT, VERSION)
        rows = [{**one, "cutoff": card["cutoff"]} for one in card["files"]]
        digests = {row["file"]: row["sha256"] for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{CARD} is missing or cannot be read: {error!r}. {REMEDY}") from error
    found = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != CARD}
    if not known or found != digests:
        wrong = sorted(n for n in {*found, *digests} if found.get(n) != digests.get(n))
        what = ", ".join(wrong) or f"{card['format']} {card['version']}"
        raise DamagedError(f"The exports are not what was made: {what}. {REMEDY}")
    schema = {name: column.dtype for name, column in LIST_EXPORTS.schema.columns().items()}
    as_written = pl.DataFrame(rows, schema={**schema, "cutoff": pl.String})
    return as_written.with_columns(pl.col("cutoff").str.to_date("%Y-%m-%d"))
