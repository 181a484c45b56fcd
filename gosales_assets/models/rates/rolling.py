"""Chooses the rule that forecasts rates by how it would have done on the log's own past.

At every past origin each rule forecasts from what was known then. A rule takes the place of a simpler
one only where its errors are clearly smaller, target by target and origin by origin.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from gosales_assets.models.rates.rules import AGE, MEAN, NEWEST, RULES, Rates

FEWEST_ORIGINS = 4
# One-sided: how often a rule that is no better passes one comparison by chance.
CHANCE = 0.05
# So much smaller must the mean error of log-odds be: a tenth of the simpler rule's, and a twentieth of
# the odds. Less is within what a few buyers make of a rate.
LEAST_SHARE, LEAST_GAIN = 0.1, 0.05
# A rate known to a tenth or better of its odds weighs as one known to that.
WEIGHT_VARIANCE = 0.1
# Of a target's own variance: that of all targets counts as much as so many of its windows.
PRIOR_WINDOWS = 4.0
# Rules whose forecast does not rest on the newest rate alone.
POOLED = (MEAN, AGE)


@dataclass(frozen=True)
class Trial:
    """How a rule would have done beside a simpler one."""

    rule: str
    against: str
    origins: int
    """Past origins at which both could be compared."""
    error: float
    """Mean absolute error of log-odds; NaN without an origin."""
    error_against: float
    wins: bool


@dataclass(frozen=True)
class Forecast:
    """What the rates of the next window are taken to be."""

    rule: str
    log_odds: np.ndarray
    """One per target; NaN where nothing is known."""
    moves: np.ndarray
    """What they differ from the newest rate's; exactly 0 where that is the forecast."""
    variance: np.ndarray
    """Of the true log-odds about the forecast, beyond sampling; NaN with too few past origins."""
    origins: int
    """Past origins that the variance is seen on."""
    trials: list[Trial]


def forecast_rates(rates: Rates) -> Forecast:
    """Forecast the rates of the origin `lag` steps after the newest.

    Parameters
    ----------
    rates
        At least one origin.

    Returns
    -------
    Forecast
        By the newest rate unless another rule has clearly been better.
    """
    count = rates.log_odds.shape[0]
    made = {name: _past_forecasts(rates, name) for name in RULES}
    chosen, trials = NEWEST, []
    for name in list(RULES)[1:]:
        trials.append(_tried(rates, made, name, chosen))
        if trials[-1].wins:
            chosen = name
    ahead = count - 1 + rates.lag
    base, by_rule = RULES[NEWEST](rates, ahead), RULES[chosen](rates, ahead)
    # Where the rule says nothing of a target, its newest rate stays.
    log_odds = np.where(np.isnan(by_rule), base, by_rule)
    known = ~np.isnan(base) & ~np.isnan(by_rule)
    moves = np.where(known & (chosen != NEWEST), log_odds - base, 0.0)
    variance, origins = _variance(rates, made, chosen)
    return Forecast(chosen, log_odds, moves, variance, origins, trials)


def _past_forecasts(rates: Rates, rule: str) -> np.ndarray:
    """Return the forecasts of a rule at every origin; NaN where it says nothing."""
    found = np.full(rates.log_odds.shape, np.nan)
    for at in range(rates.lag, rates.log_odds.shape[0]):
        found[at] = RULES[rule](rates, at)
    return found


def _tried(rates: Rates, made: dict[str, np.ndarray], rule: str, against: str) -> Trial:
    simple = np.where(np.isnan(made[against]), made[NEWEST], made[against])
    errors = [np.abs(f - rates.log_odds) for f in (simple, made[rule])]
    both = ~np.isnan(errors[0]) & ~np.isnan(errors[1])
    weight = np.where(both, 1 / (rates.noise + WEIGHT_VARIANCE), 0.0)
    weight = np.nan_to_num(weight)
    at = weight.sum(axis=1) > 0
    per_origin = [
        (weight[at] * np.nan_to_num(e[at])).sum(axis=1) / weight[at].sum(axis=1) for e in errors
    ]
    before, after = per_origin
    origins = int(at.sum())
    if not origins:
        return Trial(rule, against, 0, np.nan, np.nan, wins=False)
    error, error_against = float(after.mean()), float(before.mean())
    gains = error_against - error >= max(LEAST_GAIN, LEAST_SHARE * error_against)
    wins = gains and _clearly_positive(before - after, rates.lag)
    return Trial(rule, against, origins, error, error_against, wins)


def _clearly_positive(gain: np.ndarray, lag: int) -> bool:
    """Tell whether gains at consecutive origins are above 0 beyond noise.

    Windows of origins less than `lag` steps apart overlap: their mean is one observation.
    """
    blocks = gain.size // lag
    if gain.size < FEWEST_ORIGINS or blocks < 2:
        return False
    means = np.array([part.mean() for part in np.array_split(gain, blocks)])
    error = means.std(ddof=1) / np.sqrt(blocks)
    return bool(means.mean() > student.ppf(1 - CHANCE, blocks - 1) * error)


def _variance(rates: Rates, made: dict[str, np.ndarray], rule: str) -> tuple[np.ndarray, int]:
    """Return the variance of each target's log-odds about its forecast, less sampling."""
    nothing = np.full(rates.log_odds.shape[1], np.nan)
    noise = rates.noise.copy()
    if rule not in POOLED:
        # The newest rate's own noise is in the calibration's sampling variance.
        noise[rates.lag :] += rates.noise[: -rates.lag]
    beyond = (made[rule] - rates.log_odds) ** 2 - noise
    there = ~np.isnan(beyond)
    origins = int(there.any(axis=1).sum())
    if origins < max(FEWEST_ORIGINS, 2 * rates.lag):
        return nothing, origins
    weight = np.nan_to_num(np.where(there, 1 / (noise + WEIGHT_VARIANCE) ** 2, 0.0))
    excess = weight * np.nan_to_num(beyond)
    everyone = max(0.0, float(excess.sum() / weight.sum()))
    own = excess.sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    windows = there.sum(axis=0) / rates.lag
    drawn = (windows * own + PRIOR_WINDOWS * everyone) / (windows + PRIOR_WINDOWS)
    return np.maximum(drawn, 0.0), origins
