"""A rule forecasts from what was known, and takes over only where the log's own past bears it out."""

import datetime as dt

import numpy as np
import pytest

from gosales_assets.models.rates.rolling import forecast_rates
from gosales_assets.models.rates.rules import AGE, MEAN, NEWEST, RULES, SEASON, TREND, Rates, shrunk
from gosales_resources.dates import shift_months
from tests.worlds.rates import C, counted, flat, forecast, history, season

LAG, YEAR = 2, 4
NEVER = np.nan


def rates(log_odds, launched=None, customers: float = 4000.0) -> Rates:
    """Make rates of known log-odds, one row an origin, without sampling error."""
    x = np.asarray(log_odds, dtype=float)
    buyers = customers / (1 + np.exp(-x))
    places = np.full(x.shape[1], NEVER) if launched is None else np.asarray(launched, dtype=float)
    there = np.where(np.isnan(x), 0.0, customers)
    return Rates.of(there, np.nan_to_num(buyers), launched=places, lag=LAG, year=YEAR)


def seasonal(origins: int, amplitude: float = 0.8, targets: int = 6, noise: float = 0.05):
    draw = np.random.default_rng(3)
    phase = np.where(np.arange(origins) % YEAR < YEAR // 2, amplitude, -amplitude)
    return -3 + phase[:, None] / 2 + draw.normal(0, noise, (origins, targets))


def test_log_odds_are_those_of_jeffreys_and_finite_without_a_buyer():
    found = Rates.of(
        np.array([[10, 0, 8]]),
        np.array([[0, 0, 8]]),
        launched=np.full(3, NEVER),
        lag=1,
        year=4,
    )
    assert found.log_odds[0, [0, 2]] == pytest.approx([np.log(0.5 / 10.5), np.log(8.5 / 0.5)])
    assert found.noise[0, 0] == pytest.approx(1 / 0.5 + 1 / 10.5)
    assert np.isnan(found.log_odds[0, 1])


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_reads_nothing_that_was_not_known(rule):
    x = seasonal(16)
    later = x.copy()
    at = 14
    later[at - LAG + 1 :] += 5.0
    launched = [1, 2, 3, 4, 5, 13]
    before, after = (RULES[rule](rates(part, launched), at) for part in (x, later))
    assert not np.isnan(before).all()
    np.testing.assert_array_equal(before, after)


def test_shrinking_is_the_estimate_of_a_loop_of_ten_lines():
    y, v = np.array([0.4, -0.2, 1.1, 0.3]), np.array([0.04, 0.3, 0.1, 0.02])
    w = 1 / v
    mean = sum(w * y) / sum(w)
    q = sum(w * (y - mean) ** 2)
    between = max(0.0, (q - 3) / (sum(w) - sum(w**2) / sum(w)))
    centre = sum(y / (v + between)) / sum(1 / (v + between))
    wanted = [centre + (a - centre) * between / (between + b) for a, b in zip(y, v, strict=True)]
    found, spread = shrunk(np.append(y, np.nan), np.append(v, np.nan))
    assert found[:4] == pytest.approx(wanted)
    assert np.isnan(found[4])
    assert spread == pytest.approx(between)
    assert between > 0


def test_the_seasonal_rule_adds_the_change_of_the_years_before():
    x = seasonal(15, noise=0.0)
    found = RULES[SEASON](rates(x), 14)
    # All targets alike: nothing to shrink, and the season comes back as it was.
    np.testing.assert_allclose(found, x[12] + (x[10] - x[8]), atol=0.02)


def test_a_season_that_is_as_long_as_the_window_has_no_rule():
    x = seasonal(20)
    yearly = Rates.of(np.full(x.shape, 100.0), np.full(x.shape, 9.0), launched=x[0], lag=4, year=4)
    assert np.isnan(RULES[SEASON](yearly, 19)).all()


def test_half_of_a_trend_goes_on():
    x = np.linspace(-3, -1, 12)[:, None] + np.zeros((1, 4))
    step = x[2] - x[0]
    np.testing.assert_allclose(RULES[TREND](rates(x), 11), x[9] + step / 2, atol=0.02)


def test_the_rise_at_a_launch_is_no_trend_and_no_season():
    x, launched = seasonal(15), [NEVER] * 5 + [12]
    for rule in (TREND, SEASON):
        found = RULES[rule](rates(x, launched), 14)
        assert np.isnan(found).tolist() == [False] * 5 + [True]


def test_the_mean_leaves_out_what_had_nobody_in_it():
    x = np.array([[np.nan, -2.0], [-1.0, -2.0], [-3.0, -1.0], [9.0, 9.0]])
    np.testing.assert_allclose(RULES[MEAN](rates(x), 4), [-2.0, -5 / 3], atol=0.01)


def test_a_strong_season_is_found_and_halves_the_error_of_the_newest_rate():
    log = history(season)
    made = forecast(log)
    year = shift_months(C, -12)
    earlier = forecast(log, year)
    assert set(made.filter(slice="whitespace")["rule"]) == {SEASON}
    # The window of a year ago is over: what was forecast of it, against what came.
    truth = counted(log).filter(origin=year, slice="whitespace").sort("division")
    known = earlier.filter(slice="whitespace").sort("division")
    rate = truth["positives"].to_numpy() / truth["population"].to_numpy()
    errors = [
        np.abs(1 / (1 + np.exp(-known[name].to_numpy())) - rate).mean()
        for name in ("forecast_log_odds", "newest_log_odds")
    ]
    assert errors[0] < 0.5 * errors[1]


def test_the_next_window_of_a_seasonal_log_is_forecast_at_half_the_error():
    log = history(season, months=54)
    known = forecast(log).filter(slice="whitespace").sort("division")
    later = counted(log, shift_months(C, 6)).filter(origin=C, slice="whitespace").sort("division")
    rate = later["positives"].to_numpy() / later["population"].to_numpy()
    by_rule, newest = (
        np.abs(1 / (1 + np.exp(-known[name].to_numpy())) - rate).mean()
        for name in ("forecast_log_odds", "newest_log_odds")
    )
    assert by_rule < 0.5 * newest


def test_without_a_season_the_newest_rate_stays_and_no_level_moves():
    made = forecast(history(flat))
    assert set(made["rule"]) == {NEWEST}
    assert (made["level_move"] == 0.0).all()
    np.testing.assert_array_equal(made["forecast_log_odds"], made["newest_log_odds"])


def test_two_years_tell_no_season_however_strong():
    made = forecast(history(season, months=24), dt.date(2021, 12, 31))
    assert not set(made["rule"]) & {SEASON, AGE}


def test_of_many_random_walks_few_are_taken_for_more():
    moved = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        x = -3 + draw.normal(0, 0.1, (14, 8)).cumsum(axis=0) + draw.normal(0, 0.7, 8)
        x += draw.normal(0, 0.1, (14, 1)).cumsum(axis=0)
        moved += forecast_rates(rates(x)).rule != NEWEST
    assert moved <= 8


def launches(count: int, origins: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Return rates of targets that are launched one after another, and fall off as they age."""
    draw = np.random.default_rng(5)
    born = np.append(np.linspace(3, 16, count - 1).round(), origins)
    age = np.arange(origins)[:, None] - born[None]
    x = np.where(age < -LAG, -7.0, -1.0 - 0.7 * np.clip(age, 0, 5) - 2.5 * (age < 0))
    return x + draw.normal(0, 0.1, x.shape), born


def test_a_launch_gets_the_rate_of_others_at_its_age_where_that_was_better():
    x, born = launches(12)
    young = forecast_rates(rates(x, born))
    assert young.rule == AGE
    # Launched one window before what is forecast begins to count: at that age others stood so.
    ahead = x.shape[0] - 1 + LAG
    age = ahead - born[-1]
    others = [x[int(b + age), i] for i, b in enumerate(born[:-1]) if b + age < x.shape[0]]
    assert abs(young.log_odds[-1] - np.mean(others)) < 0.2
    assert abs(x[-1, -1] - np.mean(others)) > 1.0


def test_a_launch_keeps_its_newest_rate_where_no_others_were_launched():
    x, born = launches(12)
    x[:, :-1] = -3 + 0.1 * np.random.default_rng(2).normal(size=(24, 11))
    found = forecast_rates(rates(x, np.append(np.full(11, NEVER), born[-1])))
    assert (found.rule, found.moves[-1]) == (NEWEST, 0.0)


def test_the_variance_of_a_rule_is_its_own_past_error():
    draw = np.random.default_rng(8)
    phase = np.where(np.arange(40) % YEAR < 2, 1.0, -1.0)[:, None]
    x = -2 + phase + draw.normal(0, 0.2, (40, 30))
    found = forecast_rates(rates(x, customers=1e6))
    assert found.rule in (SEASON, MEAN)
    errors = [RULES[found.rule](rates(x, customers=1e6), at) - x[at] for at in range(6, 40)]
    assert found.variance.mean() == pytest.approx(np.square(errors).mean(), rel=0.25)
