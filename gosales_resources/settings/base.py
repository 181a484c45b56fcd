"""What all settings models share: unknown keys are rejected and nothing changes after loading."""

import hashlib
import re
from functools import lru_cache
from typing import Any, get_args
from unicodedata import category, combining, normalize
from unicodedata import name as character_name

from pydantic import BaseModel, ConfigDict

# Variables with this prefix are settings.
ENV_PREFIX = "GOSALES_"
# A key is a folder's name, of which file systems take 255 bytes with what we put around it.
LONGEST_KEY = 80
DIGEST_DIGITS = 10
# How an emoji is drawn is no part of a name.
VARIATION = re.compile("[\ufe00-\ufe0f]")


class StrictModel(BaseModel):
    """A settings node that rejects unknown keys and is immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# A plan asks for the keys of its divisions a hundred thousand times.
@lru_cache(maxsize=4096)
def slugify(name: str) -> str:
    """Return the partition key of a division name: lower case, no accents, the rest as ``_``.

    Division names are compared as slugs everywhere, so ``AM_Support`` and ``am support`` are one
    division (a known system lost features because names differed in case). A name with letters of
    another script, and one that is too long, is told apart by a digest of the whole name.

    Parameters
    ----------
    name
        As people write it, in any script.

    Returns
    -------
    str
        At most `LONGEST_KEY` of ``a-z0-9_``; empty where the name has no letter, digit or symbol.

    Examples
    --------
    >>> slugify("Frames & Forks")
    'frames_forks'
    >>> slugify("Öle & Straßenräder")
    'ole_strassenrader'
    >>> slugify("Насосы") == slugify("НАСОСЫ ")
    True
    >>> slugify("Насосы 5"), slugify("--")
    ('5_0ab428e391', '')
    """
    letters = normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not combining(letter))
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    is_latin = re.search("[a-z]", slug) is not None
    if any(_is_foreign(letter, is_latin) for letter in plain):
        return _told_apart(slug or "name", _letters(name))
    return slug if len(slug) <= LONGEST_KEY else _told_apart(slug, slug)


def _is_foreign(letter: str, is_latin: bool) -> bool:
    """Tell what a slug leaves out and a name is told by.

    Letters of another script; in a name without a Latin letter, symbols such as emoji too.
    """
    if letter.isascii():
        return False
    kind = category(letter)[0]
    if kind == "L":
        return not (is_latin and character_name(letter, "").startswith("LATIN"))
    return kind in "NS" and not is_latin


def _letters(name: str) -> str:
    """Return what case, signs and spaces do not change of a name in any script; accents count."""
    told = VARIATION.sub("", normalize("NFKC", normalize("NFKC", name).casefold()))
    kept = (c if c.isalnum() or (not c.isascii() and category(c)[0] in "MS") else " " for c in told)
    return " ".join("".join(kept).split())


def _told_apart(key: str, whole: str) -> str:
    digest = hashlib.sha256(whole.encode()).hexdigest()[:DIGEST_DIGITS]
    return f"{key[: LONGEST_KEY - DIGEST_DIGITS - 1]}_{digest}"


def models_in(annotation: Any) -> list[type[StrictModel]]:
    """Return the settings models that a field's annotation names, in the order it names them.

    Examples
    --------
    >>> models_in(dict[str, StrictModel] | None)
    [<class 'gosales_resources.settings.base.StrictModel'>]
    >>> models_in(list[str])
    []
    """
    if isinstance(annotation, type) and issubclass(annotation, StrictModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]
