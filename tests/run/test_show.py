"""`gosales show`: every table in every format, a range of cutoffs, some divisions; nothing in silence."""

import csv
import datetime as dt
import io
import json

import polars as pl
import pytest

from gosales.cli.main import main
from gosales.cli.show import FORMATS, write
from gosales_checks.contracts.registry import CONTRACTS
from tests.worlds.erp import random_rows, write_world

FIRST, LAST = "2023-03-31", "2023-06-30"
RANGE = f"{FIRST}..{LAST}"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shown")
    write_world(folder, random_rows(20))
    command = ["materialize", "--select", "fact_transactions,embeddings", "--upstream"]
    assert main([*command, "--cutoffs", RANGE, "--config", str(folder / "gosales.yaml")]) == 0
    return folder


@pytest.fixture
def show(world, capsys):
    def shown(*arguments: str) -> tuple[int, list[dict], str]:
        capsys.readouterr()
        asked = ["show", *arguments, "--config", str(world / "gosales.yaml"), "--format", "csv"]
        code = main(asked)
        out, err = capsys.readouterr()
        return code, list(csv.DictReader(io.StringIO(out))), err

    return shown


def stored(world, table: str, cutoff: str, division: str | None = None) -> pl.DataFrame:
    folder = world / "gosales_home" / "store" / table / f"cutoff={cutoff}"
    return pl.read_parquet(
        (folder / f"division={division}" if division else folder) / "part-0.parquet"
    )


def test_vectors_are_written_as_json_in_a_cell(world, show):
    code, rows, _ = show("embeddings", "--cutoff", LAST)
    assert code == 0
    vectors = stored(world, "embeddings", LAST)["factors"].to_list()
    assert [json.loads(row["factors"]) for row in rows] == [
        pytest.approx(vector, rel=1e-6) for vector in vectors
    ]


def test_all_cutoffs_of_a_range_are_shown(world, show):
    code, rows, _ = show("embeddings", "--cutoff", RANGE)
    assert code == 0
    assert len(rows) == sum(stored(world, "embeddings", c).height for c in (FIRST, LAST))
    assert {row["cutoff"] for row in rows} == {FIRST, LAST}


@pytest.mark.parametrize("asked", ["simulation,scanning", "Scanning, Simulation"])
def test_some_divisions_are_shown_by_key_or_name(world, show, asked):
    code, rows, _ = show("fact_transactions", "--cutoff", LAST, "--division", asked)
    heights = [
        stored(world, "fact_transactions", LAST, d).height for d in ("scanning", "simulation")
    ]
    assert (code, len(rows)) == (0, sum(heights))
    assert {row["division"] for row in rows} <= {"scanning", "simulation"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["embeddings", "--cutoff", f"{FIRST}..2023-09-30"], "embeddings[2023-09-30]"),
        (["embeddings", "--cutoff", f"{LAST}..{FIRST}"], f"{LAST} is after {FIRST}"),
        (["embeddings", "--cutoff", f"{FIRST},{LAST}"], "is not a date"),
        (["embeddings", "--cutoff", LAST, "--division", "simulation"], "leave --division out"),
        (["fact_transactions", "--cutoff", LAST, "--division", "simulation,skaning"], "'Scanning'"),
        (["labels", "--cutoff", LAST, "--division", "scanning"], "has no division 'scanning'"),
        (["labels", "--cutoff", LAST, "--division", "simulation"], "labels[2023-06-30|simulation]"),
    ],
    ids=["missing", "backwards", "comma", "no division", "unknown", "no target", "not made"],
)
def test_what_cannot_be_shown_whole_is_an_error_that_says_why(show, arguments, told):
    code, rows, err = show(*arguments)
    assert (code, rows) == (2, [])
    assert told in err


def test_divisions_that_are_not_there_are_told(world, show):
    part = world / "gosales_home" / "store" / "fact_transactions" / f"cutoff={FIRST}"
    (part / "division=scanning").rename(part / "away")
    _, rows, err = show("fact_transactions", "--cutoff", FIRST)
    (part / "away").rename(part / "division=scanning")
    assert {row["division"] for row in rows} == {"simulation", "solid_works"}
    assert "fact_transactions[2023-03-31|scanning]" in err


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "parquet"])
@pytest.mark.parametrize("name", CONTRACTS)
def test_every_table_has_every_format(name, form, capsys):
    sample = CONTRACTS[name].schema.create_empty()
    row = pl.DataFrame({n: pl.Series([None], dtype=t) for n, t in sample.schema.items()}).rows()
    write(pl.DataFrame(row, schema=sample.schema, orient="row").lazy(), form, None)
    assert capsys.readouterr().out


def test_any_column_is_told_in_csv_and_json(capsys):
    table = pl.DataFrame(
        {
            "bytes": [b"\x00\xff", None],
            "list": [[0.5, None], None],
            "list_of_bytes": [[b"\xff"], [None]],
            "struct": [{"a": 1, "b": "=é"}, None],
            "struct_of_bytes": [{"a": b"\xff"}, None],
            "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int32, 2)),
            "days": [dt.timedelta(days=1), None],
        }
    )
    write(table.lazy(), "csv", None)
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["bytes"], first["days"]) == ("00ff", "P1D")
    wanted = {"list": [0.5, None], "list_of_bytes": ["ff"], "array": [1, 2],
              "struct": {"a": 1, "b": "=é"}, "struct_of_bytes": {"a": "ff"}}  # fmt: skip
    assert {name: json.loads(first[name]) for name in wanted} == wanted
    assert {second[name] for name in table.columns if name != "list_of_bytes"} == {""}
    write(table.lazy(), "json", None)
    lines = json.loads(capsys.readouterr().out)
    assert {name: lines[0][name] for name in wanted} == wanted
    assert lines[0]["bytes"] == "00ff"


@pytest.mark.parametrize(
    "command", [["rollback", "--to", LAST], ["rollback", "--to", RANGE], ["release"]]
)
def test_a_model_is_pinned_at_one_cutoff(world, capsys, command):
    action, *rest = command
    at = LAST if RANGE in rest else RANGE
    config = str(world / "gosales.yaml")
    assert main(["model", action, "simulation", *rest, "--cutoff", at, "--config", config]) == 2
    assert f"'{RANGE}' is 2 cutoffs" in capsys.readouterr().err
