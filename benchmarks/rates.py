"""Forecasts of the rates, by rolling origin: on logs from their purchases alone, and on drawn worlds."""

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
from graph import build
from value import CUTOFFS, platform_of
from world import show

from gosales_assets.models.rates.counts import Calendar, count_rates
from gosales_assets.models.rates.forecast import rates_of
from gosales_assets.models.rates.rolling import forecast_rates
from gosales_assets.models.rates.rules import NEWEST, RULES, Rates
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.star import PURCHASE_HISTORY

WORLDS, TARGETS, CUSTOMERS, WINDOW, RATE = 100, 10, 2000, 6, 0.05
# Years of the log, months between cutoffs.
LENGTHS = ((3, 3), (4, 3), (6, 3), (4, 1))
KINDS = ("flat", "walk", "common walk", "season 0.5", "season 1.0", "trend 0.3")


def rates() -> None:
    """Show each rule's error beside the newest rate's, and how often which rule is taken."""
    for name in CUTOFFS:
        with platform_of(name) as platform:
            if platform is not None:
                _of_log(name, platform)
    rows = [
        (f"{kind}, {years} years, every {cadence} months", _taken(kind, years, cadence), "")
        for kind in KINDS
        for years, cadence in LENGTHS
    ]
    show(f"rates: which rule is taken, of {WORLDS} drawn worlds of {TARGETS} targets", rows)


def _of_log(name: str, platform: Platform) -> None:
    settings, cutoffs = platform.settings, platform.space.cutoffs()
    build(platform, Request(tuple(cutoffs), assets=(PURCHASE_HISTORY.name,), upstream=True))
    history = pl.concat(platform.read(PURCHASE_HISTORY, c) for c in cutoffs)
    calendar = Calendar(settings.calendar.start, settings.calendar.cadence_months, cutoffs[-1])
    known = count_rates(history, cutoffs[-1], calendar, settings.labels, settings.divisions)
    for part in ("whitespace", "owners"):
        rows = known.filter(pl.col("slice") == part)
        found = rates_of(rows, calendar.cadence_months)
        shape = found.log_odds.shape
        counts = rows.sort("origin", "division").select("population", "positives").to_numpy()
        population, positives = (counts[:, i].reshape(shape) for i in (0, 1))
        with np.errstate(invalid="ignore"):
            _show_log(f"{name}, {part}", found, positives / population)


def _show_log(title: str, found: Rates, rate: np.ndarray) -> None:
    """Show mean absolute errors of the rate, each rule where it says something."""
    origins = range(found.lag, rate.shape[0])
    made = {name: np.full(rate.shape, np.nan) for name in (*RULES, "as taken")}
    taken: Counter[str] = Counter()
    for at in origins:
        known = _up_to(found, at - found.lag)
        for name, rule in RULES.items():
            made[name][at] = rule(known, at)
        forecast = forecast_rates(known)
        made["as taken"][at] = forecast.log_odds
        taken[forecast.rule] += 1
    errors = {name: np.abs(1 / (1 + np.exp(-x)) - rate) for name, x in made.items()}
    lines = []
    for name, error in errors.items():
        both = ~np.isnan(error) & ~np.isnan(errors[NEWEST])
        if both.any():
            means = error[both].mean(), errors[NEWEST][both].mean()
            said = f"{int(both.any(axis=1).sum())} origins"
            lines.append((name, f"{means[0]:.3f}, newest there {means[1]:.3f}", said))
    counted = ", ".join(f"{rule} {n}" for rule, n in sorted(taken.items()))
    show(f"rates: {title}, mean absolute error", [*lines, ("taken at past origins", counted, "")])


def _up_to(found: Rates, newest: int) -> Rates:
    known = slice(newest + 1)
    return replace(found, log_odds=found.log_odds[known], noise=found.noise[known])


def _taken(kind: str, years: int, cadence: int) -> str:
    found: Counter[str] = Counter()
    for seed in range(WORLDS):
        drawn = _drawn(kind, years * 12, cadence, np.random.default_rng([seed, years, cadence]))
        found[forecast_rates(drawn).rule] += 1
    return ", ".join(f"{rule} {n / WORLDS:.0%}" for rule, n in sorted(found.items()))


def _drawn(kind: str, months: int, cadence: int, rng: np.random.Generator) -> Rates:
    """Draw monthly rates of one kind, and the windows after each cutoff."""
    shape = (months, TARGETS)
    logs = np.log(RATE / WINDOW) + rng.normal(0, 0.7, TARGETS) + np.zeros(shape)
    name, _, size = kind.partition(" ")
    at = np.arange(months)[:, None]
    if name == "walk":
        logs += rng.normal(0, 0.08, shape).cumsum(axis=0)
    elif name == "common":
        logs += rng.normal(0, 0.08, (months, 1)).cumsum(axis=0)
    elif name == "season":
        swing = float(size) / 2 * (1 + rng.normal(0, 0.3, TARGETS))
        logs += np.where(at % 12 >= 6, swing, -swing) + rng.normal(0, 0.1, (months, 1))
    elif name == "trend":
        logs += at / 12 * float(size) * (1 + rng.normal(0, 0.3, TARGETS))
    total = np.vstack(
        [np.zeros((1, TARGETS)), rng.poisson(CUSTOMERS * np.exp(logs)).cumsum(axis=0)]
    )
    origins = range(3, months - WINDOW + 1, cadence)
    bought = np.array([np.minimum(total[t + WINDOW] - total[t], CUSTOMERS) for t in origins])
    return Rates.of(
        np.full(bought.shape, CUSTOMERS),
        bought,
        launched=np.full(TARGETS, np.nan),
        lag=-(-WINDOW // cadence),
        year=12 // cadence,
    )
