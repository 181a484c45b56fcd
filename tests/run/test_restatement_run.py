"""A past that is not what was stored: told with both states, and in strict mode a stop until accepted."""

import json

import pytest

from gosales.cli.main import main
from gosales_checks.contracts.registry import STAGING
from tests.run.worlds_run import materialize, stored
from tests.worlds.erp import SETTINGS, row, write_world

CUTOFFS = "2023-03-31..2023-09-30"
MONTHS = ("2023-02", "2023-05", "2023-08")


def rows() -> list[dict[str, str]]:
    return [
        row(f"{n:03d}", f"{month}-{n + 1:02d}", Posted="", CAD=f"${n + 1},000.00")
        for month in MONTHS
        for n in range(20)
    ]


def load(folder, *more: str) -> int:
    return materialize(folder, "--staging-only", *more, cutoffs=CUTOFFS)


def gosales(folder, *arguments: str) -> int:
    return main([*arguments, "--config", str(folder / "gosales.yaml")])


@pytest.fixture
def loaded(tmp_path):
    write_world(tmp_path, rows())
    assert load(tmp_path) == 0
    return tmp_path


def overwritten() -> list[dict[str, str]]:
    found = rows()
    found[3] |= {"CAD": "$1.00"}
    return found


def test_a_lost_row_stops_every_run_until_it_is_accepted_and_the_acceptance_is_recorded(
    loaded, capsys
):
    write_world(loaded, rows()[1:])
    assert load(loaded) == 1
    told = capsys.readouterr().err
    assert "2023-03-31: the past is not what was stored: 20 -> 19 rows" in told
    assert "gross profit 210,000.00 -> 209,000.00" in told
    assert load(loaded) == 1
    assert gosales(loaded, "restatement", "diff") == 1
    assert gosales(loaded, "restatement", "accept") == 0
    record = json.loads((loaded / "accepted_restatements.json").read_text(encoding="utf-8"))
    assert [one["cutoff"] for one in record["accepted"]] == ["2023-03-31"]
    assert load(loaded) == 0
    assert gosales(loaded, "restatement", "diff") == 0


@pytest.mark.slow
def test_what_is_put_back_is_as_it_was_and_nothing_is_kept_of_it(loaded):
    before = stored(loaded, *STAGING, "past")
    write_world(loaded, overwritten())
    assert load(loaded) == 1
    assert stored(loaded, "past")
    write_world(loaded, rows())
    assert load(loaded) == 0
    assert stored(loaded, *STAGING, "past") == before


@pytest.mark.slow
def test_in_fail_soft_a_restated_past_warns_and_the_run_goes_on(tmp_path, capsys):
    write_world(tmp_path, rows(), {"mode": "fail_soft"})
    assert load(tmp_path) == 0
    write_world(tmp_path, overwritten(), {"mode": "fail_soft"})
    assert load(tmp_path) == 0
    told = capsys.readouterr().err
    assert "past as stored" in told
    assert "sales_ledger, 2023-03-31" in told


@pytest.mark.slow
def test_a_run_that_was_killed_after_it_replaced_a_table_does_not_hide_the_change(
    loaded, monkeypatch
):
    from gosales_assets.star.past import LogPast

    def killed(*_):
        raise KeyboardInterrupt

    write_world(loaded, overwritten())
    with monkeypatch.context() as patched:
        patched.setattr(LogPast, "settle", killed)
        assert load(loaded) == 130
    assert load(loaded) == 1
    assert load(loaded) == 1


@pytest.mark.slow
def test_the_same_rows_in_another_file_and_order_restate_nothing(loaded):
    write_world(loaded, list(reversed(rows())))
    (loaded / "sales_log.csv").rename(loaded / "renamed.csv")
    assert load(loaded, "--set", "source.sales_log.path=renamed.csv") == 0


@pytest.mark.slow
def test_a_sku_moved_by_the_taxonomy_is_told_as_such_and_stops_nothing(loaded, capsys):
    taxonomy = loaded / "taxonomy.csv"
    text = taxonomy.read_text(encoding="utf-8")
    taxonomy.write_text(text.replace("CAD,Solid Works", "CAD,Scanning"), encoding="utf-8")
    assert load(loaded) == 0
    told = capsys.readouterr().err
    assert "2023-03-31: 20 line(s) are of another division than before, by the taxonomy" in told


@pytest.mark.slow
def test_rows_that_arrive_after_the_log_ended_restate_nothing_and_late_ones_do(tmp_path):
    write_world(tmp_path, rows()[:50])
    assert load(tmp_path) == 0
    write_world(tmp_path, rows())
    assert load(tmp_path) == 0
    write_world(tmp_path, [*rows(), row("late", "2023-02-03", Posted="")])
    assert load(tmp_path) == 1


@pytest.mark.slow
def test_a_late_row_with_its_recording_date_restates_nothing(loaded):
    write_world(loaded, [*rows(), row("late", "2023-02-03", Posted="2023-08-25")])
    assert load(loaded) == 0


@pytest.mark.slow
def test_a_corrected_reject_restates_nothing(tmp_path):
    (tmp_path / "fixes.csv").write_text("reject_id,column,value\n", encoding="utf-8")
    log = {"corrections": "fixes.csv"}
    bad = row("bad", "2023-02-03", Posted="", CAD="TBD")
    settings = {"source": SETTINGS["source"] | {"sales_log": SETTINGS["source"]["sales_log"] | log}}
    write_world(tmp_path, [*rows(), bad], settings)
    assert load(tmp_path) == 0
    name = reject_id(tmp_path)
    (tmp_path / "fixes.csv").write_text(f"reject_id,column,value\n{name},CAD,5\n", encoding="utf-8")
    assert load(tmp_path) == 0


def reject_id(folder) -> str:
    import polars as pl

    root = folder / "gosales_home" / "store" / "sales_log_rejects"
    return pl.read_parquet(root, glob=True)["reject_id"].item()


@pytest.mark.slow
def test_attributes_overwritten_in_place_stop_a_run_until_accepted_and_a_new_customer_does_not(
    loaded, capsys
):
    def made() -> int:
        return materialize(loaded, "--select", "dim_customer", "--upstream", cutoffs="2023-03-31")

    assert made() == 0
    customers = loaded / "customers.csv"
    text = customers.read_text(encoding="utf-8")
    customers.write_text(text + "new,New,Aero,7\n", encoding="utf-8")
    assert made() == 0
    customers.write_text(text.replace("Aero", "Space") + "new,New,Aero,7\n", encoding="utf-8")
    assert made() == 1
    assert "have other attributes (industry" in capsys.readouterr().err
    assert made() == 1
    assert gosales(loaded, "restatement", "accept") == 0
    assert made() == 0
