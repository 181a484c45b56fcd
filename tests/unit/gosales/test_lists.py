"""`gosales list` and `gosales export`: one seller's rows, whole lines, files that can be opened."""

import csv
import datetime as dt
import io
import json

import dagster as dg
import openpyxl
import polars as pl
import pytest

from gosales.cli.list_table import draw, width_of
from gosales.cli.main import main
from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.exports import build_exports
from gosales_assets.delivery.report import build_report
from gosales_assets.delivery.report_desk import terms_of
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.instance.recorded import CHECKSUM
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.worlds.erp import random_rows, write_world
from tests.worlds.list_page import tables_of
from tests.worlds.lists import BASE_RATE, HOSTILE, TERMS, list_of

DAY = dt.date(2024, 6, 30)
SIMULATION = {"division": "simulation", "division_name": "Simulation"}
SOLID = {"division": "solid_works", "division_name": "Solid Works"}
LIST = list_of(
    SIMULATION | {"customer_name": "=1+1", "rep": "Ann", "region": "North"},
    SOLID | {"customer_name": "Öl & Söhne", "rep": "Ben", "region": "South"},
    SIMULATION | {"customer_name": None, "rep": None, "region": None},
    SOLID | {"rep": "Ann", "is_selected": False, "region": "North"},
    SOLID | {"rep": "Cid", "is_selected": False, "region": "South"},
    *[BASE_RATE | SIMULATION | {"rep": rep} for rep in ("Ann", "Ben", "Ben")],
)


def store(folder, table: pl.DataFrame) -> Platform:
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    address = Address(WHITESPACE.name, DAY)
    provenance = platform.freshness.provenance_of(WHITESPACE, address)
    platform.store.write_table(address, table, provenance)
    return platform


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listed")
    write_world(folder, random_rows(3))
    store(folder, LIST)
    return folder


@pytest.fixture
def gosales(world, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*arguments, "--cutoff", f"{DAY}", "--config", str(world / "gosales.yaml")])
        return code, *capsys.readouterr()

    return run


def ranks(out: str) -> list[str]:
    body = out.partition("─\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in body.splitlines()]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], ["1", "2", "3"]),
        (["--all"], ["1", "2", "3", "4", "5"]),
        (["--rep", "ann "], ["1"]),
        (["--rep", "no rep"], ["3"]),
        (["--region", "NORTH", "--all"], ["1", "4"]),
        (["--division", "Solid Works"], ["2"]),
        (["--division", "simulation,solid_works", "--top", "2"], ["1", "2"]),
    ],
    ids=["selected", "all", "rep", "nobody's", "region", "division", "top"],
)
def test_the_rows_that_are_asked_for_are_shown_in_their_order(gosales, options, wanted):
    code, out, _ = gosales("list", *options)
    assert (code, ranks(out)) == (0, wanted)


def test_figures_are_rounded_and_base_rates_are_told_below_the_rows(gosales):
    _, out, _ = gosales("list", "--rep", "Ben")
    row = next(line for line in out.splitlines() if "Öl & Söhne" in line)
    assert {"12.3", "%", "152"} <= set(row.split())
    assert out.splitlines()[-1] == "Simulation: 2 customers at the base rate of 12.0 %, not ranked"
    assert "A chance is within 6 months after 2024-06-30; money is in USD." in out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rep", "Anne"], "The list has no rep 'Anne'. Did you mean 'Ann'?"),
        (["--region", "Nort"], "The list has no region 'Nort'. Did you mean 'North'?"),
        (["--division", "Simulatoin"], "Did you mean 'Simulation'"),
        (["--division", "Scanning"], "'scanning' is not on the list: it gets no model."),
        (["--columns", "rank,reson"], "'reson'"),
        (["--out", "list.xslx"], "Did you mean '.xlsx'"),
        (["--out", "list"], "Legal: .csv"),
    ],
    ids=["rep", "region", "division", "no target", "column", "suffix", "no suffix"],
)
def test_names_that_nobody_has_are_told_with_the_nearest(gosales, options, told):
    code, out, err = gosales("list", *options)
    assert (code, out) == (2, "")
    assert told in err


def test_an_empty_list_says_so_and_how_to_see_more(gosales, world):
    code, out, _ = gosales("list", "--rep", "Cid")
    assert code == 0
    assert "None of the 1 ranked rows is selected" in out
    config = world / "gosales.yaml"
    assert f"gosales list --cutoff {DAY} --all --config {config}" in out


def test_names_that_have_no_row_together_are_told(gosales):
    code, out, _ = gosales("list", "--rep", "Cid", "--region", "North")
    assert (code, out.splitlines()[-1]) == (0, "The list has no row of rep Cid, region North.")


