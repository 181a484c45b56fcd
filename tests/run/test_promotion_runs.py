"""Which model scores, through whole runs: a worse challenger, a rollback, and what is stale then."""

import dataclasses
import shutil

import polars as pl
import pytest

import gosales_assets.models.assets
from gosales.cli.main import main
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.bundle.table_files import table_bytes
from gosales_assets.models.training.training import train_model
from gosales_assets.operations.instance import history_of
from gosales_assets.operations.status import status_of
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.models import PROMOTION
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import random_rows, write_world

pytestmark = pytest.mark.slow

# The first model of the range has met its outcome at the last.
FIRST, LAST = "2023-12-31", "2024-06-30"
DIVISION = "simulation"


def gosales(folder, *arguments: str) -> int:
    return main([*arguments, "--config", str(folder / "gosales.yaml")])


def decision(folder, cutoff: str = LAST) -> dict:
    path = f"promotion/cutoff={cutoff}/division={DIVISION}/part-0.parquet"
    return pl.read_parquet(folder / "gosales_home" / "store" / path).row(0, named=True)


def scoring_model(folder, cutoff: str = LAST) -> set[str]:
    path = f"scores/cutoff={cutoff}/division={DIVISION}/part-0.parquet"
    return set(pl.read_parquet(folder / "gosales_home" / "store" / path)["model_id"])


def stale(folder) -> set[tuple[str, str | None]]:
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    cutoffs = platform.space.select_cutoffs(LAST)
    with history_of(platform) as instance:
        found = list(status_of(platform, instance, cutoffs))
    return {(s.address.asset, s.address.division) for s in found if s.state == "stale"}


@pytest.fixture(scope="module")
def two_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two_models")
    write_world(folder, random_rows(1000), OVERRIDES)
    assert materialize(folder, cutoffs=FIRST) == 0
    assert materialize(folder, cutoffs=LAST) == 0
    return folder


@pytest.fixture
def world(two_models, tmp_path):
    shutil.copytree(two_models, tmp_path / "w")
    return tmp_path / "w"


def test_a_new_model_that_is_not_worse_scores_and_says_so(two_models):
    first, last = decision(two_models, FIRST), decision(two_models)
    assert first["champion_id"] is None
    assert last["champion_id"] == first["model_id"]
    assert last["model_id"] == last["challenger_id"]
    assert str(last["judged_at"]) == FIRST
    assert last["difference_low"] <= last["difference"] <= last["difference_high"]
    assert scoring_model(two_models) == {last["model_id"]}
    assert scoring_model(two_models, FIRST) == {first["model_id"]}


def test_a_worse_challenger_leaves_the_champion_scoring(world, monkeypatch, capsys):
    def turned(*args, **kwargs):
        made = train_model(*args, **kwargs)
        if made.held_out is None or str(kwargs["cutoff"]) != LAST:
            return made
        # A training that went wrong: its predictions rank the wrong way round.
        # (Not all on one curve: that would be another fault, and told as it.)
        aside = pl.col("ties") % 7 * 1e-3
        held = read_held_out(made.to_files()).with_columns(
            p=0.9 - pl.col("label") * 0.8 + aside,
            margin=-pl.col("label") - pl.col("ties") % 5 * 1e-3,
        )
        return dataclasses.replace(made, held_out=table_bytes(held))

    monkeypatch.setattr(gosales_assets.models.assets, "train_model", turned)
    assert materialize(world, "--rebuild", cutoffs=LAST) == 0
    found = decision(world)
    assert found["decision"] == "kept"
    assert "ranks worse" in found["reason"]
    assert found["model_id"] == decision(world, FIRST)["model_id"] != found["challenger_id"]
    assert scoring_model(world) == {found["model_id"]}
    capsys.readouterr()
    assert gosales(world, "model", "list", DIVISION) == 0
    told = capsys.readouterr().out
    assert f"{FIRST}, {LAST}" in told
    assert "nowhere" in told


