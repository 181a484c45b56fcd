"""The calibrator has an end on any held-out rows: separable, one-sided, constant, without bounds."""

import json

import numpy as np
import pytest

from gosales_assets.models.bundle.held_out import cross_calibrated
from gosales_assets.models.calibration.calibrator import (
    FLOOR,
    Calibrator,
    HeldOut,
    fit_calibrator,
    rising_steps,
)
from gosales_assets.models.calibration.lines import fit_line
from gosales_resources.settings.models import ModelSettings

N = 400
DRAW = np.random.default_rng(4)
LABEL = (DRAW.random(N) < 0.4).astype(float)
NOISE = DRAW.normal(size=N)
SEPARATED = np.where(LABEL > 0, 1.0, -1.0) * (0.5 + DRAW.random(N))
WHITE = DRAW.random(N) < 0.5
LAST_HALF = np.arange(N) >= N // 2
METHODS = {
    "platt": ModelSettings(isotonic_min_positives=10**9),
    "isotonic": ModelSettings(isotonic_min_positives=50),
}
# Margin and label per row.
ROWS = {
    "separable": (SEPARATED, LABEL),
    "separable, far apart": (SEPARATED * 200, LABEL),
    "separable the wrong way round": (-SEPARATED, LABEL),
    "separable but for one": (np.where(np.arange(N) == 3, -SEPARATED, SEPARATED), LABEL),
    "all positive": (NOISE, np.ones(N)),
    "all negative": (NOISE, np.zeros(N)),
    "constant": (np.full(N, -2.0), LABEL),
    "huge": (SEPARATED * 1e200, LABEL),
    "infinite": (np.where(SEPARATED > 1.2, np.inf, NOISE), LABEL),
    "infinite both ways": (np.where(LABEL > 0, np.inf, -np.inf), LABEL),
    "all very unlikely": (NOISE - 500, LABEL),
    "buyers in the newest fold alone": (NOISE, LABEL * LAST_HALF),
    "buyers in the oldest fold alone": (NOISE, LABEL * ~LAST_HALF),
}


def held(margin: np.ndarray, label: np.ndarray, white: np.ndarray = WHITE) -> HeldOut:
    newest = np.arange(label.size) >= label.size // 2
    return HeldOut(margin, label, white, newest.astype(int), newest, np.arange(label.size))


@pytest.mark.parametrize("white", [WHITE, WHITE & False], ids=["both", "owners"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ROWS)
def test_a_calibration_always_has_an_end(name, method, white):
    margin, label = ROWS[name]
    rows = held(margin, label, white)
    found = fit_calibrator(rows, METHODS[method])
    p = found.probability(rows.margin, white)
    assert np.isfinite(p).all()
    assert (p >= FLOOR).all()
    assert (p <= 1 - FLOOR).all()
    assert np.isfinite(found.aligned(rows.margin, white)).all()
    # The file of a bundle has no word for infinity.
    assert Calibrator.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


@pytest.mark.parametrize(
    "name", ["separable", "separable, far apart", "huge", "infinite both ways"]
)
def test_separated_buyers_are_likelier_than_the_others(name):
    rows = held(*ROWS[name])
    p = fit_calibrator(rows, METHODS["platt"]).probability(rows.margin, WHITE)
    assert p[LABEL > 0].min() > 0.5 > p[LABEL == 0].max()


def test_a_margin_the_wrong_way_round_says_nothing_and_p_is_the_rate():
    rows = held(*ROWS["separable the wrong way round"])
    p = fit_calibrator(rows, METHODS["platt"]).probability(rows.margin, WHITE)
    for part in (WHITE, ~WHITE):
        newest = LABEL[rows.newest & part]
        assert p[part] == pytest.approx(np.full(part.sum(), newest.mean()), abs=1 / newest.size)


@pytest.mark.parametrize("name", ROWS)
def test_held_out_rows_get_a_probability_whoever_calibrates_them(name):
    # One group has all rows of the newest cutoff.
    rows = held(*ROWS[name])
    p = cross_calibrated(rows, np.where(rows.newest, 9, np.arange(N) % 2), METHODS["platt"])
    assert np.isfinite(p).all()


def test_one_row_is_calibrated_by_nothing():
    one = held(np.array([2.0]), np.array([1.0]), np.array([True]))
    found = fit_calibrator(one, METHODS["platt"])
    assert "0 rows of the rarer class" in found.reason
    assert np.isfinite(found.probability(one.margin, one.is_whitespace)).all()


@pytest.mark.parametrize("name", ROWS)
def test_a_line_always_has_an_end(name):
    slope, intercept = fit_line(*ROWS[name])
    assert np.isfinite([slope, intercept]).all()
    assert slope >= 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(5))
def test_a_larger_margin_is_a_larger_probability(method, seed):
    draw = np.random.default_rng(seed)
    margin = 2 * draw.normal(size=3000)
    # A rate that is flat in the middle: plain isotonic steps tie there.
    label = (draw.random(3000) < 0.1 + 0.6 * (margin > 1) + 0.1 * (margin > -2)).astype(float)
    white = draw.random(3000) < 0.5
    found = fit_calibrator(held(margin, label, white), METHODS[method])
    asked = np.sort(np.concatenate([margin, np.linspace(-12, 12, 500)]))
    for part in (0.0, 1.0):
        p = found.probability(asked, np.full(asked.size, part))
        assert (np.diff(p)[np.diff(asked) > 1e-9] > 0).all()


def test_isotonic_knots_stand_at_the_centre_of_their_steps():
    line = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    label = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    x, logit = rising_steps(line, label)
    # Steps by hand: {0}, {1, 2}, {3, 4} and {5}, at rates 0, 1/2, 1/2 and 1; equal ones are one.
    assert x == [0.0, 2.5, 5.0]
    assert logit[1] == pytest.approx(0.0)
    assert logit[0] < 0 < logit[2]


@pytest.mark.parametrize("method", METHODS)
def test_mean_probability_is_the_rate_of_the_newest_rows(method):
    rows = held(NOISE, LABEL)
    p = fit_calibrator(rows, METHODS[method]).probability(rows.margin, WHITE)
    for part in (WHITE, ~WHITE):
        newest = rows.newest & part
        # The level is drawn to that of all cutoffs by as much as one buyer says.
        assert abs(p[newest].sum() - LABEL[newest].sum()) < 1


def test_a_whitespace_of_few_buyers_has_a_level_of_its_own():
    # Margins of another model: 3 on average there, and four of a hundred buy.
    margin = np.where(WHITE, 3.0, 0.0) + 0.1 * NOISE
    label = np.where(WHITE, 0.0, LABEL)
    label[np.flatnonzero(WHITE & LAST_HALF)[:4]] = 1.0
    rows = held(margin, label)
    p = fit_calibrator(rows, METHODS["platt"]).probability(rows.margin, WHITE)
    newest = rows.newest & WHITE
    assert 2 < p[newest].sum() < 6