def test_who_has_no_name_is_called_by_the_id(gosales):
    _, out, _ = gosales("list", "--rep", "no rep", "--columns", "rank,customer_name")
    assert "   3  0003" in out.splitlines()


def test_columns_are_chosen_by_name_or_title_each_once(gosales):
    _, out, _ = gosales("list", "--columns", "Rank,customer,customer_name,score")
    head = out.split("\n\n")[1].splitlines()[0]
    assert head.split() == ["Rank", "Customer", "Score"]


@pytest.mark.parametrize("columns", ["20", "40", "60", "80", "120", "300"])
def test_no_line_is_wider_than_the_terminal_and_what_is_left_out_is_told(
    gosales, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = gosales("list")
    table = out.split("\n\n")[1].splitlines()
    assert max(map(width_of, table)) <= int(columns)
    told = "No room for:" in out
    assert told == ("Rep" not in table[0].split())
    assert len(table) == 5


@pytest.mark.parametrize("room", [12, 30, 50, 80, 100, 1000])
def test_a_table_of_any_text_has_one_line_a_row(room):
    table = list_of(
        *({"customer_name": text, "nba_reason": text, "customer_id": text} for text in HOSTILE)
    )
    columns = shown_columns(["rank", "customer_name", "nba_reason", "ev", "customer_id"], "EUR", 6)
    drawn = draw(table, columns, 0, room)
    assert len(drawn.lines) == len(HOSTILE) + 2
    assert max(map(width_of, drawn.lines)) <= room
    assert not any(sign in line for line in drawn.lines for sign in "\n\t\x1b\u202e\u202a")
    shown = drawn.lines[0].split()
    assert [c.short for c in columns] == [*shown, *drawn.left_out]


def test_figures_are_whole_or_not_there():
    table = list_of({"ev": 123456789.0}, {"customer_name": "x" * 50})
    columns = shown_columns(["customer_name", "ev"], "EUR", 6)
    for room in range(15, 70):
        lines = draw(table, columns, 0, room).lines
        assert lines[2].endswith(" 123,456,789") or "123" not in lines[2]


def test_a_csv_is_what_a_spreadsheet_opens_safely(gosales):
    _, out, err = gosales("list", "--format", "csv", "--columns", "customer_id,customer_name,p_icp")
    # `capsys` reads the byte order mark as a sign.
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert [row["Customer"] for row in rows] == ["'=1+1", "Öl & Söhne", ""]
    assert rows[0]["Customer id"] == "0001"
    assert "Simulation: 3 customers at the base rate of 12.0 %, not ranked" in err


def test_json_has_all_columns_unless_some_are_named(gosales):
    _, out, _ = gosales("list", "--format", "json", "--all")
    lines = json.loads(out)
    assert [line["customer_id"] for line in lines] == ["0001", "0002", "0003", "0004", "0005"]
    assert set(lines[0]) == {*WHITESPACE.schema.columns(), "external_id"}
    _, out, _ = gosales("list", "--format", "json", "--columns", "rank,rep", "--top", "1")
    assert json.loads(out) == [{"rank": 1, "rep": "Ann"}]


@pytest.mark.parametrize("name", ["mine.xlsx", "mine.parquet", "mine.csv", "mine.jsonl"])
def test_a_file_is_written_whole_by_its_name_and_what_was_there_goes(gosales, tmp_path, name):
    path = tmp_path / name
    path.write_text("older and longer " * 10_000)
    code, out, err = gosales("list", "--rep", "Ann", "--all", "--out", str(path))
    assert (code, out) == (0, "")
    assert f"{path}: 2 rows" in err
    assert list(tmp_path.iterdir()) == [path]
    if path.suffix == ".xlsx":
        rows = list(openpyxl.load_workbook(path)["List"].iter_rows(values_only=True))
        assert [row[1] for row in rows[1:]] == ["0001", "0004"]
    elif path.suffix == ".parquet":
        assert pl.read_parquet(path)["rank"].to_list() == [1, 4]
    else:
        assert b"0004" in path.read_bytes()
        assert b"older" not in path.read_bytes()


def test_a_list_that_is_not_there_names_the_command_that_makes_it(tmp_path, capsys):
    write_world(tmp_path, random_rows(1))
    config = str(tmp_path / "gosales.yaml")
    assert main(["list", "--cutoff", f"{DAY}", "--config", config]) == 2
    told = capsys.readouterr().err
    assert f"gosales materialize --select whitespace --cutoffs {DAY} --config {config}" in told
    assert main(["export", "--cutoff", f"{DAY}", "--config", config]) == 2
    told = capsys.readouterr().err
    made = f"gosales materialize --select list_exports --upstream --cutoffs {DAY} --config {config}"
    assert made in told


def store_exports(world, table: pl.DataFrame, **changed) -> None:
    """Store the files of a list as a run does."""
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    settings = platform.settings.delivery.model_copy(update=changed)
    store_bundle(platform, LIST_EXPORTS, build_exports(table.lazy(), TERMS, settings))


def store_page(world, table: pl.DataFrame) -> None:
    """Store the page of a list as a run does."""
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    tables, terms = tables_of(table), terms_of(platform)
    files = build_report(tables, TERMS, terms, platform.settings.delivery)
    store_bundle(platform, LIST_REPORT, files)


def store_bundle(platform: Platform, contract: Contract, files: dict[str, bytes]) -> None:
    """Store files: written, and recorded in the history."""
    address = Address(contract.name, DAY)
    provenance = platform.freshness.provenance_of(contract, address)
    inputs = platform.freshness.inputs.of(contract, address)
    written = platform.store.write_bundle(address, files, provenance, inputs)
    with open_instance(platform) as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                contract.name, partition=f"{DAY}", metadata={CHECKSUM: written.sha256}
            )
        )


