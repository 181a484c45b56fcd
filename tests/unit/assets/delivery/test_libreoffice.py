"""Files of a list as LibreOffice opens them: ids, dates and numbers as meant, nothing that runs."""

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.spreadsheet_csv import write_spreadsheet_csv
from gosales_assets.delivery.workbook import LIST, write_workbook
from gosales_resources.settings.delivery import DeliverySettings
from tests.worlds.lists import HOSTILE, list_of, listed

PROGRAM = shutil.which("soffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no LibreOffice here"),
]
OFFICE, TABLE, TEXT = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text")
)
Cell = tuple[str, str]
"""Type and value: of a float, a percentage, a date or a string."""


def opened(name: str, content: bytes, folder: Path) -> ElementTree.Element:
    """Open a file as LibreOffice does, and return the document that it made of it."""
    (folder / name).write_bytes(content)
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [str(PROGRAM), f"-env:UserInstallation={profile}", "--headless", "--convert-to", "fods",
         "--outdir", str(folder), str(folder / name)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return ElementTree.parse(folder / Path(name).with_suffix(".fods").name).getroot()  # noqa: S314  of its own making


def sheets(document: ElementTree.Element) -> dict[str, list[list[Cell]]]:
    """Return name -> rows of cells; cells that are empty have the type ''."""
    return {
        str(sheet.get(f"{TABLE}name")): [
            [
                cell
                for each in row.iter(f"{TABLE}table-cell")
                for cell in [_cell(each)] * int(each.get(f"{TABLE}number-columns-repeated", "1"))
            ]
            for row in sheet.iter(f"{TABLE}table-row")
        ]
        for sheet in document.iter(f"{TABLE}table")
    }


def _cell(cell: ElementTree.Element) -> Cell:
    kind = cell.get(f"{OFFICE}value-type", "")
    value = cell.get(f"{OFFICE}date-value") or cell.get(f"{OFFICE}value")
    return kind, value or "\n".join("".join(p.itertext()) for p in cell.iter(f"{TEXT}p"))


def columns_of(rows: list[list[Cell]]) -> list[dict[str, Cell]]:
    titles = [value for _, value in rows[0] if value]
    return [dict(zip(titles, row, strict=False)) for row in rows[1:] if any(v for _, v in row)]


def test_a_workbook_has_ids_dates_and_numbers_as_meant(tmp_path):
    columns = ["customer_id", "cutoff", "p_icp", "ev", "rank", "is_selected"]
    rows = listed({"customer_id": "0012"}, {"customer_id": "1E5", "rep": "Ben"})
    content = write_workbook(rows, DeliverySettings(columns=columns))
    found = sheets(opened("list.xlsx", content, tmp_path))
    assert next(iter(found)) == LIST
    assert {"Ann", "Ben"} <= set(found)
    first, second = columns_of(found[LIST])
    assert first == {
        "Customer id": ("string", "0012"),
        "As of": ("date", "2024-06-30"),
        "Chance within 6 months": ("percentage", "0.123"),
        "Expected value (EUR)": ("float", "152"),
        "Rank": ("float", "1"),
        "Selected": ("string", "yes"),
    }
    assert second["Customer id"] == ("string", "1E5")
    assert [row["Customer id"][1] for row in columns_of(found["Ben"])] == ["1E5"]


def test_no_cell_of_a_workbook_is_run_and_texts_are_what_they_were(tmp_path):
    # Signs that no spreadsheet shows are not what this test is about.
    texts = [text for text in HOSTILE if text.isprintable()]
    rows = listed(*({"customer_id": text, "customer_name": text} for text in texts))
    document = opened("list.xlsx", write_workbook(rows, DeliverySettings()), tmp_path)
    found = columns_of(sheets(document)[LIST])
    for title in ("Customer id", "Customer"):
        assert [row[title][0] for row in found] == ["string"] * len(texts)
        assert [_spaced(row[title][1]) for row in found] == [_spaced(text) for text in texts]
    assert _that_run(document) == []


@pytest.mark.parametrize("style", ["comma", "semicolon"])
def test_no_cell_of_a_csv_is_run(style, tmp_path):
    columns = shown_columns(["rank", "customer_name", "ev", "cutoff"], "EUR", 6)
    rows = list_of(*({"customer_name": text} for text in HOSTILE))
    document = opened("list.csv", write_spreadsheet_csv(rows, columns, style, 0), tmp_path)
    assert _that_run(document) == []
    assert len(list(document.iter(f"{TABLE}table-row"))) > len(HOSTILE)


def _that_run(document: ElementTree.Element) -> list[str]:
    """Return formulas, and links that a click would follow."""
    formulas = [cell.get(f"{TABLE}formula") for cell in document.iter(f"{TABLE}table-cell")]
    return [*filter(None, formulas), *(str(link.attrib) for link in document.iter(f"{TEXT}a"))]


def _spaced(text: str) -> str:
    """Return a text without its blanks: the format spells them as elements."""
    return re.sub(r"\s", "", text)
