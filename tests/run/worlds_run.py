"""Runs of the small world and the bytes they leave."""

import hashlib
from pathlib import Path

from gosales.cli.main import main
from tests.worlds.erp import SETTINGS, random_rows, write_world

CUTOFFS = "2024-03-31..2024-06-30"
OVERRIDES = {
    "models": {
        "min_positives": 5,
        "tree_rounds": 20,
        "linear_strengths": [0.01],
        "tree_leaves": [4],
    }
}


def materialize(folder: Path, *more: str, cutoffs: str = CUTOFFS) -> int:
    """Run the command line on the world in `folder`; return its exit code."""
    config = str(folder / "gosales.yaml")
    return main(["materialize", "--config", config, "--cutoffs", cutoffs, *more])


def half_a_year_ago(folder: Path) -> Path:
    """Make a world whose calendar ends half a year before the others', with its last two lists."""
    then = {**OVERRIDES, "calendar": SETTINGS["calendar"] | {"end": "2024-06-30"}}
    write_world(folder, random_rows(), then)
    assert materialize(folder) == 0
    return folder


def stored(folder: Path, *assets: str) -> dict[str, str]:
    """Hash every stored file: path under the store -> SHA-256."""
    root = folder / "gosales_home" / "store"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.parts[len(root.parts)] != "settings"
        and (not assets or path.parts[len(root.parts)] in assets)
    }


def up_to(files: dict[str, str], cutoff: str) -> dict[str, str]:
    """Keep the partitions of cutoffs up to `cutoff`."""
    return {p: h for p, h in files.items() if p.split("cutoff=")[1][:10] <= cutoff}
