"""Modes, violations, the announced schema, staleness and checksums, on the small world's runs."""

import datetime as dt
import json
import shutil

import polars as pl
import pytest

import gosales_assets.platform.platform
from gosales.cli.main import main
from gosales_assets.operations.batches import Batch
from gosales_assets.operations.instance import history_of
from gosales_assets.operations.narrowing import Narrowing
from gosales_assets.operations.plan import Request, plan
from gosales_assets.operations.status import status_of
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import Verdicts
from gosales_checks.contracts.contract import conform
from gosales_checks.contracts.registry import STAGING
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.run.worlds_run import CUTOFFS, OVERRIDES, materialize, stored
from tests.worlds.erp import HEADER, SETTINGS, random_rows, write_world

CUTOFF = "2024-06-30"
DAY = dt.date(2024, 6, 30)


def gosales(folder, *arguments: str) -> int:
    return main([*arguments, "--config", str(folder / "gosales.yaml")])


@pytest.fixture
def world(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "w")
    return tmp_path / "w"


@pytest.fixture
def spoiled(monkeypatch):
    """Let a line of each increment be ordered after it was known, and two share their key."""

    def spoil(contract, frame):
        made = conform(contract, frame)
        if contract.name != "sales_log":
            return made
        number = pl.int_range(pl.len())
        late = pl.when(number == 0).then(pl.date(2025, 1, 1)).otherwise("order_date")
        before = pl.col("transaction_id").shift(1)
        key = pl.when(number == 2).then(before).otherwise("transaction_id")
        return made.with_columns(order_date=late, transaction_id=key)

    monkeypatch.setattr(gosales_assets.platform.platform, "conform", spoil)


def violations(folder, cutoff: str = CUTOFF) -> pl.DataFrame:
    path = f"violations/cutoff={cutoff}/part-0.parquet"
    return pl.read_parquet(folder / "gosales_home" / "store" / path)


def platform_of(folder, **changed) -> Platform:
    return Platform.of(load_settings(folder / "gosales.yaml", changed))


def left_of(platform: Platform, request: Request, log: dict | None = None) -> list[Batch]:
    """List the runs of a plan less what is current, as a dry run does."""
    with history_of(platform) as instance:
        dry = Narrowing(platform, instance, log, is_dry=True)
        return [part for batch in plan(platform, request) for part in dry.left(batch)]


def test_strict_stops_at_a_breach_and_shows_the_rows(world, spoiled, capsys):
    assert materialize(world, "--rebuild", cutoffs=CUTOFF) == 1
    told = capsys.readouterr().err
    assert f"rows: gosales show violations --cutoff {CUTOFF}" in told
    found = violations(world)
    counts = dict(found.select("rule", "rows").unique().rows())
    assert counts == {"visible_not_before_ordered": 1, "primary_key": 2}
    assert set(found["outcome"]) == {"blocked"}
    line = found.filter(rule="visible_not_before_ordered")["raw"].item()
    assert json.loads(line)["order_date"] == "2025-01-01"


@pytest.mark.slow
def test_fail_soft_quarantines_the_rows_and_goes_on(tmp_path, spoiled, capsys):
    write_world(tmp_path, random_rows(), OVERRIDES | {"mode": "fail_soft"})
    assert materialize(tmp_path) == 0
    assert "sales log keeps contract" in capsys.readouterr().err
    found = violations(tmp_path)
    assert set(found.select("table", "rule", "rows", "outcome").rows()) == {
        ("sales_log", "primary_key", 1, "quarantined"),
        ("sales_log", "visible_not_before_ordered", 1, "quarantined"),
    }
    assert any("whitespace/" in path for path in stored(tmp_path))
    # What was offered is what is stored and what was kept apart.
    store = tmp_path / "gosales_home" / "store"
    place = f"sales_log/cutoff={CUTOFF}"
    kept = pl.read_parquet(store / place / "part-0.parquet").height
    apart = pl.read_parquet(store / "quarantine" / place / "*.parquet").height
    platform = platform_of(tmp_path)
    ledger = platform.store.scan_table(Address("sales_ledger", DAY), None).collect()
    assert apart == 2
    assert kept + apart == ledger["lines_loaded"].sum()


@pytest.mark.slow
def test_a_clean_world_is_the_same_in_both_modes_but_for_its_provenance(finished, tmp_path):
    write_world(tmp_path, random_rows(), OVERRIDES | {"mode": "fail_soft"})
    assert materialize(tmp_path) == 0
    assert not (tmp_path / "gosales_home" / "store" / "quarantine").exists()
    assert violations(tmp_path).is_empty()
    for name in ("sales_log", "dim_customer", "whitespace"):
        path = f"gosales_home/store/{name}/cutoff={CUTOFF}/part-0.parquet"
        assert pl.read_parquet(tmp_path / path).equals(pl.read_parquet(finished / path))


