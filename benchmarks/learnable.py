"""How near the oracle anything can come that knows the features of a cutoff and nothing else.

The oracle of the sample company knows what no file tells: taste, growth, when a customer is about
to leave. A yardstick that sees only our features, but is told the *true probability* of every
training row and not whether the die fell that way, learns without the noise of outcomes. What it
lacks to the oracle is not in the features; what a model lacks to it is for the model to learn.
"""

import datetime as dt

import lightgbm as lgb
import numpy as np
import polars as pl

from gosales_assets.models.rows.preparation import fit_preparation
from gosales_assets.platform.platform import Platform
from gosales_resources.store.address import Address

ROUNDS = 300
TREES = {
    "objective": "regression",
    "num_leaves": 15,
    "learning_rate": 0.06,
    "feature_fraction": 0.5,
    "lambda_l2": 5.0,
    "num_threads": 2,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 7,
    "verbosity": -1,
}
# The log of a probability of zero.
LEAST = 1e-6


def best_from_features(
    platform: Platform, truth: pl.DataFrame, cutoff: dt.date, division: str
) -> pl.DataFrame:
    """Learn the true probabilities of the training cutoffs and rank the customers of a cutoff.

    Parameters
    ----------
    platform
        The sample company's, its features materialised.
    truth
        customer_id, division, cutoff, p_true.
    cutoff, division
        Whom to rank, for what.

    Returns
    -------
    polars.DataFrame
        One row per customer of the population: customer_id, p_learnable (a score).
    """
    known = truth.filter(division=division).select("customer_id", "cutoff", "p_true")
    past = [_features(platform, day, division) for day in platform.space.training_cutoffs(cutoff)]
    rows = (
        pl.concat(past)
        .join(known, on=["customer_id", "cutoff"], how="inner")
        # Preparation looks for features that give the outcome away: there are none here.
        .with_columns(label=pl.int_range(pl.len()) % 2)
        .sort("cutoff", "customer_id")
    )
    target = np.log(rows.drop_in_place("p_true").clip(LEAST).to_numpy())
    prepared = fit_preparation(rows, platform.settings.models)
    booster = lgb.train(TREES, lgb.Dataset(prepared.raw(rows), target), ROUNDS)
    asked = _features(platform, cutoff, division)
    score = booster.predict(prepared.raw(asked))
    return asked.select("customer_id").with_columns(p_learnable=pl.Series(score))


def _features(platform: Platform, cutoff: dt.date, division: str) -> pl.DataFrame:
    return platform.store.scan_table(Address("features", cutoff, division), None).collect()
