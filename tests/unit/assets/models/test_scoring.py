"""Scores: blocks that change nothing, intervals that hold the truth, drivers that are the model's."""

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

import gosales_assets.models.scoring.scoring
from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.calibration.band import fit_band
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.scoring.contributions import by_feature
from gosales_assets.models.scoring.score_drivers import worth_explaining
from gosales_assets.models.scoring.scoring import score
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.models import SCORES
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.errors import BundleError
from gosales_resources.settings.explanation import ExplanationSettings
from tests.worlds.training import C, customers, features, matrix, train

SETTINGS = ExplanationSettings(scored_frac=0.1, drivers_shown=2)


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(train(matrix()).to_files())


@pytest.fixture(scope="module")
def population() -> pl.LazyFrame:
    return features(customers(C, 3000, seed=1))


def test_scores_keep_their_contract_and_name_their_model(bundle, population):
    scores = score(bundle, population, SETTINGS)
    assert judge(SCORES, conform(SCORES, scores.lazy()).collect()).passed
    assert scores["model_id"].unique().to_list() == [bundle.model_id]


def test_how_rows_are_cut_into_blocks_changes_no_bit(bundle, population, monkeypatch, tmp_path):
    whole = score(bundle, population, SETTINGS)
    monkeypatch.setattr(gosales_assets.models.scoring.scoring, "BATCH_ROWS", 700)
    monkeypatch.setattr(gosales_assets.models.scoring.scoring, "BLOCK_ROWS", 64)
    assert score(bundle, population, SETTINGS).equals(whole)
    path = tmp_path / "features.parquet"
    population.sort("customer_id").collect().write_parquet(path, row_group_size=500)
    assert score(bundle, pl.scan_parquet(path), SETTINGS).equals(whole)


def test_nobody_to_score_is_an_empty_table(bundle, population):
    none = score(bundle, population.head(0), SETTINGS)
    assert none.is_empty()
    assert none.schema == score(bundle, population, SETTINGS).schema