def test_an_unannounced_column_stops_the_log_and_an_announced_one_does_not(world, capsys):
    assert gosales(world, "schema", "diff") == 0
    assert gosales(world, "schema", "accept") == 0
    assert gosales(world, "schema", "diff") == 0
    assert materialize(world, "--staging-only", cutoffs=CUTOFF) == 0
    log = world / "sales_log.csv"
    lines = log.read_text(encoding="utf-8").splitlines()
    lines = [lines[0] + ",More_Qty", *(line + "," for line in lines[1:])]
    log.write_text("\r\n".join(lines), encoding="utf-8")
    # The log itself takes a column that is said to be ignored.
    ignored = ("--set", "source.sales_log.ignored_columns=[More_Qty]")
    capsys.readouterr()
    assert gosales(world, "schema", "diff", *ignored) == 1
    assert "raw sales_log: column More_Qty added (text)" in capsys.readouterr().out
    assert materialize(world, "--staging-only", *ignored, cutoffs=CUTOFF) == 1
    assert gosales(world, "schema", "accept", *ignored) == 0
    assert materialize(world, "--staging-only", *ignored, cutoffs=CUTOFF) == 0


@pytest.mark.slow
def test_a_column_of_no_sku_is_a_finding_until_it_is_accepted_or_the_taxonomy_names_it(
    world, capsys
):
    log, taxonomy = world / "sales_log.csv", world / "taxonomy.csv"
    lines = log.read_text(encoding="utf-8").splitlines()
    lines = [lines[0] + ",Scanner", *(line + ",5" for line in lines[1:])]
    log.write_text("\r\n".join(lines), encoding="utf-8")
    staging = ("--staging-only", "--rebuild")
    assert materialize(world, *staging, cutoffs=CUTOFF) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "schema as announced" in told
    assert "nothing is read of column Scanner" in told
    assert gosales(world, "schema", "accept") == 0
    assert materialize(world, "--staging-only", cutoffs=CUTOFF) == 0
    log_lines = platform_of(world).store.scan_table(Address("sales_log", DAY), None)
    assert "Scanner" not in log_lines.collect()["sku"].to_list()
    taxonomy.write_text(taxonomy.read_text() + "Scanner,Scanning,f,new\n")
    assert gosales(world, "schema", "diff") == 0
    # What nobody read of the past is read now: a restatement, and no rows out of nowhere.
    assert materialize(world, "--staging-only", cutoffs=CUTOFF) == 1
    assert gosales(world, "restatement", "accept") == 0
    assert materialize(world, "--staging-only", cutoffs=CUTOFF) == 0
    log_lines = platform_of(world).store.scan_table(Address("sales_log", DAY), None)
    assert "Scanner" in log_lines.collect()["sku"].to_list()


def test_a_division_at_its_base_rate_has_no_lift_that_could_be_too_low(finished):
    platform = platform_of(finished)
    scores = pl.concat(
        platform.store.scan_table(Address("scores", DAY, name), None)
        for name in platform.settings.divisions.targets
    ).collect()
    with history_of(platform) as instance:
        found = Verdicts(instance, platform.space, platform.store).latest(
            FORWARD_VALIDATION, "lift_above_floor"
        )
    at_base_rate = scores.filter(model_status="prior")["division"].unique().to_list()
    assert at_base_rate
    assert all(found[f"{CUTOFF}|{name}"].passed for name in at_base_rate)


@pytest.mark.slow
def test_a_feature_more_is_an_unannounced_change_of_its_tables_alone(world, capsys):
    assert gosales(world, "schema", "accept") == 0
    capsys.readouterr()
    longer = ("--set", "features.windows_months=[3,6,12,24,36]")
    assert materialize(world, "--select", "customer_features", *longer, cutoffs=CUTOFF) == 1
    told = capsys.readouterr().err
    table = told.partition("Does not hold")[2].partition("\nrows: ")[0]
    assert "schema as announced" in table
    assert "customer_features," in table
    assert "dim_customer" not in told


def test_the_plan_remakes_what_a_moved_route_touches_and_nothing_else(world):
    moved = SETTINGS["source"]["taxonomy"]["routes"][0] | {"when_source_division": "Elsewhere"}
    changed = {"source": {"taxonomy": {"routes": [moved]}}}
    platform = platform_of(world, **changed)
    batches = left_of(platform, Request((DAY,)))
    # Its lines are read anew; whose facts change is known when they are written.
    assert "sales_log" in {name for b in batches for name in b.assets}
    assert "dim_product" not in {name for b in batches for name in b.assets}
    with history_of(platform) as instance:
        found = list(status_of(platform, instance, platform.space.cutoffs()))
    stale = {status.address for status in found if status.state == "stale"}
    assert {a.division for a in stale if a.asset == "fact_transactions"} == {
        "scanning",
        "simulation",
    }
    assert {a.division for a in stale if a.asset == "labels"} == {"simulation"}


