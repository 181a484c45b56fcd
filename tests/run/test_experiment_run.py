"""An experiment on the lists of the small world, as the command line makes them."""

import shutil

import polars as pl
import pytest
import yaml

from tests.run.worlds_run import materialize

FIRST, SECOND = "2024-03-31", "2024-06-30"
EXPERIMENT = {"control_share": 0.4, "explore_share": 0.2, "start": FIRST}
LISTS = "whitespace,list_metrics,list_arms"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment") / "w"
    shutil.copytree(finished, folder)
    path = folder / "gosales.yaml"
    tree = yaml.safe_load(path.read_text())
    capacity = {"top_percent": 40}
    tree["whitespace"] = {"experiment": EXPERIMENT, "capacity": capacity}
    path.write_text(yaml.safe_dump(tree))
    # The later list first.
    for cutoffs in (SECOND, FIRST):
        assert materialize(folder, "--select", f"{LISTS},surfaced", cutoffs=cutoffs) == 0
    both = f"{FIRST}..{SECOND}"
    assert materialize(folder, "--select", "experiment_readout", cutoffs=both) == 0
    return folder


def read(folder, name: str, cutoff: str) -> pl.DataFrame:
    store = folder / "gosales_home" / "store"
    return pl.read_parquet(store / name / f"cutoff={cutoff}" / "part-0.parquet")


def test_a_list_has_the_same_arms_in_whatever_order_lists_are_made(world, tmp_path):
    before = read(world, "list_arms", SECOND)
    assert {"treated", "control"} <= set(before["arm"])
    shutil.copytree(world, tmp_path / "again")
    shutil.rmtree(tmp_path / "again" / "gosales_home" / "store" / "list_arms")
    assert materialize(tmp_path / "again", "--select", LISTS, cutoffs=f"{FIRST}..{SECOND}") == 0
    for cutoff in (FIRST, SECOND):
        assert read(tmp_path / "again", "list_arms", cutoff).equals(
            read(world, "list_arms", cutoff)
        )


def test_no_account_changes_its_arm_between_two_lists_of_an_epoch(world):
    first, second = (
        read(world, "list_arms", cutoff).filter(pl.col("arm").is_in(["treated", "control"]))
        for cutoff in (FIRST, SECOND)
    )
    both = first.join(second, on="family", suffix="_later")
    assert both.height
    assert both["arm"].equals(both["arm_later"].alias("arm"))


def test_controls_are_on_the_list_without_a_seat_and_never_surfaced(world):
    arms, listed = (read(world, name, SECOND) for name in ("list_arms", "whitespace"))
    controls = arms.filter(pl.col("arm") == "control")["customer_id"].to_list()
    rows = listed.filter(pl.col("customer_id").is_in(controls))
    assert rows.height
    assert not rows["is_selected"].any()
    assert not set(read(world, "surfaced", SECOND)["customer_id"]) & set(controls)
    assert "arm" not in listed.columns


def test_the_power_is_told_with_the_list_and_the_readout_when_the_window_has_ended(world):
    figures = read(world, "list_metrics", FIRST).filter(
        pl.col("measure").is_in(["arm_families", "least_visible_effect"])
    )
    arms = read(world, "list_arms", FIRST)
    told = dict(figures.filter(measure="arm_families").select("item", "value").rows())
    assert told["control"] == arms.filter(pl.col("arm") == "control").height
    readout = read(world, "experiment_readout", FIRST).row(0, named=True)
    assert readout["status"] in ("ok", "split is odd")
    compared = arms.filter(pl.col("arm").is_in(["treated", "control"])).height
    found = readout["treated_accounts"] + readout["control_accounts"]
    assert found == compared == readout["family_count"]


def test_the_second_list_compares_who_is_new_in_the_epoch(world):
    readout = read(world, "experiment_readout", SECOND).row(0, named=True)
    before = set(read(world, "list_arms", FIRST)["family"])
    arms = read(world, "list_arms", SECOND).filter(pl.col("arm").is_in(["treated", "control"]))
    assert readout["earlier_accounts"] == sum(family in before for family in arms["family"])