def test_the_best_of_each_slice_name_their_drivers_and_nobody_else(bundle, population):
    scores = score(bundle, population, SETTINGS)
    for white in (True, False):
        part = scores.filter(pl.col("is_whitespace") == white).sort(
            "p_icp", "margin", "customer_id", descending=[True, True, False]
        )
        count = -(-part.height // 10)
        assert part.head(count)["drivers"].null_count() == 0
        assert part.tail(part.height - count)["drivers"].null_count() == part.height - count
    none = score(bundle, population, ExplanationSettings(scored_frac=0))
    assert none["drivers"].null_count() == none.height
    assert worth_explaining(scores.head(0), 0.5).is_empty()


def test_drivers_are_the_largest_contributions_with_their_signs(bundle, population):
    scores = score(bundle, population, SETTINGS)
    table = population.sort("customer_id").collect()
    rows = ModelInputs.of(bundle.preparation, table)
    found = bundle.contributions(rows, table["is_whitespace"].to_numpy())
    names, values = by_feature(bundle.preparation, found.by_input)
    for at in scores["drivers"].is_not_null().arg_true().head(20):
        strongest = sorted(zip(names, values[at], strict=True), key=lambda one: -abs(one[1]))[:2]
        said = "; ".join(f"{name} {value:+.2f}" for name, value in strongest)
        assert scores["drivers"][at] == said


def test_a_model_does_not_score_what_was_before_it(bundle, population):
    past = population.with_columns(cutoff=pl.lit(dt.date(2024, 3, 31)))
    with pytest.raises(BundleError, match="before the model's cutoff"):
        score(bundle, past, SETTINGS)
    later = population.with_columns(cutoff=pl.lit(dt.date(2024, 9, 30)))
    assert score(bundle, later, SETTINGS)["cutoff"].unique().to_list() == [dt.date(2024, 9, 30)]


def drawn(seed: int, n: int = 3000, bend: float = 0.0, drift: float = 0.0):
    """Draw held-out rows whose stated p is off by a bend and a drift, and the rates they stand for."""
    draw = np.random.default_rng(seed)
    x = draw.normal(-2.5, 1.0, n)
    true = expit(x + bend * np.sin(3 * x) + drift)
    held = pl.DataFrame(
        {
            "cutoff": dt.date(2023, 12, 31),
            "ties": tie_breaker([f"{seed}-{i}" for i in range(n)]),
            "label": (draw.random(n) < true).astype(np.int8),
            "p": expit(x),
            "is_whitespace": draw.random(n) < 0.6,
        }
    )
    return held, expit(x), true


def rates(seed: int, sigma: float) -> pl.DataFrame:
    """Draw the labels of four training cutoffs whose base rate wanders."""
    draw = np.random.default_rng(seed + 1000)
    days = [dt.date(2023, m, 28) for m in (3, 6, 9, 12)]
    level = -2.5 + np.cumsum(draw.normal(0, sigma, 4))
    parts = [
        pl.DataFrame({"cutoff": day, "label": (draw.random(4000) < expit(a)).astype(np.int8)})
        for day, a in zip(days, level, strict=True)
    ]
    return pl.concat(parts)


def test_the_interval_of_a_calibration_holds_the_true_rate_as_often_as_it_says():
    # The sampling part alone, on a line: refit on each draw, does the band hold the true line?
    held_count, count = 0, 0
    for seed in range(200):
        held, _, _ = drawn(seed)
        band = fit_band(held, rates(seed, 0.0), 6)
        assert band is not None
        only = replace(band, misfit=0.0, shift=0.0)
        points = np.array([-4.0, -3.0, -2.0, -1.0])
        for white in (0.0, 1.0):
            rows = held.filter(pl.col("is_whitespace") == bool(white))
            line = fit_line(logit(rows["p"].to_numpy()), rows["label"].to_numpy())
            stated = expit(line[0] + line[1] * points)
            low, high = only.interval(stated, np.full(points.size, white), 0.9)
            held_count += int(((low <= expit(points)) & (expit(points) <= high)).sum())
            count += points.size
    assert 0.86 <= held_count / count <= 0.94


def white_of(held: pl.DataFrame) -> np.ndarray:
    return held["is_whitespace"].to_numpy()


def fit_line(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fit a logistic line by plain Newton steps."""
    rows, at = np.column_stack([np.ones(x.size), x]), np.array([0.0, 1.0])
    for _ in range(20):
        p = expit(rows @ at)
        at = at + np.linalg.solve((rows * (p * (1 - p))[:, None]).T @ rows, rows.T @ (y - p))
    return at


def test_bent_curves_and_wandering_rates_widen_the_interval():
    def width(seed: int, bend: float, sigma: float) -> float:
        held, stated, _ = drawn(seed, bend=bend)
        band = fit_band(held, rates(seed, sigma), 6)
        assert band is not None
        low, high = band.interval(stated, white_of(held), 0.9)
        assert (low <= stated).all()
        assert (stated <= high).all()
        return float(np.median(logit(high) - logit(low)))

    plain, bent, moved = (
        np.mean([width(seed, bend, sigma) for seed in range(10)])
        for bend, sigma in ((0.0, 0.0), (0.4, 0.0), (0.0, 0.3))
    )
    assert bent > 1.3 * plain
    assert moved > 1.3 * plain


def test_a_bent_curve_is_held_where_the_sampling_part_alone_would_miss_it():
    full, alone, count = 0, 0, 0
    for seed in range(40):
        held, stated, true = drawn(seed, n=8000, bend=0.25)
        band = fit_band(held, rates(seed, 0.0), 6)
        assert band is not None
        for found, ends in (("full", band), ("alone", replace(band, misfit=0.0, shift=0.0))):
            low, high = ends.interval(stated, white_of(held), 0.9)
            inside = int(((low <= true) & (true <= high)).sum())
            full, alone = (full + inside, alone) if found == "full" else (full, alone + inside)
        count += stated.size
    assert full / count > 0.85
    assert alone / count < 0.6


def test_too_few_buyers_give_no_interval():
    held, _, _ = drawn(1, n=60)
    assert fit_band(held, rates(1, 0.0), 6) is None
