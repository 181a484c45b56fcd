"""The whole graph on a small world, through Dagster, as the command line runs it."""

import csv
import os
import random
import shutil
import subprocess
import sys

import polars as pl
import pyarrow.parquet as pa_parquet
import pytest
from sklearn.metrics import roc_auc_score

from gosales.cli.main import main
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from gosales_resources.store.tables import TableStore
from tests.run.worlds_run import CUTOFFS, OVERRIDES, materialize, stored, up_to
from tests.worlds.erp import HEADER, random_rows, row, write_world

CUTOFF = "2024-06-30"
# What may depend on nothing after its cutoff.
AS_OF = [name for name in CONTRACTS if name not in
         ("labels", "cutoff_metadata", "prevalence", "label_audit", "pooled_rows",
          "forward_validation", "drift", "validation_summary", "list_validation", "list_calls",
          "experiment_readout", "sales_ledger", "list_report", "violations")]  # fmt: skip


def table(folder, name: str, cutoff: str = CUTOFF) -> pl.DataFrame:
    root = folder / "gosales_home" / "store" / name / f"cutoff={cutoff}"
    return pl.concat([pl.read_parquet(p) for p in sorted(root.rglob("*.parquet"))])


def test_every_asset_is_stored_for_the_cutoffs_asked_for(finished):
    platform = Platform.of(load_settings(finished / "gosales.yaml"))
    for name, contract in CONTRACTS.items():
        for cutoff in platform.space.select_cutoffs(CUTOFFS):
            known = platform.settings.divisions
            keys = {
                "cutoff": [None],
                "division_cutoff": known.slugs,
                "target_cutoff": known.targets,
                "listed_cutoff": known.targets,
            }
            for division in keys[contract.partitioned_by]:
                address = Address(name, cutoff, division)
                assert platform.store.has(address), address
                assert platform.freshness.changes(contract, address) == [], address


@pytest.mark.slow
def test_a_second_run_finds_everything_current_and_a_rebuild_leaves_the_same_bytes(
    finished, tmp_path, capsys
):
    shutil.copytree(finished, tmp_path / "w")
    before = stored(tmp_path / "w")
    assert materialize(tmp_path / "w") == 0
    assert "0 asset partitions" in capsys.readouterr().err
    assert materialize(tmp_path / "w", "--rebuild") == 0
    assert stored(tmp_path / "w") == before


@pytest.mark.slow
def test_new_rows_make_anew_what_they_touch_and_only_that(finished, tmp_path):
    folder = tmp_path / "w"
    shutil.copytree(finished, folder)
    before, contents = stored(folder), fact_contents(folder)
    with (folder / "sales_log.csv").open("a", newline="", encoding="utf-8") as handle:
        csv.DictWriter(handle, HEADER, restval="").writerow(row("0007", "2024-02-02"))
    # A row of a quarter that was stored without it: said, and accepted.
    assert materialize(folder) == 1
    assert main(["restatement", "accept", "--config", str(folder / "gosales.yaml")]) == 0
    assert materialize(folder) == 0
    grown = read_log_rows(folder)
    write_world(tmp_path / "whole", grown, OVERRIDES)
    assert materialize(tmp_path / "whole") == 0
    assert stored(folder) == stored(tmp_path / "whole")
    changed = {path for path, digest in stored(folder).items() if before.get(path) != digest}
    assert changed
    assert not {path for path in changed if path.split("cutoff=")[1][:10] < "2023-06-30"}
    # Other divisions of the quarter were looked at: their rows are what they were.
    now = fact_contents(folder)
    assert {key for key in now if now[key] != contents[key]} == {("2024-03-31", "solid_works")}


def fact_contents(folder) -> dict[tuple[str, str | None], str]:
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    facts = CONTRACTS["fact_transactions"]
    keys = platform.space.keys(facts.partitioned_by, platform.space.cutoffs())
    addresses = [Address(facts.name, *key) for key in keys]
    return {(str(a.cutoff), a.division): platform.store.content(a) for a in addresses}


def read_log_rows(folder) -> list[dict[str, str]]:
    with (folder / "sales_log.csv").open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.slow
def test_shuffled_rows_leave_the_same_bytes(finished, tmp_path):
    rows = random_rows()
    write_world(tmp_path, random.Random(9).sample(rows, len(rows)), OVERRIDES)
    assert materialize(tmp_path) == 0
    assert stored(tmp_path) == stored(finished)


@pytest.mark.slow
def test_one_thread_leaves_the_same_bytes_as_two(finished, tmp_path):
    write_world(tmp_path, random_rows(), OVERRIDES)
    command = [sys.executable, "-m", "gosales", "materialize", "--cutoffs", CUTOFFS,
               "--config", str(tmp_path / "gosales.yaml")]  # fmt: skip
    one = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=os.environ | one, capture_output=True)
    assert stored(tmp_path) == stored(finished)


def noisy_future(day: str) -> list[dict[str, str]]:
    """Keep what was known by `day`; replace every later row, and add late postings."""
    known = [r for r in random_rows() if max(r["Rec_Date"], r["Posted"]) <= day]
    ids = sorted({r["CompanyId"] for r in random_rows()})
    noise = [row(i, f"2024-{7 + n % 5:02d}-11", CAD=f"{n * 977}") for n, i in enumerate(ids)]
    late = [row(i, "2023-05-05", Posted="2024-07-01", CAD="99999") for i in ids[::2]]
    return [*known, *noise, *late]


def test_what_comes_after_a_cutoff_moves_no_byte_as_of_it(finished, tmp_path):
    write_world(tmp_path, noisy_future(CUTOFF), OVERRIDES)
    assert materialize(tmp_path) == 0
    mine, theirs = (up_to(stored(f, *AS_OF), CUTOFF) for f in (tmp_path, finished))
    assert mine == theirs
    assert len(mine) > 60
    assert stored(tmp_path, "forward_validation") != stored(finished, "forward_validation")


