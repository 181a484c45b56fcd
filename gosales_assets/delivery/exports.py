"""All files of a list, as the bundle that is stored."""

import polars as pl

from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.crm import write_crm_files
from gosales_assets.delivery.exports_card import CARD, Made, write_card
from gosales_assets.delivery.listed import Listed, ListTerms
from gosales_assets.delivery.programs import with_external_id, write_jsonl, write_list_parquet
from gosales_assets.delivery.spreadsheet_csv import write_spreadsheet_csv
from gosales_assets.delivery.workbook import write_workbook
from gosales_resources.settings.delivery import DeliverySettings, ExportKind


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
    made = {kind: _write(kind, listed, settings) for kind in settings.kinds}
    contents = {name: content for kind in made.values() for name, (content, _) in kind.items()}
    return contents | {CARD: write_card(terms.cutoff, made)}


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
