"""The table of forecasts: of each target and slice, from the history of all targets' rates."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from gosales_assets.models.rates.counts import SLICES, YEAR_MONTHS
from gosales_assets.models.rates.rolling import Forecast, forecast_rates
from gosales_assets.models.rates.rules import NEWEST, Rates
from gosales_checks.contracts.rates import RATE_FORECAST
from gosales_resources.dates import shift_months


def build_forecasts(history: pl.DataFrame, cadence_months: int) -> pl.DataFrame:
    """Forecast the rate of every target and slice in the window after the cutoff.

    Parameters
    ----------
    history
        `rate_history` of one cutoff, as `count_rates` makes it.
    cadence_months
        Months between cutoffs.

    Returns
    -------
    polars.DataFrame
        `rate_forecast`, one row per target and slice, sorted by them; empty for an empty history.
    """
    found = [
        _of_slice(history.filter(pl.col("slice") == name), cadence_months)
        for name in SLICES
        if not history.is_empty()
    ]
    empty = RATE_FORECAST.schema.create_empty()
    return pl.concat([empty, *found]).sort("division", "slice")


def rates_of(history: pl.DataFrame, cadence_months: int) -> Rates:
    """Lay the history of one slice out by origin and target.

    Parameters
    ----------
    history
        Rows of one slice; the same origins for every target.
    cadence_months
        Months between cutoffs.

    Returns
    -------
    Rates
        Targets sorted.
    """
    targets = history["division"].n_unique()
    shape = (history.height // targets, targets)
    rows = history.sort("origin", "division")

    def laid_out(column: str) -> np.ndarray:
        return rows[column].cast(pl.Float64).to_numpy().reshape(shape)

    # Also of an origin at which it was not there yet, its age says when it was: as a negative one.
    age = laid_out("age_months")[-1]
    launched = shape[0] - 1 - np.floor(age / cadence_months)
    newest, cutoff = rows["origin"][-1], rows["cutoff"][0]
    lag = 1
    while shift_months(newest, lag * cadence_months) < cutoff:
        lag += 1
    return Rates.of(
        laid_out("population"),
        laid_out("positives"),
        launched=launched,
        lag=lag,
        year=YEAR_MONTHS // cadence_months,
    )


def told(forecasts: pl.DataFrame) -> dict[str, object]:
    """Return what is shown of a partition of `rate_forecast`.

    Parameters
    ----------
    forecasts
        `rate_forecast` of one cutoff.
    """
    moved = forecasts.filter(pl.col("rule") != NEWEST)
    return {
        "targets_moved": moved["division"].n_unique(),
        "rules": ", ".join(_rules(forecasts)) or "no past window",
    }


def _rules(forecasts: pl.DataFrame) -> Sequence[str]:
    used = forecasts.group_by("slice").agg(pl.col("rule").unique().sort()).sort("slice")
    return [f"{name}: {' or '.join(rules)}" for name, rules in used.rows()]


def _of_slice(history: pl.DataFrame, cadence_months: int) -> pl.DataFrame:
    rates = rates_of(history, cadence_months)
    found = forecast_rates(rates)
    newest = history.filter(pl.col("origin") == pl.col("origin").max()).sort("division")
    by_rule = found.moves != 0
    rows = newest.select(
        "division",
        "slice",
        "cutoff",
        pl.col("origin").alias("newest_origin"),
        "population",
        "positives",
        rule=pl.Series(np.where(by_rule, found.rule, NEWEST)),
        newest_log_odds=_known(rates.log_odds[-1]),
        forecast_log_odds=_known(found.log_odds),
        level_move=pl.Series(found.moves),
        variance=_known(np.where(by_rule, found.variance, np.nan)),
        **_errors(found),
    )
    return rows.select(
        pl.col(name).cast(column.dtype) for name, column in RATE_FORECAST.schema.columns().items()
    )


def _errors(found: Forecast) -> dict[str, pl.Expr]:
    """Say how the rule that is used did beside the newest rate; of the best other one where it stays."""
    judged = [one for one in found.trials if one.origins]
    mine = [one for one in judged if one.rule == found.rule]
    best = mine or sorted(judged, key=lambda one: (one.error - one.error_against, one.rule))[:1]
    shown = best[0] if best else None
    return {
        "judged_rule": pl.lit(shown.rule if shown else None, pl.String),
        "judged_origin_count": pl.lit(shown.origins if shown else 0, pl.Int64),
        "rule_error": pl.lit(shown.error if shown else None, pl.Float64),
        "against": pl.lit(shown.against if shown else None, pl.String),
        "against_error": pl.lit(shown.error_against if shown else None, pl.Float64),
    }


def _known(values: np.ndarray) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64).fill_nan(None)
