"""Corrections of rejected rows: an override file names them by content and gives better cells.

A rejected row is named by `reject_id`, a hash of its raw values, so a correction holds wherever
the row turns up again: in a re-delivered file, in another order, under another name.
"""

import csv
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from gosales_resources.errors import SourceError, nearest
from gosales_resources.hashing import stable_key

COLUMNS = ("reject_id", "column", "value")
# In place of a column: the value is the whole row as CSV text, for one that had no columns.
WHOLE_ROW = "*"
# reject_id -> column -> value.
Corrections = Mapping[str, Mapping[str, str]]


def read_corrections(path: Path | None) -> Corrections:
    """Read the override file: reject_id, column, value; one row for each cell.

    Raises
    ------
    SourceError
        When the file is missing, has other columns, or gives a cell two values.
    """
    if path is None:
        return {}
    if not path.is_file():
        raise SourceError(f"{path} does not exist; see source.sales_log.corrections.")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise SourceError(f"{path}: columns are {reader.fieldnames}, not {', '.join(COLUMNS)}.")
        found: dict[str, dict[str, str]] = {}
        for row in reader:
            cells = found.setdefault(str(row["reject_id"]).strip(), {})
            column = str(row["column"]).strip()
            if column in cells or row["value"] is None:
                raise SourceError(
                    f"{path}, row {reader.line_num}: a cell is given twice or has no value."
                )
            cells[column] = row["value"]
    return found


def reject_ids(raws: pl.Series) -> pl.Series:
    """Name rejected rows by their raw values.

    Parameters
    ----------
    raws
        Raw values as JSON (`raw_as_json`) or as the text of a misshapen row.

    Returns
    -------
    polars.Series
        `reject_id`: 16 hexadecimal digits, equal for equal values.
    """
    return pl.select(stable_key([raws]).alias("reject_id")).to_series()


def fingerprint(corrections: Corrections, ids: Collection[str]) -> str:
    """Hash the corrections of some rows: a block typed under others is typed anew."""
    mine = {name: dict(corrections[name]) for name in sorted(ids) if name in corrections}
    return hashlib.sha256(json.dumps(mine, sort_keys=True).encode()).hexdigest()[:16]


def corrected_cells(
    raw: pl.DataFrame, ids: Sequence[str], corrections: Corrections, name: str
) -> pl.DataFrame:
    """Apply corrections to raw rows that have columns.

    Parameters
    ----------
    raw
        Rows to correct, as they are in the file.
    ids
        Their reject_id, row by row; each has corrections.
    corrections
        What to put where.
    name
        Of the input, for errors.

    Returns
    -------
    polars.DataFrame
        The same rows as text, with the corrected cells.

    Raises
    ------
    SourceError
        When a correction names a column that the input does not have.
    """
    texts = raw.with_columns(pl.all().cast(pl.String)).to_dict(as_series=False)
    for at, reject_id in enumerate(ids):
        for column, value in corrections[reject_id].items():
            if column not in texts:
                raise SourceError(
                    f"corrections of {name}, {reject_id}: no column {column!r}. "
                    f"{nearest(column, texts)}"
                )
            texts[column][at] = value or None
    return pl.DataFrame(texts, dict.fromkeys(raw.columns, pl.String))


def corrected_rows(
    header: Sequence[str], ids: Sequence[str], corrections: Corrections, name: str
) -> pl.DataFrame:
    """Make rows of misshapen ones from the whole rows that their corrections give.

    Parameters
    ----------
    header
        Columns of the input.
    ids
        reject_id of each misshapen row; each has corrections.
    corrections
        What to put where.
    name
        Of the input, for errors.

    Returns
    -------
    polars.DataFrame
        One row per id, in their order: text, null where a field is blank.

    Raises
    ------
    SourceError
        When a correction does not give the whole row, or not as many fields as there are columns.
    """
    rows = []
    for reject_id in ids:
        text = corrections[reject_id].get(WHOLE_ROW)
        fields = next(csv.reader([text or ""]), [])
        if len(fields) != len(header):
            raise SourceError(
                f"corrections of {name}, {reject_id}: the row has no columns; give column "
                f"'{WHOLE_ROW}' and {len(header)} comma-separated fields, found {len(fields)}."
            )
        rows.append([field or None for field in fields])
    return pl.DataFrame(rows, dict.fromkeys(header, pl.String), orient="row")