def test_what_is_current_is_left_alone_though_its_run_makes_something_else(world):
    platform = platform_of(world, features={"als": {"factors": 3}})
    batches = left_of(platform, Request((DAY,)))
    made = {name for batch in batches for name in batch.assets}
    assert made >= {"embeddings", "customer_features", "division_features", "features"}
    assert not made & {"affinity_rules", "labels", "dim_customer"}


def test_status_names_the_setting_that_makes_a_table_stale(world, capsys):
    assert gosales(world, "status", "--cutoffs", CUTOFF, "--set", "whitespace.weight_ev=0.3") == 0
    stale = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stale:")]
    assert f"stale: whitespace {CUTOFF}..{CUTOFF}: whitespace" in stale
    made_of_it = {
        "whitespace", "list_metrics", "list_arms", "whitespace_slices", "score_changes",
        "list_movement", "list_stability", "list_exports", "surfaced", "list_validation",
        "experiment_readout", "list_calls", "list_report",
    }  # fmt: skip
    assert {line.split()[1] for line in stale} == {*made_of_it, "violations"}


def test_rebuild_makes_what_a_first_run_would_and_leaves_the_same_bytes(world, finished, tmp_path):
    write_world(tmp_path / "new", random_rows(), OVERRIDES)
    asked = Request(tuple(platform_of(world).space.select_cutoffs(CUTOFFS)))
    new = platform_of(tmp_path / "new")
    assert left_of(new, asked, log={}) == plan(
        platform_of(world), Request(asked.cutoffs, rebuild=True)
    )
    assert materialize(world, "--staging-only", "--rebuild", cutoffs=CUTOFF) == 0
    assert stored(world) == stored(finished)


def test_staging_only_makes_the_staging_tables(tmp_path):
    write_world(tmp_path, random_rows(30), OVERRIDES)
    assert materialize(tmp_path, "--staging-only") == 0
    assert {path.split("/")[0] for path in stored(tmp_path)} == set(STAGING)


def test_verify_finds_the_file_that_was_changed_the_one_that_is_gone_and_the_stranger(
    world, capsys
):
    assert gosales(world, "verify") == 0
    store = world / "gosales_home" / "store"
    changed = store / "whitespace" / f"cutoff={CUTOFF}" / "part-0.parquet"
    changed.write_bytes(changed.read_bytes() + b"x")
    shutil.rmtree(store / "dim_customer" / f"cutoff={CUTOFF}")
    bundle = store / "model" / f"cutoff={CUTOFF}" / "division=simulation"
    part = next(path for path in bundle.iterdir() if path.name != "bundle.json")
    part.write_bytes(b"tampered")
    capsys.readouterr()
    assert gosales(world, "verify") == 1
    told = capsys.readouterr().out
    assert "2 differs" in told
    assert "1 missing" in told
    assert f"gosales materialize --select whitespace --cutoffs {CUTOFF}" in told
    assert gosales(world, "verify", "labels") == 0


@pytest.mark.slow
def test_half_the_usual_rows_warn_and_stop_nothing(tmp_path, capsys):
    rows = random_rows()
    newest = [r for r in rows if max(r["Rec_Date"], r["Posted"]) > "2024-09-30"]
    rest = [r for r in rows if r not in newest]
    write_world(tmp_path, [*rest, *newest[: len(newest) // 4]], OVERRIDES)
    assert materialize(tmp_path, "--staging-only", cutoffs="2023-03-31..2024-12-31") == 0
    told = capsys.readouterr().err
    (line,) = [one for one in told.splitlines() if one.startswith("row count usual ")]
    assert "sales_ledger, 2024-12-31" in line
    assert "see whether the export is whole" in line
    assert "rows: gosales show sales_ledger --cutoff 2024-12-31" in told


@pytest.mark.slow
def test_a_window_past_the_calendars_end_is_censored_however_complete_the_log(tmp_path):
    # Its increments do not exist: labels would all be 0 and look mature.
    ends = SETTINGS["calendar"] | {"end": CUTOFF}
    write_world(tmp_path, random_rows(40), OVERRIDES | {"calendar": ends})
    assert materialize(tmp_path, cutoffs=CUTOFF) == 0
    window = platform_of(tmp_path).store.scan_table(Address("cutoff_metadata", DAY), None).collect()
    assert window["is_censored"].to_list() == [True]


def test_the_header_of_the_world_is_what_is_announced(world):
    assert gosales(world, "schema", "accept") == 0
    announced = json.loads((world / "schema_snapshot.json").read_text(encoding="utf-8"))
    (header,) = announced["sources"]["sales_log"]
    assert header == [[name, "text"] for name in HEADER]
    features = dict(announced["tables"]["features"]["columns"])
    assert (
        features["recency__all__log1p_days__asof"] == "Float64" if len(features) < 6 else features
    )
