"""The planted leaks of the benchmark fit the tree, and those in code are named by reading it."""

import importlib.util
import sys
from pathlib import Path

import pytest

from gosales_assets.platform.examined_code import FAMILY_RULES, MODEL_RULES
from gosales_checks.verdicts.allowed_code import findings_in

ROOT = Path(__file__).parents[4]


def planted():
    path = ROOT / "benchmarks" / "leaks_planted.py"
    spec = importlib.util.spec_from_file_location("leaks_planted", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PLANTED = planted()


def patched(leak) -> dict[str, str]:
    """File -> its text with the leak in it, new files too."""
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name, *_ in leak.patches}
    for name, old, new in leak.patches:
        assert texts[name].count(old) == 1, name
        texts[name] = texts[name].replace(old, new)
    return texts | leak.adds


@pytest.mark.parametrize("leak", PLANTED.LEAKS, ids=lambda leak: leak.name)
def test_a_leak_is_python_and_fits_the_tree(leak):
    for name, text in patched(leak).items():
        compile(text, name, "exec")


@pytest.mark.parametrize("leak", PLANTED.IN_FAMILIES, ids=lambda leak: leak.name)
def test_a_leak_in_code_is_named_by_reading_it(leak):
    texts = patched(leak)
    rules = {name: MODEL_RULES if "/models/" in name else FAMILY_RULES for name in texts}
    assert [said for name, text in texts.items() for said in findings_in(text, rules[name])]


def test_there_are_leaks_enough_and_of_many_kinds():
    assert len(PLANTED.LEAKS) >= 28
    assert len({leak.kind for leak in PLANTED.LEAKS}) >= 15