def test_every_customer_of_the_population_has_a_score_in_every_target(finished):
    population = set(table(finished, "customer_features")["customer_id"])
    for (division,), scores in table(finished, "scores").group_by("division"):
        assert set(scores["customer_id"]) == population, division
        assert scores.height == len(population)


def test_forward_validation_agrees_with_scikit_learn(finished):
    measured = table(finished, "forward_validation").filter(measure="auc", slice="all")
    both = table(finished, "scores").join(
        table(finished, "labels").select("customer_id", "division", "label"),
        on=["customer_id", "division"],
    )
    assert measured["value"].drop_nulls().len()
    for division, value in measured.select("division", "value").rows():
        mine = both.filter(division=division)
        # Rows of one p are ordered by their margin.
        place = mine.select(pl.struct("p_icp", "margin").rank("dense")).to_series()
        assert value == pytest.approx(roc_auc_score(mine["label"], place))


def test_the_list_holds_exactly_the_eligible_and_no_owner(finished):
    signals, ranked = table(finished, "whitespace_signals"), table(finished, "whitespace")
    eligible = signals.filter("is_eligible").select("customer_id", "division").rows()
    assert sorted(ranked.select("customer_id", "division").rows()) == sorted(eligible)
    assert ranked["rank"].to_list() == list(range(1, ranked.height + 1))


@pytest.mark.slow
def test_before_any_label_matures_there_is_no_model_and_it_says_so(tmp_path):
    write_world(tmp_path, random_rows(), OVERRIDES)
    assert materialize(tmp_path, cutoffs="2023-03-31") == 0
    assert table(tmp_path, "scores", "2023-03-31")["p_icp"].null_count() > 0
    reasons = table(tmp_path, "whitespace_signals", "2023-03-31")["ineligible_reason"]
    assert set(reasons) == {"owned", "no_model"}
    assert table(tmp_path, "whitespace", "2023-03-31").is_empty()
    statuses = set(table(tmp_path, "forward_validation", "2023-03-31")["status"])
    assert "no_model" in statuses <= {"no_model", "empty"}


@pytest.mark.slow
def test_an_interrupted_run_is_healed_by_the_next(finished, tmp_path, monkeypatch, capsys):
    write_world(tmp_path, random_rows(), OVERRIDES)
    written, original = [], TableStore.write_table

    def interrupted(self, address, frame, *more):
        written.append(address)
        if len(written) == 70:
            raise KeyboardInterrupt
        return original(self, address, frame, *more)

    monkeypatch.setattr(TableStore, "write_table", interrupted)
    assert materialize(tmp_path) == 130
    assert "run the same command again" in capsys.readouterr().err
    monkeypatch.undo()
    assert materialize(tmp_path) == 0
    assert stored(tmp_path) == stored(finished)


@pytest.mark.parametrize("disk", ["store", "staging"])
def test_a_full_disk_is_one_clear_error_and_leaves_nothing_half_written(
    tmp_path, monkeypatch, capsys, disk
):
    write_world(tmp_path, random_rows(20), OVERRIDES)
    whole, in_parts = pl.DataFrame.write_parquet, pa_parquet.ParquetWriter.write_table

    def refuse(file):
        if f"gosales_home/{disk}" in str(file):
            raise OSError(28, "No space left on device")

    def full(self, file, **options):
        whole(self, file, **options)
        refuse(file)

    def full_in_parts(self, table, **options):
        in_parts(self, table, **options)
        refuse(self.where)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    monkeypatch.setattr(pa_parquet.ParquetWriter, "write_table", full_in_parts)
    assert materialize(tmp_path) == 1
    told = capsys.readouterr().err
    assert "no space left" in told.lower()
    assert "Traceback" not in told
    root = tmp_path / "gosales_home" / "store"
    left = [p for p in root.rglob("*") if p.is_file() and p.parent.name != "settings"]
    assert not left


@pytest.mark.slow
def test_nothing_is_published_on_top_of_a_failed_check_until_it_is_mended(
    finished, tmp_path, monkeypatch, capsys
):
    shutil.copytree(finished, tmp_path / "w")
    folder, original = tmp_path / "w", TableStore.write_table

    def spoiled(self, address, frame, *more):
        if address.asset == "scores" and address.division == "simulation":
            frame = frame.with_columns(p_icp=pl.col("p_icp") + 5)
        return original(self, address, frame, *more)

    monkeypatch.setattr(TableStore, "write_table", spoiled)
    assert materialize(folder, "--select", "scores") == 1
    monkeypatch.undo()
    # The check gated its own run; a run of what comes after it must refuse by itself.
    before = stored(folder, "whitespace")
    capsys.readouterr()
    assert materialize(folder, "--select", "whitespace") == 1
    told = capsys.readouterr().err
    assert "scores[2024-06-30|simulation]: scores_keeps_contract failed" in told
    assert "rematerialise" in told
    assert stored(folder, "whitespace") == before
    # One cutoff is mended, one division at a time, by runs of a single partition.
    assert materialize(folder, "--select", "scores", "--divisions", "simulation",
                       cutoffs="2024-06-30") == 0  # fmt: skip
    assert materialize(folder, "--select", "whitespace", cutoffs="2024-06-30") == 0
    assert materialize(folder, "--select", "whitespace", cutoffs="2024-03-31") == 1
    assert materialize(folder, "--select", "scores") == 0
    assert materialize(folder, "--select", "whitespace") == 0
    assert stored(folder) == stored(finished)