def test_why_rows_moved_stands_beside_them_where_it_is_known(gosales, world):
    code, _, err = gosales("list", "--columns", "rank,moved")
    assert code == 2
    assert "list_movement" in err
    moved = pl.DataFrame(
        {"customer_id": ["0002", "0001"], "division": ["solid_works", "simulation"],
         "moved": ["up 3 places", "=down"]}
    )  # fmt: skip
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    address = Address(LIST_MOVEMENT.name, DAY)
    provenance = platform.freshness.provenance_of(LIST_MOVEMENT, address)
    platform.store.write_table(address, moved, provenance)
    code, out, _ = gosales("list", "--columns", "rank,since the last list", "--format", "csv")
    assert code == 0
    rows = list(csv.reader(io.StringIO(out.removeprefix("\ufeff"))))
    assert rows == [
        ["Rank", "Since the last list"],
        ["1", "'=down"],
        ["2", "up 3 places"],
        ["3", ""],
    ]


def test_all_files_are_put_into_a_folder_and_stale_ones_go(gosales, world, tmp_path):
    crm = load_settings(world / "gosales.yaml").delivery.crm.model_copy(update={"rows_per_file": 1})
    kinds = ["workbook", "csv", "crm"]
    store_exports(world, LIST, kinds=kinds, crm=crm)
    folder = tmp_path / "out"
    code, out, _ = gosales("export", "--out", str(folder))
    assert code == 0
    assert f"{folder / 'list.csv'}: 3 rows" in out
    imports = [f"crm-gosales_list-{at}.csv" for at in (1, 2, 3)]
    always = {"list.xlsx", "list.csv", "surfaced.parquet", "exports.json"}
    assert {p.name for p in folder.iterdir()} == {*always, *imports}
    (folder / "own.txt").write_text("mine")
    # The next list has one row: a third file for import would be that of the list before.
    store_exports(world, LIST.head(1), kinds=kinds, crm=crm)
    assert gosales("export", "--kind", "crm", "--out", str(folder))[0] == 0
    assert {p.name for p in folder.iterdir()} == {*always, imports[0], "own.txt"}
    assert openpyxl.load_workbook(folder / "list.xlsx").sheetnames[-1] == "No rep"


def test_the_page_lies_beside_the_files_and_one_of_another_list_is_left_out_and_told(
    gosales, world, tmp_path
):
    folder, page = tmp_path / "out", tmp_path / "out" / "list.html"
    store_exports(world, LIST)
    store_page(world, LIST)
    code, out, err = gosales("export", "--out", str(folder))
    assert code == 0
    assert f"{page}: 3 rows" in out
    assert "left out" not in err
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert (
        gosales("show", "list_report", "--format", "csv")[1]
        .splitlines()[1]
        .startswith(f"{DAY},list.html,report")
    )
    # Another list is stored, with its files, and no page of it.
    store(world, LIST.head(2))
    store_exports(world, LIST.head(2))
    code, out, err = gosales("export", "--out", str(folder))
    named = gosales("export", "--kind", "report", "--out", str(folder))
    store(world, LIST)
    assert code == 0
    assert "report is left out" in err
    assert "is of another list than is stored now" in err
    assert f"gosales materialize --select list_report --cutoffs {DAY}" in err
    # A page of the list before would be taken for this one's.
    assert not page.exists()
    assert named[0] == 2


