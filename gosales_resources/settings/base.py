"""What all settings models share: unknown keys are rejected and nothing changes after loading."""

import re
from typing import Any, get_args
from unicodedata import combining, normalize

from pydantic import BaseModel, ConfigDict

# Variables with this prefix are settings.
ENV_PREFIX = "GOSALES_"


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
