"""A forecast moves the level of its own window's probabilities, and of nothing else."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.special import expit, logit
from scipy.stats import norm

from gosales_assets.models.bundle.bundle import load_bundle, read_report
from gosales_assets.models.bundle.card import write_card
from gosales_assets.models.calibration.band import Band, Sampling
from gosales_assets.models.calibration.calibrator import HeldOut, fit_calibrator
from gosales_assets.models.calibration.level import fit_level, read_forecasts
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.training.training import train_model
from gosales_checks.contracts.models import PRIOR
from gosales_checks.contracts.rates import RATE_FORECAST
from gosales_resources.dates import shift_months
from tests.worlds.training import SETTINGS, TRAINING, C, customers, features, matrix, noise

MOVES = {"all": 0.5, "owners": 0.0, "whitespace": 0.7}
STAY = dict.fromkeys(MOVES, 0.0)


def forecasts(moves: dict[str, float], newest: dt.date = TRAINING[-1]) -> pl.DataFrame:
    """Make rows of `rate_forecast` that move the slices."""
    rows = [
        {
            "division": "pdm",
            "slice": name,
            "cutoff": C,
            "newest_origin": newest,
            "population": 500,
            "positives": 50,
            "rule": "season" if move else "newest",
            "newest_log_odds": -2.0,
            "forecast_log_odds": -2.0 + move,
            "level_move": move,
            "variance": 0.3 if move else None,
            "judged_rule": "season",
            "judged_origin_count": 8,
            "rule_error": 0.1,
            "against": "newest",
            "against_error": 0.4,
        }
        for name, move in moves.items()
    ]
    return pl.DataFrame(rows, RATE_FORECAST.schema.create_empty().schema)


def trained(made: pl.DataFrame | None, rows: pl.DataFrame | None = None):
    rows = matrix() if rows is None else rows
    given = {"cutoff": C, "division": "pdm", "window_months": 6, "settings": SETTINGS}
    return train_model(rows, **given, forecasts=made)


def scored(model, table: pl.DataFrame) -> pl.DataFrame:
    return score(load_bundle(model.to_files()), features(table)).drop("model_id")


@pytest.fixture(scope="module")
def plain():
    return trained(None)


@pytest.fixture(scope="module")
def moved():
    return trained(forecasts(MOVES))


@pytest.fixture(scope="module")
def fresh() -> pl.DataFrame:
    return customers(C, 900, seed=2)


@pytest.mark.parametrize(
    "made",
    [forecasts(STAY), forecasts(MOVES, newest=TRAINING[-2]), forecasts(MOVES).head(0)],
    ids=["the newest rate stays", "forecast of another cutoff", "no past window"],
)
def test_without_evidence_every_score_is_the_same_to_the_bit(made, plain, fresh):
    assert_frame_equal(scored(trained(made), fresh), scored(plain, fresh), check_exact=True)


def test_a_forecast_of_other_windows_than_those_learnt_from_is_not_used():
    rows = matrix()
    assert read_forecasts(forecasts(MOVES), rows, 6) is not None
    widened = pl.lit(shift_months(TRAINING[-1], 9))
    wider = pl.when(pl.col("cutoff") == TRAINING[-1]).then(widened).otherwise("window_end")
    assert read_forecasts(forecasts(MOVES), rows.with_columns(window_end=wider), 6) is None


def test_the_mean_of_the_slice_moves_by_what_is_forecast_and_the_other_stays(plain, moved, fresh):
    before, after = scored(plain, fresh), scored(moved, fresh)
    white = fresh["is_whitespace"]
    owners = (before.filter(~white), after.filter(~white))
    assert_frame_equal(owners[0].drop("p_low", "p_high"), owners[1].drop("p_low", "p_high"))
    p, q = (part.filter(white)["p_icp"].to_numpy() for part in (before, after))
    assert logit(q.mean()) - logit(p.mean()) == pytest.approx(0.7, abs=0.05)
    # Every logit by the same, but for what keeps p off 0 and 1: the order stays.
    steps = logit(q) - logit(p)
    np.testing.assert_allclose(steps, steps[0], atol=1e-3)
    assert steps[0] > 0.7


def test_the_move_is_exact_on_the_rows_of_the_newest_cutoff():
    draw = np.random.default_rng(6)
    margin, white = draw.normal(-1, 2, 4000), draw.random(4000) < 0.6
    label = (draw.random(4000) < expit(margin)).astype(float)
    newest = np.arange(4000) >= 2000
    held = HeldOut(margin, label, white, newest.astype(int), newest, np.arange(4000))
    calibrator = fit_calibrator(held, SETTINGS)
    read = read_forecasts(forecasts(MOVES), matrix(), 6)
    assert read is not None
    added = fit_level(read, calibrator, held).added(white, np.ones(4000, dtype=bool))
    before, after = (calibrator.probability(margin, white, a) for a in (0.0, added))
    mine = newest & white
    wanted = expit(logit(before[mine].mean()) + 0.7)
    assert after[mine].mean() == pytest.approx(wanted, abs=1e-5)
    np.testing.assert_array_equal(after[~white], before[~white])


def test_a_model_that_is_kept_scores_later_windows_at_its_newest_rate(plain, moved, fresh):
    later = fresh.with_columns(cutoff=pl.lit(shift_months(C, 3)))
    drop = ("p_low", "p_high")
    assert_frame_equal(
        scored(moved, later).drop(drop), scored(plain, later).drop(drop), check_exact=True
    )


def test_the_prior_rate_is_moved_as_the_rate_of_all_customers():
    before, after = trained(None, noise()), trained(forecasts(MOVES), noise())
    assert before.card.status == after.card.status == PRIOR
    prior = before.card.prior
    assert prior is not None
    assert after.card.prior == pytest.approx(expit(logit(prior) + 0.5))
    assert trained(forecasts(STAY), noise()).card.prior == prior


def test_the_interval_of_a_moved_slice_has_the_error_of_its_forecast(plain, moved):
    assert plain.band is not None
    assert moved.band is not None
    assert (moved.band.shift, moved.band.whitespace_level_shift) == (plain.band.shift, 0.3)
    band = Band(
        Sampling(0, 0, 0), Sampling(0, 0, 0), misfit=0.0, shift=0.1, whitespace_level_shift=0.4
    )
    low, high = band.interval(np.array([0.2, 0.2]), np.array([0.0, 1.0]), 0.9)
    half = norm.ppf(0.95) * np.sqrt([0.1, 0.4])
    np.testing.assert_allclose([logit(0.2) - logit(low), logit(high) - logit(0.2)], [half, half])


def test_the_card_says_by_which_rule_and_how_much(moved, plain):
    def text_of(model) -> str:
        files = model.to_files()
        report = read_report(files)["report"]
        tables = pl.DataFrame({"slice": [], "measure": [], "bin": []}), pl.DataFrame()
        drivers = pl.DataFrame(schema={"dropped_because": pl.String, "input": pl.String})
        return write_card(load_bundle(files).card, "id", report, tables[0], drivers)["card"].item()

    said = text_of(moved)
    assert "whitespace: odds of 2023-12-31 times 2.01, by rule season" in said
    assert "off by 0.100 in log-odds at 8 past cutoffs" in said
    assert "owners: level of 2023-12-31" in said
    assert "Level of the probabilities" not in text_of(plain)
