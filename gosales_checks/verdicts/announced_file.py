"""Files beside the settings by which a person announces a change: the schema, a restated past.

They belong in version control. What is announced in them a check accepts.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from gosales_resources.errors import SettingsError
from gosales_resources.store.atomic import replacing

FORMAT = 1
Announced = TypeVar("Announced")


def read_announced(
    path: Path, what: str, parse: Callable[[dict[str, Any]], Announced], remedy: str
) -> Announced | None:
    """Read what was announced; None where nothing is.

    Parameters
    ----------
    path
        The file.
    what
        It holds, for people.
    parse
        Makes it of the file's JSON; raises ValueError, KeyError, TypeError or AttributeError where
        that is something else.
    remedy
        What to do when it is damaged.

    Raises
    ------
    SettingsError
        When the file is no such thing.
    """
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}, expected {FORMAT}")
        return parse(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path} is not a {what} ({error}). {remedy}") from error


def write_announced(path: Path, what: str, content: dict[str, Any]) -> None:
    """Announce something; readers see the old file or the new one, never a part."""
    text = json.dumps({"format": FORMAT, **content}, indent=1)
    with replacing(path, what) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
