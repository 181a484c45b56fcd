"""Finds formulas without a computed value in the XML of a sheet.

Programs that write workbooks save formulas and do not compute them. A reader sees such a cell as
blank, and a blank amount is no line: the loss would be silent.
"""

import re
from typing import IO

CHUNK_BYTES = 2**20
CELL = re.compile(
    rb"<c\b(?P<attributes>[^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
# What a formula gives may be an empty text.
EMPTY_TEXT = re.compile(rb'\bt="str"')


def first_without_value(sheet: IO[bytes]) -> str | None:
    """Return the place of the first formula that was never computed, such as ``B2``.

    Parameters
    ----------
    sheet
        The sheet's XML; read to its end unless one is found.
    """
    rest = b""
    while chunk := sheet.read(CHUNK_BYTES):
        content = rest + chunk
        for cell in CELL.finditer(content):
            attributes = cell["attributes"]
            if not EMPTY_TEXT.search(attributes):
                place = PLACE.search(attributes)
                return place[1].decode() if place else "?"
        rest = content[max(0, content.rfind(b"<c ")) :]
    return None
