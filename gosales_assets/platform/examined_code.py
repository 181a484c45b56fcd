"""Which modules compute features and models, and what their code does that it may not.

The families of the registry are examined wherever they come from, a user's own too.
"""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path

from gosales_checks.findings import Findings
from gosales_checks.verdicts.allowed_code import Rules, findings_in
from gosales_resources.by_stamp import ByStamp
from gosales_resources.store.file_digests import stamp_of

FAMILY_RULES = Rules()
MODEL_RULES = Rules(
    imports=(
        "gosales_assets.models",
        "gosales_resources.markdown",
        "gosales_resources.partitions.space",
        "gosales_resources.store.upstream",
        "concurrent.futures",
    ),
    dunder=True,
)
# Declares, checks, publishes or stores: it reads the store, and what it hands on is under test.
MACHINERY = (
    "assets.py",
    "checks.py",
    "ranges.py",
    "shown.py",
    "promotion_desk.py",
    "rescoring_desk.py",
    "bundle",
)
_FOUND: ByStamp[tuple[Path, Rules], list[str]] = ByStamp()


def examine_room(room: Path, rules: Rules) -> Findings:
    """Examine the modules of a phase, those of its machinery left out.

    Parameters
    ----------
    room
        Folder of the phase.
    rules
        What its code may do.

    Returns
    -------
    dict of str to int
        Finding -> 1, by module and line; empty where the code keeps to what it is given.
    """
    paths = (
        path
        for path in sorted(room.rglob("*.py"))
        if not {path.name, *path.relative_to(room).parts} & set(MACHINERY)
    )
    return _findings(paths, rules)


def examine_functions(functions: Iterable[Callable[..., object]], rules: Rules) -> Findings:
    """Examine the modules that functions are defined in, wherever they lie."""
    found: Findings = {}
    paths: dict[Path, None] = {}
    for function in functions:
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is None or not Path(code.co_filename).is_file():
            found[f"{function!r}: its source cannot be read"] = 1
        else:
            paths[Path(code.co_filename)] = None
    return {**found, **_findings(paths, rules)}


def _findings(paths: Iterable[Path], rules: Rules) -> Findings:
    found: Findings = {}
    for path in paths:

        def read(path: Path = path) -> list[str]:
            return findings_in(path.read_text(encoding="utf-8"), rules)

        said = _FOUND.get((path, rules), stamp_of(path), read)
        found |= {f"{path.parent.name}/{path.name}, {one}": 1 for one in said}
    return found
