"""Rates counted from purchases are those of the labels, wherever both are there."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.rates import RATE_FORECAST, RATE_HISTORY
from gosales_resources.settings.loading import load_settings

pytestmark = pytest.mark.slow

C = dt.date(2024, 6, 30)


def test_rates_of_mature_cutoffs_are_those_of_their_labels(finished):
    platform = Platform.of(load_settings(finished / "gosales.yaml"))
    history = platform.read(RATE_HISTORY, C).collect()
    past = platform.space.training_cutoffs(C)
    assert len(past) >= 3
    for cutoff in past:
        for target in platform.settings.divisions.targets:
            labels = platform.read(LABELS, cutoff, target).collect()
            slices = {
                "all": labels,
                "owners": labels.filter("is_renewal_like"),
                "whitespace": labels.filter("is_expansion"),
            }
            rows = history.filter(origin=cutoff, division=target)
            counts = {r["slice"]: (r["population"], r["positives"]) for r in rows.to_dicts()}
            assert counts == {n: (t.height, t["label"].sum()) for n, t in slices.items()}


def test_the_newest_origin_is_the_newest_cutoff_that_models_learn_from(finished):
    platform = Platform.of(load_settings(finished / "gosales.yaml"))
    made = platform.read(RATE_FORECAST, C).collect()
    assert made["newest_origin"].unique().to_list() == [platform.space.training_cutoffs(C)[-1]]
    assert made.filter(pl.col("rule") != "newest").is_empty()