def test_a_page_that_was_never_made_is_left_out_with_the_command_that_makes_it(
    world, capsys, tmp_path
):
    other = tmp_path / "other"
    write_world(other, random_rows(3))
    store(other, LIST)
    store_exports(other, LIST)
    config, folder = str(other / "gosales.yaml"), tmp_path / "out"
    asked = ["export", "--cutoff", f"{DAY}", "--config", config, "--out", str(folder)]
    assert main(asked) == 0
    told = capsys.readouterr().err
    assert f"gosales materialize --select list_report --upstream --cutoffs {DAY}" in told
    assert main([*asked, "--kind", "report"]) == 2
    assert "has no page yet" in capsys.readouterr().err
    assert not (folder / "list.html").exists()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("crn", "Did you mean 'crm'?"),
        ("crm", "name it in delivery.kinds, then gosales materialize --select list_exports"),
    ],
)
def test_a_kind_that_is_not_there_is_told(gosales, world, tmp_path, kind, told):
    store_exports(world, LIST)
    code, _, err = gosales("export", "--kind", kind, "--out", str(tmp_path / "out"))
    assert code == 2
    assert told in err
    assert not (tmp_path / "out").exists()


def test_damaged_files_are_not_handed_out(gosales, world, tmp_path):
    store_exports(world, LIST)
    stored = world / "gosales_home" / "store" / "list_exports" / f"cutoff={DAY}"
    (path,) = stored.glob("*-list.csv")
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    code, _, err = gosales("export", "--out", str(tmp_path / "out"))
    assert code == 2
    assert "damaged" in err
    assert f"gosales materialize --select list_exports --cutoffs {DAY}" in err


def test_files_that_this_history_did_not_make_are_not_handed_out(world, capsys, tmp_path):
    store_exports(world, LIST)
    other = tmp_path / "other"
    write_world(other, random_rows(3))
    part = f"list_exports/cutoff={DAY}"
    source, target = (f / "gosales_home" / "store" / part for f in (world, other))
    target.mkdir(parents=True)
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    assert main(["export", "--cutoff", f"{DAY}", "--config", str(other / "gosales.yaml")]) == 2
    assert "this run history did not make it" in capsys.readouterr().err


def test_files_of_an_earlier_list_are_not_handed_out(gosales, world, tmp_path):
    store_exports(world, LIST)
    store(world, LIST.head(2))
    code, _, err = gosales("export", "--out", str(tmp_path / "out"))
    store(world, LIST)
    assert code == 2
    assert "is of another list than is stored now" in err
    assert not (tmp_path / "out").exists()


def test_a_card_by_another_hand_removes_nothing_elsewhere(gosales, world, tmp_path):
    store_exports(world, LIST)
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "kept.csv").write_text("mine")
    evil = {"files": [{"file": "../kept.csv", "kind": "csv"}, {"file": 3, "kind": "csv"}]}
    (folder / "exports.json").write_text(json.dumps(evil))
    assert gosales("export", "--out", str(folder))[0] == 0
    assert (tmp_path / "kept.csv").exists()


def test_an_export_says_who_was_put_before_people_and_on_which_day(gosales, world, tmp_path):
    store_exports(world, LIST)
    folder = tmp_path / "out"
    before = dt.datetime.now().astimezone().date()
    assert gosales("export", "--out", str(folder))[0] == 0
    assert f"{folder / 'surfaced.parquet'}: 3 rows" in gosales("export", "--out", str(folder))[1]
    rows = pl.read_parquet(folder / "surfaced.parquet")
    assert rows.select("customer_id", "rep").rows() == [
        ("0001", "Ann"), ("0002", "Ben"), ("0003", None),
    ]  # fmt: skip
    assert set(rows["cutoff"]) == {dt.date(2024, 6, 30)}
    assert set(rows["surfaced_date"]) <= {before, dt.datetime.now().astimezone().date()}


def test_a_file_for_people_alone_surfaces_nothing(gosales, world, tmp_path):
    store_exports(world, LIST)
    assert gosales("export", "--kind", "csv", "--out", str(tmp_path / "out"))[0] == 0
    assert not (tmp_path / "out" / "surfaced.parquet").exists()
    assert gosales("export", "--kind", "surfacing", "--out", str(tmp_path / "log"))[0] == 0
    assert {p.name for p in (tmp_path / "log").iterdir()} == {"surfaced.parquet", "exports.json"}


def test_the_card_of_exports_is_shown_like_a_table(gosales, world):
    store_exports(world, LIST)
    code, out, _ = gosales("show", "list_exports", "--format", "json")
    assert code == 0
    files = json.loads(out)
    assert [(f["file"], f["row_count"]) for f in files] == [
        ("list.csv", 3), ("list.jsonl", 3), ("list.parquet", 3), ("list.xlsx", 3),
    ]  # fmt: skip
