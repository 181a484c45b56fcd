"""Fits every candidate on every fold: margins of rows that it was not fitted on.

What they are worth is judged in `selection`; nothing here looks at lift or calibration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl

from gosales_assets.models.candidates import (
    LINEAR,
    POOLED,
    TREES,
    Candidate,
    Fitted,
    Trees,
    candidates_of,
    fit_linear,
    fit_trees,
    part_of,
)
from gosales_assets.models.folds import Fold
from gosales_assets.models.inputs import Inputs, TrainingInputs
from gosales_assets.models.pooled import Pooled
from gosales_checks.measures.ranking import auc, tie_breaker
from gosales_resources.settings.models import ModelSettings


@dataclass(frozen=True)
class Trial:
    """A candidate and its margins on the validation rows, all folds end to end."""

    candidate: Candidate
    rounds: int | None
    margin: np.ndarray
    train_auc: float
    """Mean over folds, on the rows it was fitted on."""


@dataclass(frozen=True)
class HeldOutRows:
    """The validation rows of all folds end to end, oldest fold first."""

    label: np.ndarray
    is_whitespace: np.ndarray
    ties: np.ndarray
    fold: np.ndarray
    newest: np.ndarray
    row: np.ndarray
    """Place in the training matrix."""


@dataclass(frozen=True)
class _FoldData:
    name: str
    train_rows: np.ndarray
    valid_rows: np.ndarray
    train: Inputs
    valid: Inputs
    binned: lgb.Dataset
    binned_valid: lgb.Dataset


def run_trials(
    table: pl.DataFrame,
    inputs: TrainingInputs,
    folds: Sequence[Fold],
    settings: ModelSettings,
    pooled: Pooled | None,
) -> tuple[list[Trial], HeldOutRows]:
    """Fit the grid on every fold.

    Parameters
    ----------
    table
        The training matrix.
    inputs
        Of its rows.
    folds
        Rows to fit on and to predict.
    settings
        Grid, rows used, seed.
    pooled
        The model over all divisions; tried where it has left out the same folds.

    Returns
    -------
    tuple
        One trial per candidate, simplest first, the pooled trees last; and the rows predicted.
    """
    data = [_prepare(table, inputs, fold, settings.search_rows) for fold in folds]
    trials = [_try(candidate, data, settings) for candidate in _finalists(data, settings)]
    if pooled is not None and all(fold.name in pooled.by_fold for fold in folds):
        trials.append(_pooled_trial(pooled, table, data))
    return trials, _held_out(table, folds, [fold.valid_rows for fold in data])


def log_loss(margin: np.ndarray, label: np.ndarray) -> float:
    """Return the mean log loss of logits; it needs far fewer rows to tell two models than lift."""
    return float(np.mean(np.logaddexp(0.0, margin) - label * margin))


def _finalists(data: Sequence[_FoldData], settings: ModelSettings) -> list[Candidate]:
    """Compare a large grid on the newest fold alone, and keep the best of each kind."""
    kept: list[Candidate] = []
    for kind in (LINEAR, TREES):
        grid = [one for one in candidates_of(settings) if one.kind == kind]
        if len(grid) > settings.finalists:
            newest = data[-1:]
            scored = [
                (log_loss(_try(one, newest, settings).margin, newest[0].valid.label), at)
                for at, one in enumerate(grid)
            ]
            places = sorted(at for _, at in sorted(scored)[: settings.finalists])
            grid = [grid[at] for at in places]
        kept += grid
    return kept


def _try(candidate: Candidate, data: Sequence[_FoldData], settings: ModelSettings) -> Trial:
    fits = [_fit_on_fold(candidate, fold, settings) for fold in data]
    liked = [fit.rounds for fit in fits if isinstance(fit, Trees)]
    # One number of rounds for all folds: a fold's own best was chosen on the rows it is judged by.
    rounds = max(1, round(float(np.mean(liked)))) if liked else None
    pairs = list(zip(fits, data, strict=True))
    margins = [_margin(fit, fold.valid, rounds) for fit, fold in pairs]
    seen = [auc(fold.train.label, _margin(fit, fold.train, rounds)) for fit, fold in pairs]
    return Trial(candidate, rounds, np.concatenate(margins), float(np.mean(seen)))


def _pooled_trial(pooled: Pooled, table: pl.DataFrame, data: Sequence[_FoldData]) -> Trial:
    margins = [pooled.held_out(fold.name, table[fold.valid_rows]) for fold in data]
    seen = [
        auc(fold.train.label, pooled.held_out(fold.name, table[fold.train_rows])) for fold in data
    ]
    return Trial(Candidate(POOLED), None, np.concatenate(margins), float(np.mean(seen)))


def _margin(fit: Fitted, rows: Inputs, rounds: int | None) -> np.ndarray:
    if isinstance(fit, Trees):
        return fit.margin(rows.raw, rounds=rounds)
    return fit.margin(rows.raw, rows.standardised)


def _fit_on_fold(candidate: Candidate, fold: _FoldData, settings: ModelSettings) -> Fitted:
    if candidate.kind == LINEAR:
        rows = fold.train
        return fit_linear(rows.standardised, rows.label, candidate.parameters, settings)
    return fit_trees(fold.binned, candidate.parameters, settings, valid=fold.binned_valid)


def _prepare(table: pl.DataFrame, inputs: TrainingInputs, fold: Fold, most: int) -> _FoldData:
    train, valid = (_sample(table, rows, most) for rows in (fold.train, fold.valid))
    return _FoldData(
        fold.name,
        train,
        valid,
        inputs.at(train),
        inputs.at(valid),
        part_of(inputs.binned, train),
        part_of(inputs.binned, valid),
    )


def _held_out(
    table: pl.DataFrame, folds: Sequence[Fold], rows: Sequence[np.ndarray]
) -> HeldOutRows:
    at = np.concatenate(rows)
    valid = table[at]
    sizes = [part.size for part in rows]
    return HeldOutRows(
        valid["label"].to_numpy(),
        valid["is_whitespace"].to_numpy(),
        tie_breaker(valid["customer_id"].to_list()),
        np.repeat(np.arange(len(rows)), sizes),
        np.repeat([fold.newest for fold in folds], sizes),
        at,
    )


def _sample(table: pl.DataFrame, rows: np.ndarray, most: int) -> np.ndarray:
    """Take so many of the rows, by customer hash: the same ones whatever the row order."""
    if rows.size <= most:
        return rows
    chosen = (
        table[rows]
        .with_row_index("at")
        .select("at", "cutoff", ties=pl.Series(tie_breaker(table["customer_id"][rows].to_list())))
    )
    return rows[np.sort(chosen.sort("ties", "cutoff")["at"].head(most).to_numpy())]
