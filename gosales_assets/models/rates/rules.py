"""Rules that forecast the rates of a window from those of earlier ones; each reads what was known.

On log-odds, where changes of a rate compare between targets. Which rule is used, `rolling` says.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NEWEST, MEAN, TREND, SEASON, AGE = "newest", "mean", "trend", "season", "age"
# Of a trend so much goes on: in the rolling origins of real logs a whole one overshot.
DAMPING = 0.5
# Of the same age, so many other targets say something.
FEWEST_PEERS = 2


@dataclass(frozen=True)
class Rates:
    """Log-odds of rates by origin and target; origins are steps of the calendar, oldest first."""

    log_odds: np.ndarray
    """Origins x targets; NaN where nobody was in the slice."""
    noise: np.ndarray
    """Sampling variance of each; NaN likewise."""
    launched: np.ndarray
    """Origin at which each target had first been sold, by its number; NaN where it began before the
    log can tell."""
    lag: int
    """Steps from the newest known origin to the one that is forecast."""
    year: int
    """Steps in a year."""

    @classmethod
    def of(
        cls,
        population: np.ndarray,
        positives: np.ndarray,
        *,
        launched: np.ndarray,
        lag: int,
        year: int,
    ) -> "Rates":
        """Make log-odds of counts.

        Parameters
        ----------
        population, positives
            Origins x targets.
        launched, lag, year
            As the fields.

        References
        ----------
        Jeffreys (1946): half a buyer and half another one more, so that none and all are finite.
        """
        bought, other = positives + 0.5, population - positives + 0.5
        empty = population == 0
        log_odds = np.where(empty, np.nan, np.log(bought / other))
        noise = np.where(empty, np.nan, 1 / bought + 1 / other)
        return cls(log_odds, noise, launched, lag, year)


def newest(rates: Rates, at: int) -> np.ndarray:
    """Forecast the rates of the newest origin that was known.

    Parameters
    ----------
    rates
        History; rows after `at - lag` are not read, here and in the other rules.
    at
        Number of the origin that is forecast.

    Returns
    -------
    numpy.ndarray
        Log-odds, one per target; NaN where the rule says nothing.
    """
    return rates.log_odds[at - rates.lag]


def mean_of_all(rates: Rates, at: int) -> np.ndarray:
    """Forecast the mean of all that was known; as `newest`."""
    known = rates.log_odds[: at - rates.lag + 1]
    there = ~np.isnan(known)
    total = np.where(there, known, 0.0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)


def damped_trend(rates: Rates, at: int) -> np.ndarray:
    """Forecast the newest rate and half of its last change, as far as that is beyond noise."""
    now, before = at - rates.lag, at - 2 * rates.lag
    if before < 0:
        return np.full(rates.log_odds.shape[1], np.nan)
    change, _ = shrunk(*_change(rates, before, now))
    return newest(rates, at) + DAMPING * change


def same_season(rates: Rates, at: int) -> np.ndarray:
    """Forecast the newest rate and the change from its season to this one, as in earlier years."""
    changes, noises = [], []
    # Of as many years before as were over by then.
    back = -(-rates.lag // rates.year) * rates.year
    while (first := at - rates.lag - back) >= 0:
        change, noise = _change(rates, first, at - back)
        changes.append(change)
        noises.append(noise)
        back += rates.year
    if not changes or rates.lag % rates.year == 0:
        return np.full(rates.log_odds.shape[1], np.nan)
    change, noise = _weighted(np.array(changes), np.array(noises))
    return newest(rates, at) + shrunk(change, noise)[0]


def of_the_same_age(rates: Rates, at: int) -> np.ndarray:
    """Forecast the rate of young targets by what others were like at the same age.

    Two estimates, each counting by how far peers differ in it: the level of peers at that age, and
    the target's own newest rate changed as theirs did.
    """
    forecast = np.full(rates.log_odds.shape[1], np.nan)
    for target in np.flatnonzero(at - rates.launched >= 0):
        age = at - rates.launched[target]
        places = rates.launched + age
        peers = np.flatnonzero(places <= at - rates.lag)
        peers = peers[peers != target]
        then = places[peers].astype(int)
        levels = _pooled(rates.log_odds[then, peers], rates.noise[then, peers])
        if levels is None:
            continue
        level, spread = levels
        estimates = [(level, spread)]
        old = then - rates.lag
        change, noise = (
            np.where(old >= 0, part, np.nan)
            for part in (
                rates.log_odds[then, peers] - rates.log_odds[old, peers],
                rates.noise[then, peers] + rates.noise[old, peers],
            )
        )
        own, own_noise = (part[at - rates.lag, target] for part in (rates.log_odds, rates.noise))
        changed = _pooled(change, noise)
        if changed is not None and not np.isnan(own):
            estimates.append((own + changed[0], own_noise + changed[1]))
        value, variance = np.array(estimates).T
        forecast[target] = (value / variance).sum() / (1 / variance).sum()
    return forecast


Rule = Callable[[Rates, int], np.ndarray]
# The simplest first: a rule must be clearly better than all before it.
RULES: dict[str, Rule] = {
    NEWEST: newest,
    MEAN: mean_of_all,
    TREND: damped_trend,
    SEASON: same_season,
    AGE: of_the_same_age,
}


def shrunk(value: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, float]:
    """Draw what was seen of each target to that of all, by how much of it is noise.

    Parameters
    ----------
    value
        One per target; NaN where nothing was seen.
    noise
        Its sampling variance.

    Returns
    -------
    tuple of numpy.ndarray and float
        Values, NaN where nothing was seen; the variance between targets.

    References
    ----------
    DerSimonian and Laird (1986) for the variance between targets; Morris (1983) for the estimates.
    """
    seen = ~np.isnan(value)
    found = np.full(value.shape, np.nan)
    if not seen.any():
        return found, 0.0
    y, v = value[seen], noise[seen]
    between = _between(y, v)
    w = 1 / (v + between)
    mean = (w * y).sum() / w.sum()
    found[seen] = mean + (y - mean) * between / (between + v)
    return found, between


def _change(rates: Rates, before: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    # Before its launch a target had no rate: the rise from there is no trend and no season.
    unborn = rates.launched > before
    change = rates.log_odds[after] - rates.log_odds[before]
    noise = rates.noise[after] + rates.noise[before]
    return np.where(unborn, np.nan, change), np.where(unborn, np.nan, noise)


def _weighted(values: np.ndarray, noises: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean by precision over the first axis, and its variance; NaN where nothing is."""
    weight = np.where(np.isnan(values), 0.0, 1 / noises)
    weight = np.nan_to_num(weight)
    total = weight.sum(axis=0)
    there = total > 0
    mean = (weight * np.nan_to_num(values)).sum(axis=0) / np.where(there, total, 1.0)
    return np.where(there, mean, np.nan), np.where(there, 1 / np.where(there, total, 1.0), np.nan)


def _between(y: np.ndarray, v: np.ndarray) -> float:
    w = 1 / v
    mean = (w * y).sum() / w.sum()
    scale = w.sum() - (w * w).sum() / w.sum()
    if y.size < 2 or scale <= 0:
        return 0.0
    return max(0.0, float(((w * (y - mean) ** 2).sum() - (y.size - 1)) / scale))


def _pooled(values: np.ndarray, noise: np.ndarray) -> tuple[float, float] | None:
    """Return the mean of peers and how far a new one may be from it; None with too few of them."""
    seen = ~np.isnan(values)
    if seen.sum() < FEWEST_PEERS:
        return None
    y, v = values[seen], noise[seen]
    between = _between(y, v)
    w = 1 / (v + between)
    return float((w * y).sum() / w.sum()), between + 1 / float(w.sum())
