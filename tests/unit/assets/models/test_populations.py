"""Whom a model is fitted on: everyone, or the whitespace alone where that is better for it."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from scipy.special import expit

from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.rows.folds import make_folds
from gosales_assets.models.rows.model_inputs import TrainingInputs
from gosales_assets.models.rows.preparation import prepare_rows
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.training.training import train_model
from gosales_assets.models.training.trials import run_trials
from gosales_checks.measures.ranking import auc
from gosales_resources.dates import shift_months
from gosales_resources.settings.models import ModelSettings
from tests.worlds.training import TRAINING, C

# A tree of two leaves cannot tell the laws of owners and of the whitespace apart.
SETTINGS = ModelSettings(tree_rounds=30, tree_leaves=[2])
ALONE = "fitted on the whitespace"


def rows(cutoff: dt.date, law: float, n: int = 900) -> pl.DataFrame:
    """Draw customers: the eager ones among owners buy, those of the whitespace `law` times as much."""
    draw = np.random.default_rng([3, cutoff.toordinal()])
    eager, owns = draw.normal(size=n), draw.random(n) < 0.6
    p = expit(-1.2 + 1.5 * eager * np.where(owns, 1.0, law))
    return pl.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(n)],
            "division": "pdm",
            "cutoff": cutoff,
            "segment": "warm",
            "recency__all__eager__asof": eager,
            "attr__all__noise__asof": draw.normal(size=n),
            "is_whitespace": ~owns,
            "label": (draw.random(n) < p).astype(np.int8),
            "net_value_window": 1.0,
            "window_end": shift_months(cutoff, 6),
        }
    )


def matrix(law: float) -> pl.DataFrame:
    return pl.concat([rows(cutoff, law) for cutoff in TRAINING]).sort("cutoff", "customer_id")


def train(law: float, settings: ModelSettings = SETTINGS) -> DivisionModel:
    return train_model(matrix(law), cutoff=C, division="pdm", window_months=6, settings=settings)


def trials_of(table: pl.DataFrame, settings: ModelSettings) -> list[str]:
    inputs = TrainingInputs(*prepare_rows(table, settings), table["label"].to_numpy())
    trials, _ = run_trials(table, inputs, make_folds(table, settings).folds, settings, None)
    return [one.candidate.name for one in trials if one.candidate.on_whitespace]


def test_where_the_whitespace_follows_another_law_it_gets_a_model_of_its_own():
    fresh = rows(C, law=-1.0, n=3000)
    white = fresh["is_whitespace"].to_numpy()
    reached = {}
    for names in (["all"], ["all", "whitespace"]):
        model = train(-1.0, SETTINGS.model_copy(update={"populations": names}))
        table = fresh.drop("label", "net_value_window", "window_end").lazy()
        p = score(load_bundle(model.to_files()), table)["p_icp"].to_numpy()
        reached[len(names)] = auc(fresh["label"].to_numpy()[white], p[white])
        assert (ALONE in model.card.winner) == (len(names) == 2)
    assert reached[1] < 0.6
    assert reached[2] > 0.75


def test_a_fit_on_the_whitespace_says_nothing_of_owners():
    model = train(-1.0)
    shares = [owners for owners, _ in model.shares]
    alone = [one for one in model.shares if one[0] == 0.0]
    assert alone
    assert sum(shares) == pytest.approx(1.0)
    assert sum(white for _, white in model.shares) == pytest.approx(1.0)


def test_the_whitespace_is_not_fitted_alone_where_it_is_nearly_everyone_or_too_few():
    table = matrix(-1.0)
    assert trials_of(table, SETTINGS)
    everyone = table.with_columns(is_whitespace=pl.lit(True))
    assert not trials_of(everyone, SETTINGS)
    few = pl.col("is_whitespace") & (pl.int_range(pl.len()) % 40 == 0)
    assert not trials_of(table.with_columns(is_whitespace=few), SETTINGS)


def test_what_is_worse_on_the_newest_fold_is_not_tried_on_the_others():
    # The same law for everyone: half the rows can only tell it less well.
    assert len(trials_of(matrix(1.0), SETTINGS)) < 2


def test_everyone_is_always_a_population():
    with pytest.raises(ValidationError, match="owners are scored"):
        ModelSettings(populations=["whitespace"])
