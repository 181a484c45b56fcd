"""The gauntlet passes clean code, names what reads around the cutoff, and leaves the user's store alone."""

import dagster as dg
import polars as pl
import pytest

from gosales.cli.main import main
from gosales_assets.accounts.observations import SeenDates
from gosales_assets.operations.gauntlet.leak_check import NAMES
from gosales_assets.operations.instance import open_instance
from gosales_assets.platform.platform import Platform
from gosales_checks.verdicts.leakage import NO_LEAK
from gosales_resources.settings.loading import load_settings
from tests.run.test_future import CUSTOMERS, CUTOFF, side_tables
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.accounts import side_world
from tests.worlds.erp import random_rows


@pytest.fixture
def world(tmp_path):
    rows = random_rows(40)
    side_world(tmp_path, side_tables(True), {"customers": CUSTOMERS}, log_rows=rows, **OVERRIDES)
    return tmp_path


def gauntlet(world, only: str, to: str) -> int:
    options = ["--cutoff", CUTOFF, "--only", only, "--to", to, "--out", str(world / "report.md")]
    return main(["gauntlet", "--config", str(world / "gosales.yaml"), *options])


@pytest.mark.slow
def test_clean_code_passes_and_nothing_is_written_to_the_users_store(world):
    assert gauntlet(world, "alone_against_together,future_perturbation", "dim_customer") == 0
    report = (world / "report.md").read_text(encoding="utf-8")
    assert "2 PASS, 0 FAIL, 0 NOT RUN" in report
    assert "Not tested, taken as they are: taxonomy" in report.replace("\\", "")
    assert not (world / "gosales_home" / "store").exists()


def all_of_them(self, cutoff):
    """Take a population of the future, its dates clipped: a leak."""
    dates = pl.col("first_seen_date", "last_seen_date", "last_purchase_date")
    return (
        self.spans.group_by("customer_id")
        .agg(dates.max().clip(upper_bound=cutoff))
        .sort("customer_id")
    )


def test_a_population_of_the_future_with_its_dates_clipped_is_named(world, monkeypatch):
    monkeypatch.setattr(SeenDates, "at", all_of_them)
    assert gauntlet(world, "alone_against_together", "dim_customer") == 1
    assert "dim_customer (" in (world / "report.md").read_text(encoding="utf-8")


def test_what_could_not_be_looked_at_is_not_run_and_no_success(world):
    assert gauntlet(world, "alone_against_stored", "dim_customer") == 1
    assert "1 NOT RUN" in (world / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_clean_code_passes_all_tests_up_to_the_list(world):
    options = ["--config", str(world / "gosales.yaml"), "--cutoff", CUTOFF]
    assert main(["gauntlet", *options]) == 0


@pytest.fixture
def guarded(world, monkeypatch):
    monkeypatch.setenv("GOSALES_OPERATION__GAUNTLET_FIRST", "true")
    return world


def number_of_tests(world, cutoff: str) -> int:
    """Count what the check of one target said of."""
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    key = dg.AssetCheckKey(dg.AssetKey("leakage_report"), NO_LEAK)
    with open_instance(platform) as instance:
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=50)
    evaluations = [r.event.dagster_event.event_specific_data for r in records if r.event]
    of_cutoff = [e for e in evaluations if e.partition == f"{cutoff}|solid_works"]
    said = str(of_cutoff[0].description).partition("; not run: ")
    return int(said[0].split()[0]) + len([name for name in said[2].split(",") if name])


@pytest.mark.slow
def test_before_a_first_promotion_the_whole_gauntlet_runs_and_not_before_the_next(guarded):
    assert materialize(guarded, "--select", "promotion", "--upstream") == 0
    report, gauntlet = 4, len(NAMES)
    assert number_of_tests(guarded, CUTOFF) == report + gauntlet
    assert number_of_tests(guarded, "2024-06-30") == report


@pytest.mark.slow
def test_a_leak_stops_the_first_promotion_and_a_second_try(guarded, monkeypatch, capsys):
    monkeypatch.setattr(SeenDates, "at", all_of_them)
    for _ in range(2):
        assert materialize(guarded, "--select", "promotion", "--upstream") == 1
        assert "alone_against_together" in capsys.readouterr().err
    assert not stored(guarded, "promotion")
    assert stored(guarded, "leakage_report")
