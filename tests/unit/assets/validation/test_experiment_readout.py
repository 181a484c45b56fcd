"""The readout of a list's experiment: whom it compares, when it is read, what it then says."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest

from gosales_assets.validation.experiment_readout import read_experiment
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.experiment import EXPERIMENT_READOUT
from gosales_resources.settings.experiment import ExperimentSettings

LIST, EPOCH = dt.date(2024, 6, 30), "2024-03-31"
ON = ExperimentSettings(control_share=0.3, start=dt.date(2024, 3, 31), cost_per_account=10.0)
NOBODY = pl.DataFrame(schema={"family": pl.String, "epoch": pl.String})


def world(n: int = 600, effect: float = 500.0, seed: int = 1) -> dict:
    draw = np.random.default_rng(seed)
    control = draw.random(n) < 0.3
    ids = [f"{k:04d}" for k in range(n)]
    before = np.round(draw.gamma(1.0, 100.0, n), 2)
    value = np.round(before + draw.gamma(1.0, 100.0, n) + effect * ~control, 2)
    arms = pl.DataFrame(
        {
            "customer_id": ids,
            "family": ids,
            "epoch": EPOCH,
            "arm": np.where(control, "control", "treated"),
            "place_before": np.arange(n) * 2 + 1,
            "value_before": before,
        }
    )
    listed = pl.DataFrame({"place": np.arange(2 * n) + 1, "division": ["x", "y"] * n})
    # Half of the value in one target, half in the other.
    half = np.round(value / 2, 2)
    labels = {
        name: pl.LazyFrame({"customer_id": ids, "net_value_window": part, "is_censored": False})
        for name, part in (("x", half), ("y", value - half))
    }
    return {"arms": arms, "earlier": NOBODY, "listed": listed.lazy(), "labels": labels}


def read(given: dict, settings: ExperimentSettings = ON) -> dict:
    table = read_experiment(**given, cutoff=LIST, settings=settings)
    assert judge(EXPERIMENT_READOUT, table).violations == {}
    return table.row(0, named=True)


def test_the_effect_is_on_the_value_over_all_targets():
    given = world()
    found = read(given)
    assert (found["status"], found["verdict"], found["epoch"]) == ("ok", "works", EPOCH)
    assert found["effect_low"] < 500.0 < found["effect_high"]
    rows = pl.concat([frame.collect() for frame in given["labels"].values()])
    value = rows.group_by("customer_id").agg(pl.col("net_value_window").sum())
    mean = dict(
        given["arms"].join(value, on="customer_id").group_by("arm").agg(
            pl.col("net_value_window").mean()
        ).rows()
    )  # fmt: skip
    assert found["plain"] == pytest.approx(mean["treated"] - mean["control"])


def test_what_the_value_before_explains_narrows_the_interval():
    found = read(world())
    width, plain = (found[f"{n}_high"] - found[f"{n}_low"] for n in ("effect", "plain"))
    assert width < 0.9 * plain


def test_families_of_an_earlier_list_of_the_epoch_are_left_out_and_of_another_epoch_not():
    given = world()
    families = given["arms"]["family"]
    earlier = pl.DataFrame({"family": families.head(50), "epoch": EPOCH})
    older = pl.DataFrame({"family": families, "epoch": "2023-03-31"})
    found = read(given | {"earlier": pl.concat([earlier, older])})
    assert found["earlier_accounts"] == 50
    assert found["family_count"] == 550


def test_refilled_and_explored_accounts_are_not_compared():
    given = world()
    one = read(given)
    more = given["arms"].head(100).with_columns(
        customer_id="m" + pl.col("customer_id"), family="m" + pl.col("family"),
        arm=pl.Series(["refill", "passed", "explore", "refill"] * 25),
    )  # fmt: skip
    assert read(given | {"arms": pl.concat([given["arms"], more])}) == one


def test_a_window_that_has_not_ended_in_one_target_is_not_read():
    given = world()
    given["labels"]["y"] = given["labels"]["y"].with_columns(is_censored=pl.lit(value=True))
    found = read(given)
    assert (found["status"], found["treated_accounts"]) == ("window not ended", 0)


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (ExperimentSettings(), "off"),
        (ON.model_copy(update={"start": dt.date(2025, 3, 31)}), "off"),
        (ON.model_copy(update={"control_share": 0.0, "explore_share": 0.1}), "empty"),
    ],
    ids=["off", "before its first list", "exploration alone"],
)
def test_what_has_no_controls_is_not_read(settings, status):
    assert read(world(), settings)["status"] == status


def test_a_list_of_nobody_is_not_read():
    assert read(world() | {"arms": world()["arms"].clear()})["status"] == "empty"


def test_accounts_that_one_arm_lost_block_the_readout_with_their_number():
    given = world()
    controls = given["arms"].filter(pl.col("arm") == "control")["customer_id"].to_list()
    kept = ~pl.col("customer_id").is_in(controls[::2])
    found = read(given | {"labels": {k: v.filter(kept) for k, v in given["labels"].items()}})
    assert found["status"] == "split is odd"
    assert found["lost_accounts"] == len(controls[::2])
    assert found["sample_ratio_p"] < 0.001
    assert found["verdict"].startswith("not read: the split is")


def test_too_few_families_say_so():
    given = world()
    few = given["arms"].filter(pl.col("arm") == "treated").head(3)
    assert read(given | {"arms": few})["status"] == "too few families"


def test_the_order_of_rows_changes_nothing():
    given = world()
    shuffled = {
        "arms": given["arms"].sample(fraction=1.0, shuffle=True, seed=1),
        "listed": given["listed"].reverse(),
        "labels": {name: frame.reverse() for name, frame in reversed(given["labels"].items())},
    }
    assert read(given | shuffled) == read(given)


def test_an_effect_below_its_cost_does_not_pay():
    dear = ON.model_copy(update={"cost_per_account": 1000.0})
    found = read(world(), dear)
    assert found["verdict"] == "does not pay"
    assert not math.isnan(found["effect"])
