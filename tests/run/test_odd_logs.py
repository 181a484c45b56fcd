"""Odd logs through inspection and, where it says they are usable, through the load: never a traceback."""

import datetime as dt
import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gosales.cli.main import main
from gosales_assets.star.assets import read_products
from gosales_assets.star.ingest import ingest
from gosales_resources.settings.loading import load_settings
from tests.worlds.odd_logs import CELLS, NATURAL, TAXONOMY, write_odd_log

EVER = dt.date(9999, 12, 31)
ROWS = 48


def load(folder: Path) -> dict[str, int]:
    """Load the log by the settings in a folder; return its ledger's sums and the lines there are."""
    tree = load_settings(folder / "gosales.yaml")
    log = ingest(tree, read_products(tree), [EVER], folder / "staging", lambda _: None)
    ledger = log.ledger(EVER)
    counted = {name: int(ledger[name].sum()) for name in ledger.columns if name.startswith("rows_")}
    return counted | {
        "lines": int(ledger["lines_loaded"].sum()) - sum(part.height for part in log.lines(EVER))
    }


def is_balanced(ledger: dict[str, int]) -> bool:
    """Tell whether every row is somewhere and every line that the ledger has is there."""
    became = sum(count for name, count in ledger.items() if name not in ("rows_in", "lines"))
    return ledger["rows_in"] == became and ledger["lines"] == 0


def inspected(folder: Path, capsys, *arguments: str) -> tuple[int, str]:
    """Inspect inside a folder; return the exit code and what was said."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        code = main(["source", "inspect", *arguments, "--force"])
    finally:
        os.chdir(before)
    said = capsys.readouterr()
    return code, said.out + said.err


def loads_or_says_why(folder: Path, capsys, *arguments: str) -> None:
    code, said = inspected(folder, capsys, *arguments)
    assert code in (0, 1, 2), said
    assert "Traceback" not in said
    assert not re.search(r"TODO .*;\s*$", said, re.MULTILINE), said
    if code == 0:
        assert is_balanced(load(folder)), said


@pytest.mark.parametrize("seed", range(12))
def test_an_odd_log_loads_or_says_why(tmp_path, capsys, seed):
    loads_or_says_why(tmp_path, capsys, *write_odd_log(tmp_path, seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 600))
def test_500_odd_logs_load_or_say_why(tmp_path, capsys, seed):
    loads_or_says_why(tmp_path, capsys, *write_odd_log(tmp_path, seed))


headers = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), min_size=1, max_size=12
).filter(lambda name: name.strip())
extra = st.dictionaries(headers, st.sampled_from(sorted(CELLS)), max_size=3)


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(extra=extra, seed=st.integers(0, 999))
def test_what_is_written_with_exit_0_loads_whatever_columns_there_are(
    tmp_path, capsys, extra, seed
):
    draw = random.Random(seed)
    columns = {**NATURAL, **{n: k for n, k in extra.items() if n.strip() not in NATURAL}}
    rows = [[CELLS[kind](draw, n) for kind in columns.values()] for n in range(ROWS)]
    lines = [
        [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in [columns, *rows]
    ]
    (tmp_path / "log.csv").write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
    (tmp_path / "taxonomy.csv").write_text(TAXONOMY, encoding="utf-8")
    loads_or_says_why(tmp_path, capsys, "log.csv", "--taxonomy", "taxonomy.csv")
