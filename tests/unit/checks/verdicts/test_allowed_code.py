"""What code of features and models may not do is named, with its line."""

import pytest

from gosales_assets.features.checks import examine_code as examine_features
from gosales_assets.models.checks import examine_code as examine_models
from gosales_assets.platform.examined_code import FAMILY_RULES, examine_functions
from gosales_checks.verdicts.allowed_code import findings_in

FORBIDDEN = {
    "import time": "imports time",
    "import os.path": "imports os.path",
    "import random": "imports random",
    "from pathlib import Path": "imports pathlib",
    "from . import other": "imports .",
    "from mycompany.crm import deals": "imports mycompany.crm",
    "from gosales_resources.store.tables import TableStore": "imports gosales_resources.store.tables",
    "from polars import scan_parquet": "imports scan_parquet of polars",
    "from numpy.random import rand": "imports numpy.random.rand",
    "from operator import attrgetter": "imports attrgetter of operator",
    "day = dt.date.today()": "asks a clock: today",
    "day = dt.datetime.now(dt.UTC)": "asks a clock: now",
    "day = np.datetime64('now')": "says 'now', which numpy reads from a clock",
    "day = np.array(['today'], 'M8[D]')": "says 'today', which numpy reads from a clock",
    "day = np.datetime64('no' + 'w')": "asks a clock: datetime64 of a text put together",
    "from gosales_assets.features.assets import time": "imports gosales_assets.features.assets",
    "from gosales_assets.features import ranges": "imports gosales_assets.features.ranges",
    "from gosales_resources.settings.loading import os": "imports gosales_resources.settings.loading",
    "from scipy import io": "imports scipy.io",
    "from dataclasses import asdict": "imports asdict of dataclasses",
    "x = dataclasses.astuple(world)": "uses astuple()",
    "x = pl.LazyFrame.deserialize(p)": "reads or writes files: deserialize",
    "draw = np.random.default_rng()": "draws without a seed: default_rng()",
    "draw = np.random.default_rng(None)": "draws without a seed: default_rng()",
    "x = np.random.rand(3)": "draws without a seed of its own: random.rand",
    "x = frame.sample(5)": "draws without a seed: sample()",
    "x = pl.scan_parquet(p)": "reads or writes files: scan_parquet",
    "x = pl.read_csv(p)": "reads or writes files: read_csv",
    "x = np.load(p)": "reads or writes files: load",
    "x = pl.sql('select current_date')": "reads or writes files: sql",
    "x = open(p)": "uses open()",
    "x = getattr(world, '_his' + 'tory')": "uses getattr()",
    "x = vars(world)": "uses vars()",
    "x = world._history.lines": "touches _history, a private attribute",
    "match world:\n    case AsOf(_history=h):\n        pass": "touches _history, a private attribute",
    "x = world.__dict__": "touches __dict__",
    "x = world.settings.store_root": "asks where files lie: store_root",
}
ALLOWED = (
    "side = {'then': 1, 'now': 2}['now']",
    "import datetime as dt\nday = dt.date(2024, 1, 1)",
    "import numpy as np\ndraw = np.random.default_rng(7)\nx = draw.shuffle([1])",
    "import polars as pl\nx = pl.col('a').sample(3, seed=1)",
    "from gosales_resources.dates import history_window",
    "class A:\n    def f(self):\n        return self._own",
)


@pytest.mark.parametrize(("line", "said"), FORBIDDEN.items(), ids=FORBIDDEN)
def test_what_reaches_around_the_cutoff_is_named_with_its_line(line, said):
    lines = range(2, 3 + line.count("\n"))
    found = findings_in(f"'Charter.'\n{line}\n")
    assert {f"line {n}: {said}" for n in lines} & set(found)


@pytest.mark.parametrize("text", ALLOWED)
def test_what_a_family_needs_is_allowed(text):
    assert findings_in(text) == []


def test_our_own_code_keeps_to_what_it_is_given():
    assert examine_features() == {}
    assert examine_models() == {}


def test_a_family_of_the_users_is_examined_wherever_it_lies(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import os\ndef blocks(world, scope):\n    return []\n")
    space: dict = {}
    exec(compile(path.read_text(), str(path), "exec"), space)  # noqa: S102
    (finding,) = examine_functions([space["blocks"]], FAMILY_RULES)
    assert finding.endswith("mine.py, line 1: imports os")


def test_a_family_without_a_source_is_no_pass():
    (finding,) = examine_functions([max], FAMILY_RULES)
    assert "its source cannot be read" in finding
