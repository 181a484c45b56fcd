"""The allocators' settings are there before Polars is, and one's own stay."""

import json
import os
import subprocess
import sys

import pytest

from gosales_resources.instance.allocator import KEPT

ASK = """
import json, os, sys
import {package}
early = "polars" not in sys.modules
print(json.dumps([early, [os.environ.get(name) for name in {names}]]))
"""


def seen_by(package: str, **own: str) -> list:
    """Import a package in a fresh process; tell whether it came before Polars, and what is set."""
    clean = {name: value for name, value in os.environ.items() if name not in KEPT}
    code = ASK.format(package=package, names=[*KEPT])
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | own, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("package", ["gosales_resources", "gosales_assets"])
def test_pages_are_kept_from_before_polars_is_imported(package):
    assert seen_by(package) == [True, [*KEPT.values()]]


def test_what_is_set_already_stays():
    own = dict.fromkeys(KEPT, "0")
    assert seen_by("gosales_assets", **own) == [True, ["0", "0"]]
