"""The experiment of a list as tables: who is drawn together, who is in, what it will show."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from gosales_assets.whitespace.arms import (
    arm_figures,
    build_list_arms,
    draw_of,
    families_of,
    spare_controls,
)
from gosales_assets.whitespace.control import are_controls
from gosales_assets.whitespace.selection import select
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.experiment import LIST_ARMS
from gosales_resources.errors import ScopeError
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.experiment import ExperimentSettings
from gosales_resources.settings.whitespace import WhitespaceSettings

START, LIST = dt.date(2024, 3, 31), dt.date(2024, 6, 30)
ON = ExperimentSettings(control_share=0.3, start=START)
N = 400


def ranked(n: int = N) -> pl.DataFrame:
    numbers = np.arange(n)
    return pl.DataFrame(
        {
            "place": numbers + 1,
            "rank": numbers + 1,
            "customer_id": [f"c{k // 2:04d}" for k in numbers],
            "division": ["x" if k % 2 else "y" for k in numbers],
            "segment": "warm",
            "rep": [f"r{k // 2 % 3}" for k in numbers],
            "ev": 1.0,
        }
    )


CUSTOMERS = pl.LazyFrame(
    {
        "customer_id": [f"c{k:04d}" for k in range(N // 2)],
        "parent": [f"p{k // 4}" if k % 5 else None for k in range(N // 2)],
    }
)
SIGNALS = pl.LazyFrame(
    {
        "customer_id": [f"c{k // 2:04d}" for k in range(N)],
        "division": ["x", "y"] * (N // 2),
        "value_12m": [float(k // 2) if k % 6 else None for k in range(N)],
        "is_cooling": [k % 4 < 2 for k in range(N)],
    }
)


def arms(settings: ExperimentSettings = ON, family: str | None = None) -> pl.DataFrame:
    draw = draw_of(settings, LIST, families_of(CUSTOMERS, family))
    chosen = select(ranked(), CapacitySettings(top_percent=30), draw)
    return build_list_arms(chosen.drawn, SIGNALS, LIST)


def test_the_table_keeps_its_contract_and_has_an_account_once():
    table = arms()
    assert judge(LIST_ARMS, table).violations == {}
    assert table["customer_id"].is_unique().all()
    assert set(table["arm"]) == {"treated", "control", "refill", "passed"}
    assert table["customer_id"].is_sorted()


def test_an_account_has_the_value_of_its_12_months_in_whatever_division_it_stands():
    values = dict(arms().select("customer_id", "value_before").rows())
    assert all(value == float(customer[1:]) for customer, value in values.items())


def test_without_an_experiment_the_table_is_empty():
    assert arms(ExperimentSettings()).is_empty()
    assert arms(ON.model_copy(update={"start": dt.date(2025, 1, 31)})).is_empty()


def test_a_list_has_the_same_selection_without_an_experiment_as_before_its_first_list():
    plain = select(ranked(), CapacitySettings())
    later = draw_of(ON.model_copy(update={"start": dt.date(2025, 1, 31)}), LIST, CUSTOMERS)
    assert later is None
    assert select(ranked(), CapacitySettings(), later).rows.equals(plain.rows)


def test_the_list_itself_does_not_name_an_arm():
    draw = draw_of(ON, LIST, families_of(CUSTOMERS, None))
    rows = select(ranked(), CapacitySettings(), draw).rows
    assert set(rows.columns) == set(ranked().columns) | {"is_selected", "seat"}


def test_accounts_of_one_parent_have_one_arm_and_those_without_stand_alone():
    table = arms(family="parent").join(CUSTOMERS.collect(), on="customer_id")
    drawn = table.filter(pl.col("arm").is_in(["treated", "control"]))
    together = drawn.filter(pl.col("parent").is_not_null())
    assert together.group_by("parent").agg(pl.col("arm").n_unique())["arm"].max() == 1
    assert together["family"].n_unique() == together["parent"].n_unique()
    alone = drawn.filter(pl.col("parent").is_null())
    assert alone["family"].is_unique().all()
    assert alone["arm"].n_unique() == 2


def test_an_account_is_no_family_of_the_same_name():
    customers = pl.LazyFrame({"customer_id": ["7", "8"], "parent": [None, "7"]})
    assert families_of(customers, "parent").collect()["family"].n_unique() == 2


def test_a_family_column_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(ScopeError, match=r"'parnt'.*'parent'"):
        families_of(CUSTOMERS, "parnt")


def spared(cutoff: dt.date) -> set[str]:
    settings = WhitespaceSettings(experiment=ON, cooldown_days=30)
    families = families_of(CUSTOMERS, None)
    after = spare_controls(SIGNALS, families, settings, cutoff).collect()
    before = SIGNALS.collect().filter("is_cooling")["customer_id"]
    return set(before) - set(after.filter("is_cooling")["customer_id"])


def test_no_control_of_the_epoch_is_cut_for_having_been_surfaced_in_it():
    cooling = SIGNALS.collect().filter("is_cooling")["customer_id"].unique()
    controls = set(cooling.filter(are_controls(cooling, ON, START.isoformat())))
    assert controls
    assert spared(LIST) == controls


def test_what_was_surfaced_before_the_epoch_is_cut_in_both_arms_alike():
    assert spared(START) == set()
    # Its 30 days reach back to before the epoch's first day.
    assert spared(dt.date(2024, 4, 29)) == set()
    assert spared(dt.date(2024, 4, 30)) != set()


def test_the_least_visible_effect_is_that_of_a_difference_of_means():
    table = arms()
    figures = {(measure, item): value for measure, item, value in arm_figures(table, ON, 6)}
    assert figures["arm_families", "control"] == table.filter(pl.col("arm") == "control").height
    compared = table.filter(pl.col("arm").is_in(["treated", "control"]))
    # Each account its own family; half the variance of 12 months in 6.
    variance = compared["value_before"].var() / 2 / (0.3 * 0.7 * compared.height)
    expected = (norm.ppf(0.975) + norm.ppf(0.8)) * math.sqrt(variance)
    assert figures["least_visible_effect", ""] == pytest.approx(expected)


def test_nothing_is_foretold_where_there_is_no_experiment():
    assert list(arm_figures(arms(ExperimentSettings()), ExperimentSettings(), 6)) == []