def test_a_rollback_changes_who_scores_and_makes_what_follows_stale_until_released(world, capsys):
    before = stored(world)
    first = decision(world, FIRST)["model_id"]
    rollback = ("model", "rollback", DIVISION, "--cutoff", LAST, "--to", FIRST)
    assert gosales(world, *rollback, "--reason", "reps do not trust it") == 0
    found = decision(world)
    assert (found["decision"], found["model_id"]) == ("pinned", first)
    assert "reps do not trust it" in found["reason"]
    # `violations` looks at every table; the page has a card of the model that scores.
    changed = {"scores", "drift", "score_changes", "list_report", "violations"}
    assert {name for name, _ in stale(world)} == changed
    assert materialize(world, cutoffs=LAST) == 0
    assert scoring_model(world) == {first}
    assert stale(world) == set()
    # What was made from the other scores is another table now.
    after = stored(world)
    changed = {path.split("/")[0] for path in after if before.get(path) != after[path]}
    assert {
        "promotion",
        "scores",
        "whitespace_signals",
        "whitespace",
        "forward_validation",
    } <= changed
    others = {p for p in after if before.get(p) != after[p] and "solid_works" in p}
    # Its rows have other ranks on the list.
    assert {path.split("/")[0] for path in others} == {"whitespace_slices"}
    # Making it anew keeps a person's choice; releasing it gives every byte back.
    assert materialize(world, "--select", "promotion", cutoffs=LAST) == 0
    assert decision(world)["decision"] == "pinned"
    assert gosales(world, "model", "release", DIVISION, "--cutoff", LAST) == 0
    assert materialize(world, cutoffs=LAST) == 0
    assert stored(world) == before


def test_a_rollback_to_a_model_that_is_not_there_says_which_are(world, capsys):
    rollback = ("model", "rollback", DIVISION, "--cutoff", LAST, "--to", "2024-03-31")
    assert gosales(world, *rollback) == 1
    told = capsys.readouterr().err
    assert "no model of 2024-03-31 may score here" in told
    assert FIRST in told
    assert gosales(world, "model", "rollback", "simulatoin", "--cutoff", LAST, "--to", FIRST) == 2
    assert "Did you mean 'Simulation'?" in capsys.readouterr().err


def test_scores_refuse_a_promotion_that_no_run_made(world, capsys):
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    (day,) = platform.space.select_cutoffs(LAST)
    address = Address("promotion", day, DIVISION)
    row = platform.store.scan_table(address, None).collect()
    other = row.with_columns(model_id=pl.lit("simulation@2024-06-30#000000000000"))
    platform.store.write_table(
        address, other, platform.freshness.provenance_of(PROMOTION, address), {"inputs": "{}"}
    )
    assert materialize(world, "--select", "scores", cutoffs=LAST) == 1
    assert f"promotion[{LAST}|{DIVISION}] is damaged" in capsys.readouterr().err


def test_the_card_is_printed(two_models, capsys):
    assert gosales(two_models, "model", "card", DIVISION, "--cutoff", LAST) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"# {DIVISION}, as of {LAST}")
    assert "How good it was" in told


def test_a_model_ages_over_the_cutoffs_after_it(two_models, capsys):
    capsys.readouterr()
    assert (
        gosales(two_models, "model", "aging", DIVISION, "--cutoff", FIRST, "--format", "csv") == 0
    )
    rows = pl.read_csv(capsys.readouterr().out.encode())
    assert set(rows["age_months"]) <= {0, 3, 6}
    own = rows.filter(age_months=0, slice="all").row(0, named=True)
    stored_table = pl.read_parquet(
        two_models / "gosales_home" / "store" / "forward_validation" / f"cutoff={FIRST}"
        / f"division={DIVISION}" / "part-0.parquet"
    )  # fmt: skip
    first = stored_table.filter(slice="all", measure="base_rate", bin=0)["value"].item()
    assert own["base_rate"] == pytest.approx(first)
