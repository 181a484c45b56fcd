"""The level of one cutoff's probabilities: moved from the newest rate to the one that is forecast.

A forecast is of one label window, so the move is kept beside the calibration and not in it: a model
that goes on scoring at later cutoffs, whose season is another, goes by the newest rate it knew.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import brentq
from scipy.special import expit, logit

from gosales_assets.models.calibration.calibrator import FLOOR, Calibrator, HeldOut
from gosales_assets.models.rows.slices import ALL, OWNERS, WHITESPACE
from gosales_resources.dates import shift_months


@dataclass(frozen=True)
class SliceLevel:
    """What is known of the next window's rate in one slice."""

    rule: str
    move: float
    """Log-odds of the forecast less those of the newest rate; 0 where that stays."""
    variance: float | None
    """Of the true log-odds about the forecast; None where the newest rate stays."""
    told: str
    """The same in words."""
    intercept: float = 0.0
    """What the logits of the slice's rows are moved by to move their mean probability so far."""


@dataclass(frozen=True)
class Level:
    """The moves of a model's slices."""

    slices: dict[str, SliceLevel]

    @property
    def sentences(self) -> list[str]:
        """Say by which rule each slice's level was found, owners first."""
        return [f"{name}: {self.slices[name].told}" for name in (OWNERS, WHITESPACE)]

    def added(self, is_whitespace: np.ndarray, is_own_window: np.ndarray) -> np.ndarray:
        """Return what is added to each row's logit.

        Parameters
        ----------
        is_whitespace
            True or 1 for a row of the whitespace.
        is_own_window
            True for a row of the model's own cutoff: later ones have other windows.

        Returns
        -------
        numpy.ndarray
            Float64, one per row; 0 where the level stays.
        """
        owners, white = (self.slices[name].intercept for name in (OWNERS, WHITESPACE))
        return np.where(is_own_window, np.where(is_whitespace > 0, white, owners), 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {name: asdict(one) for name, one in self.slices.items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Level":
        """Read what `to_json` wrote."""
        return cls({name: SliceLevel(**one) for name, one in data.items()})


def read_forecasts(
    forecasts: pl.DataFrame | None, rows: pl.DataFrame, window_months: int
) -> Mapping[str, SliceLevel] | None:
    """Take a target's forecasts where they are of the windows that its labels have.

    Parameters
    ----------
    forecasts
        Rows of `rate_forecast` of one target; None where there is none.
    rows
        That the model is fitted on: cutoff, window_end.
    window_months
        Label window, not widened.

    Returns
    -------
    mapping of str to SliceLevel or None
        By slice. None without forecasts, where the newest rate that they start from is of another
        cutoff than the newest that was trained on, or where that one's window was widened: rates
        of other windows say nothing of it.
    """
    if forecasts is None or forecasts.is_empty() or rows.is_empty():
        return None
    newest = rows.filter(pl.col("cutoff") == pl.col("cutoff").max()).row(0, named=True)
    trained: dt.date = newest["cutoff"]
    is_widened = newest["window_end"] != shift_months(trained, window_months)
    if is_widened or forecasts["newest_origin"][0] != trained:
        return None
    found = {
        row["slice"]: SliceLevel(row["rule"], row["level_move"], row["variance"], _in_words(row))
        for row in forecasts.iter_rows(named=True)
    }
    return found if set(found) == {ALL, OWNERS, WHITESPACE} else None


def fit_level(forecasts: Mapping[str, SliceLevel], calibrator: Calibrator, held: HeldOut) -> Level:
    """Find what moves the mean probability of each slice's newest rows by as much as is forecast.

    Parameters
    ----------
    forecasts
        As `read_forecasts` returns them.
    calibrator
        At the level of the newest cutoff.
    held
        The rows that it was fitted on.

    Returns
    -------
    Level
        Of owners and whitespace. Where customers differ much, the mean moves less than each logit,
        so that a logit moves by more than the forecast does.
    """
    p = calibrator.probability(held.margin, held.is_whitespace)
    white = held.is_whitespace.astype(bool)
    found = {}
    for name, inside in ((OWNERS, ~white), (WHITESPACE, white)):
        rows = held.newest & inside
        found[name] = _with_intercept(forecasts[name], p[rows] if rows.any() else p[inside])
    return Level(found)


def moved_rate(rate: float, move: float) -> float:
    """Return a rate moved on the logit; the very same one by a move of 0."""
    return rate if move == 0 else float(expit(logit(rate) + move))


def _with_intercept(level: SliceLevel, p: np.ndarray) -> SliceLevel:
    if level.move == 0:
        return level
    # Nobody to ask: one rate for everyone moves as its forecast does.
    found = level.move if p.size == 0 else _intercept(p, level.move)
    return SliceLevel(level.rule, level.move, level.variance, level.told, found)


def _intercept(p: np.ndarray, move: float) -> float:
    x = logit(np.clip(p, FLOOR, 1 - FLOOR))
    target = moved_rate(float(np.clip(expit(x).mean(), FLOOR, 1 - FLOOR)), move)
    reach = float(np.abs(x).max()) + abs(move) + float(abs(logit(target))) + 1.0
    root: Any = brentq(lambda b: float(expit(x + b).mean()) - target, -reach, reach)
    return float(root)


def _in_words(row: Mapping[str, Any]) -> str:
    judged = row["judged_origin_count"]
    newest = f"of {row['newest_origin']}"
    if row["rule"] == "newest":
        if not judged:
            return f"level {newest}; no past window to judge another forecast by"
        return (
            f"level {newest}; the best other forecast ({row['judged_rule']}) was off by "
            f"{row['rule_error']:.3f} in log-odds at {judged} past cutoffs, {row['against']} by "
            f"{row['against_error']:.3f}"
        )
    odds = np.exp(row["level_move"])
    return (
        f"odds {newest} times {odds:.2f}, by rule {row['rule']}: off by {row['rule_error']:.3f} in "
        f"log-odds at {judged} past cutoffs, {row['against']} by {row['against_error']:.3f}"
    )
