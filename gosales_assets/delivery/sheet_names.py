"""Names of sheets: what a workbook takes, each once.

A name of a sheet has at most 31 characters (as UTF-16 counts them), none of `FORBIDDEN`, no apostrophe
at either end, is not "History", and differs from all others without regard to case.
"""

import unicodedata
from collections.abc import Iterable

from gosales_resources.markdown import visible

LONGEST = 31
ILLEGAL = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
# Excel keeps it for itself.
RESERVED = "history"


class SheetNames:
    """Gives names to the sheets of one workbook."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {RESERVED, *map(_folded, taken)}

    def name(self, wanted: str | None, nameless: str) -> str:
        """Return the nearest legal name that no sheet has yet.

        Parameters
        ----------
        wanted
            What it is called in the data: any text.
        nameless
            What stands for a text without a sign that can be shown.

        Examples
        --------
        >>> names = SheetNames(["List"])
        >>> names.name("A/B: *", "No rep"), names.name("a b", "No rep"), names.name("'", "No rep")
        ('A B', 'a b (2)', 'No rep')
        """
        shown = " ".join(visible(wanted).translate(ILLEGAL).split())
        base = _cut(shown, LONGEST) or nameless
        number, found = 1, base
        while _folded(found) in self._taken:
            number += 1
            ending = f" ({number})"
            found = f"{_cut(base, LONGEST - len(ending))}{ending}"
        self._taken.add(_folded(found))
        return found


def _cut(text: str, longest: int) -> str:
    """Return the beginning that UTF-16 takes so many units for, without signs that may not end it."""
    units, kept = 0, 0
    for sign in text:
        units += 2 if ord(sign) > 0xFFFF else 1
        if units > longest:
            break
        kept += 1
    return text[:kept].strip(" '")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
