"""What all settings models share: unknown keys are rejected and nothing changes after loading."""

import re
from unicodedata import combining, normalize

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A settings node that rejects unknown keys and is immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def slugify(name: str) -> str:
    """Return the partition key of a division name: lower case, no accents, the rest as ``_``.

    Division names are compared as slugs everywhere, so ``AM_Support`` and ``am support`` are one
    division (a known system lost features because names differed in case).

    Examples
    --------
    >>> slugify("Frames & Forks")
    'frames_forks'
    >>> slugify("Öle & Straßenräder")
    'ole_strassenrader'
    """
    letters = normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
