"""The gauntlet passes clean code, names what reads around the cutoff, and leaves the user's store alone."""

import polars as pl
import pytest

from gosales.cli.main import main
from gosales_assets.accounts.observations import SeenDates
from tests.run.test_future import CUSTOMERS, CUTOFF, side_tables
from tests.run.worlds_run import OVERRIDES
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


def test_a_population_of_the_future_with_its_dates_clipped_is_named(world, monkeypatch):
    def all_of_them(self, cutoff):
        dates = pl.col("first_seen_date", "last_seen_date", "last_purchase_date")
        return (
            self.spans.group_by("customer_id")
            .agg(dates.max().clip(upper_bound=cutoff))
            .sort("customer_id")
        )

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
