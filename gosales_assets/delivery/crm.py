"""Files that a customer relationship system imports, by the rules of its kind (`crm_kinds`).

Cells are what they are: a guard apostrophe would be imported. They are no files for a spreadsheet.
"""

import csv
import datetime as dt
from collections.abc import Iterator, Sequence

import polars as pl

from gosales_assets.delivery.columns import LOOKS
from gosales_assets.delivery.programs import EXTERNAL_ID, with_external_id
from gosales_resources.settings.crm_kinds import CRM_KINDS, CrmKind
from gosales_resources.settings.delivery import CrmSettings

# Of figures that are no whole numbers; plain decimals, for not all importers read exponents.
DECIMALS = {"percent": 4, "score": 4, "money": 2}
# The writer of `csv` quotes cells with the signs of its own line end alone: these are all there are.
BREAK = "\r\n"


def write_crm_files(rows: pl.DataFrame, settings: CrmSettings) -> dict[str, tuple[bytes, int]]:
    """Write rows as files for import.

    Parameters
    ----------
    rows
        Of the list, in its order.
    settings
        Kind, object, and which column goes into which field.

    Returns
    -------
    dict of str to (bytes, int)
        Name of the file, numbered from 1, -> content and rows. UTF-8 without a byte order mark (it
        would be part of the first field's name), a line of field names, dates as yyyy-MM-dd, empty
        where nothing is known. Without rows one file that has the field names alone.
    """
    kind = CRM_KINDS[settings.kind]
    head = [settings.id_column, *settings.columns.values(), *settings.constants]
    wanted = with_external_id(rows).select(EXTERNAL_ID, *settings.columns)
    looks = [LOOKS[name][0] for name in settings.columns]
    same = list(settings.constants.values())

    def texts() -> Iterator[list[str]]:
        for name, *values in wanted.iter_rows():
            told = [
                _text(value, look, kind, settings)
                for value, look in zip(values, looks, strict=True)
            ]
            yield [name, *told, *same]

    parts = _parts(head, texts(), kind, settings.rows_per_file or kind.rows)
    named = settings.object.lower()
    return {f"crm-{named}-{at}.csv": part for at, part in enumerate(parts, start=1)}


def _text(value: object, look: str, kind: CrmKind, settings: CrmSettings) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return kind.yes_no[0] if value else kind.yes_no[1]
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        is_percentage = look == "percent" and settings.percentages
        places = DECIMALS[look] - 2 if is_percentage else DECIMALS[look]
        # 0.0 + -0.0 is 0.0.
        return f"{round(100 * value if is_percentage else value, places) + 0.0:.{places}f}"
    return str(value)


def _parts(
    head: Sequence[str], rows: Iterator[list[str]], kind: CrmKind, most: int
) -> Iterator[tuple[bytes, int]]:
    """Cut rows into files of at most so many rows and bytes, each with the line of field names."""
    writer = csv.writer(_Line(), lineterminator=BREAK)
    first = _line(writer.writerow(head), kind)
    lines, size = [first], len(first)
    for row in rows:
        line = _line(writer.writerow(row), kind)
        # The header is no row; a row that no file takes has one of its own.
        if len(lines) > most or (len(lines) > 1 and size + len(line) > kind.size):
            yield b"".join(lines), len(lines) - 1
            lines, size = [first], len(first)
        lines.append(line)
        size += len(line)
    yield b"".join(lines), len(lines) - 1


class _Line:
    """What the writer of `csv` writes into; `writerow` returns what it returns: the line."""

    def write(self, line: str) -> str:
        return line


def _line(written: object, kind: CrmKind) -> bytes:
    return (str(written).removesuffix(BREAK) + kind.line_end).encode()
