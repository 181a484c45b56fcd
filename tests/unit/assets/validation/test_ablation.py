"""What is lost without some features, against scikit-learn and on worlds where it is known."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from gosales_assets.validation.ablation import SCHEMA, compare_scores, mean_lost
from gosales_resources.settings.validation import ValidationSettings

SETTINGS = ValidationSettings(bootstrap_draws=200)
N = 800
RNG = np.random.default_rng(1)
GOOD = RNG.normal(size=N)
LABEL = (RNG.random(N) < 1 / (1 + np.exp(2.0 - 1.5 * GOOD))).astype(np.int8)
BLUNT = 0.3 * GOOD + RNG.normal(size=N)


def scores(margin):
    return pl.DataFrame(
        {"customer_id": [f"c{i:04}" for i in range(N)], "division": "pdm",
         "cutoff": dt.date(2024, 6, 30), "is_whitespace": np.arange(N) % 4 > 0,
         "p_icp": None if margin is None else 1 / (1 + np.exp(-margin)), "margin": margin},
        schema_overrides={"p_icp": pl.Float64, "margin": pl.Float64},
    ).lazy()  # fmt: skip


def labels(**changed):
    ids = scores(GOOD).select("customer_id").collect()
    return (
        ids.with_columns(label=pl.Series(LABEL), is_censored=False).with_columns(**changed).lazy()
    )


def test_the_loss_is_the_difference_of_aucs():
    rows = compare_scores(scores(GOOD), scores(BLUNT), labels(), SETTINGS).filter(slice="all")
    expected = roc_auc_score(LABEL, GOOD) - roc_auc_score(LABEL, BLUNT)
    assert rows["auc_lost"].item() == pytest.approx(expected, abs=1e-9)
    assert 0 < rows["auc_lost_low"].item() < expected < rows["auc_lost_high"].item()


def test_the_same_scores_lose_nothing():
    rows = compare_scores(scores(GOOD), scores(GOOD), labels(), SETTINGS)
    assert rows.select("auc_lost", "auc_lost_low", "auc_lost_high", "lift_lost").sum().row(0) == (
        0.0, 0.0, 0.0, 0.0)  # fmt: skip
    assert rows["slice"].to_list() == ["whitespace", "all"]


@pytest.mark.parametrize(
    ("part", "known"),
    [(scores(None), labels()), (scores(BLUNT), labels(is_censored=pl.lit(value=True)))],
    ids=["no model", "window not ended"],
)
def test_what_cannot_be_compared_is_not(part, known):
    found = compare_scores(scores(GOOD), part, known, SETTINGS)
    assert found.is_empty()
    assert found.schema == SCHEMA


def test_means_are_over_the_cells_that_have_a_figure():
    one = compare_scores(scores(GOOD), scores(BLUNT), labels(), SETTINGS)
    empty = compare_scores(scores(GOOD), scores(BLUNT), labels(label=pl.lit(0)), SETTINGS)
    found = {
        (s, m): (mean, cells) for s, m, mean, _, cells in mean_lost(pl.concat([one, one, empty]))
    }
    assert found["all", "auc_lost"] == (
        pytest.approx(one.filter(slice="all")["auc_lost"].item()),
        2,
    )
