"""Fits every candidate on every fold: margins of rows that it was not fitted on.

What they are worth is judged in `selection`; nothing here looks at lift or calibration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import lightgbm as lgb
import numpy as np
import polars as pl

from gosales_assets.models.calibration.calibrator import squared_errors
from gosales_assets.models.learners.candidates import (
    LINEAR,
    POOLED,
    TREES,
    Candidate,
    Fitted,
    Trees,
    candidates_of,
    fit_trees,
    part_of,
)
from gosales_assets.models.learners.linear import fit_linear
from gosales_assets.models.learners.pooled import PooledTrees
from gosales_assets.models.rows.folds import FEWEST_JUDGED, Fold, both_classes
from gosales_assets.models.rows.training_inputs import ModelInputs, TrainingInputs
from gosales_checks.measures.ranking import auc, tie_breaker
from gosales_resources.settings.models import ModelSettings

# In the order that trials are made.
KINDS = (LINEAR, TREES, POOLED)
# A fit on the whitespace alone tells nothing new where it has more than this share of the rows.
NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Trial:
    """A candidate and its margins on the validation rows, all folds end to end."""

    candidate: Candidate
    rounds: int | None
    margin: np.ndarray
    train_auc: float
    """Mean over folds, on the rows it was fitted on."""
    newest: Fitted | None = None
    """Its fit on the newest fold; None of the pooled trees, which are fitted elsewhere."""


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
    train: ModelInputs
    valid: ModelInputs
    binned: lgb.Dataset
    binned_valid: lgb.Dataset
    """What early stopping looks at."""


@dataclass(frozen=True)
class _Rows:
    """The training rows that folds are cut from."""

    table: pl.DataFrame
    inputs: TrainingInputs
    most: int
    """Rows of a fold that are looked at."""

    @cached_property
    def is_whitespace(self) -> np.ndarray:
        return self.table["is_whitespace"].to_numpy()

    def prepare(self, fold: Fold) -> _FoldData:
        train, valid = (self._sample(rows) for rows in (fold.train, fold.valid))
        return _FoldData(
            fold.name,
            train,
            valid,
            self.inputs.at(train),
            self.inputs.at(valid),
            part_of(self.inputs.binned, train),
            part_of(self.inputs.binned, valid),
        )

    def narrow(self, data: _FoldData, fold: Fold) -> _FoldData:
        """Fit on the whitespace alone; all of the fold are predicted still."""
        white, valid = self.is_whitespace, data.valid_rows
        train = self._sample(fold.train[white[fold.train]])
        return replace(
            data,
            train_rows=train,
            train=self.inputs.at(train),
            binned=part_of(self.inputs.binned, train),
            binned_valid=part_of(self.inputs.binned, valid[white[valid]]),
        )

    def _sample(self, rows: np.ndarray) -> np.ndarray:
        """Take so many of the rows, by customer hash: the same ones whatever the row order."""
        if rows.size <= self.most:
            return rows
        customers = self.table["customer_id"][rows]
        chosen = (
            self.table[rows]
            .with_row_index("at")
            .select("at", "cutoff", ties=pl.Series(tie_breaker(customers.to_list())))
        )
        return rows[np.sort(chosen.sort("ties", "cutoff")["at"].head(self.most).to_numpy())]


def run_trials(
    table: pl.DataFrame,
    inputs: TrainingInputs,
    folds: Sequence[Fold],
    settings: ModelSettings,
    pooled: PooledTrees | None,
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
        One trial per candidate, simplest first; then the best of each kind fitted on the whitespace
        alone, where that promises something; the pooled trees last. And the rows predicted.
    """
    rows = _Rows(table, inputs, settings.search_rows)
    data = [rows.prepare(fold) for fold in folds]
    trials = [one for kind in (LINEAR, TREES) for one in _try_kind(kind, data, settings)]
    if settings.tries_whitespace_alone and _is_another(rows, folds, settings.min_positives):
        trials += _tried_on_whitespace(trials, rows, folds, data, settings)
    if pooled is not None and all(fold.name in pooled.by_fold for fold in folds):
        trials.append(_pooled_trial(pooled, table, data))
    return trials, _held_out(table, folds, [fold.valid_rows for fold in data])


def log_loss(margin: np.ndarray, label: np.ndarray) -> float:
    """Return the mean log loss of logits; it needs far fewer rows to tell two models than lift."""
    return float(np.mean(np.logaddexp(0.0, margin) - label * margin))


def best_of_each_kind(trials: Sequence[Trial], label: np.ndarray) -> list[Trial]:
    """Return the trial of each kind with the least log loss over all rows, in the order of kinds."""
    return [
        min(same, key=lambda one: log_loss(one.margin, label))
        for kind in KINDS
        if (same := [one for one in trials if one.candidate.kind == kind])
    ]


def _is_another(rows: _Rows, folds: Sequence[Fold], least: int) -> bool:
    """Tell whether the whitespace has enough of both classes to learn from, and others are not few."""
    label, white, newest = rows.inputs.label, rows.is_whitespace, folds[-1].valid
    parts = [fold.train[white[fold.train]] for fold in folds]
    enough = all(both_classes(label[part], least) for part in parts)
    judged = both_classes(label[newest[white[newest]]], FEWEST_JUDGED)
    shares = [part.size / fold.train.size for part, fold in zip(parts, folds, strict=True)]
    return enough and judged and max(shares) <= NEARLY_ALL


def _tried_on_whitespace(
    trials: Sequence[Trial],
    rows: _Rows,
    folds: Sequence[Fold],
    data: Sequence[_FoldData],
    settings: ModelSettings,
) -> list[Trial]:
    """Fit the best of each kind on the whitespace alone, where on the newest fold that is no worse."""
    *earlier, newest = zip(data, folds, strict=True)
    last = rows.narrow(*newest)
    others: list[_FoldData] = []
    inside = rows.is_whitespace[last.valid_rows]
    bought = last.valid.label[inside]
    label = np.concatenate([fold.valid.label for fold in data])
    found = []
    for best in best_of_each_kind(trials, label):
        candidate = replace(best.candidate, on_whitespace=True)
        fit = _fit_on_fold(candidate, last, settings)
        errors = [
            float(squared_errors(margin[inside], bought).mean())
            for margin in (_trial(candidate, [fit], [last]).margin, best.margin[-inside.size :])
        ]
        if errors[0] <= errors[1]:
            others = others or [rows.narrow(*one) for one in earlier]
            fits = [*(_fit_on_fold(candidate, one, settings) for one in others), fit]
            found.append(_trial(candidate, fits, [*others, last]))
    return found


def _try_kind(kind: str, data: Sequence[_FoldData], settings: ModelSettings) -> list[Trial]:
    """Compare the grid of a kind on the newest fold, and fit the best of it on the others too."""
    grid = [one for one in candidates_of(settings) if one.kind == kind]
    *earlier, last = data
    newest = [_fit_on_fold(one, last, settings) for one in grid]
    losses = [
        (log_loss(_margin(fit, last.valid, _liked(fit)), last.valid.label), at)
        for at, fit in enumerate(newest)
    ]
    return [
        _trial(
            grid[at],
            [*(_fit_on_fold(grid[at], one, settings) for one in earlier), newest[at]],
            data,
        )
        for at in sorted(at for _, at in sorted(losses)[: settings.finalists])
    ]


def _trial(candidate: Candidate, fits: Sequence[Fitted], data: Sequence[_FoldData]) -> Trial:
    """Ask the fits of all folds about the rows that each was not fitted on."""
    liked = [rounds for fit in fits if (rounds := _liked(fit))]
    # One number of rounds for all folds: a fold's own best was chosen on the rows it is judged by.
    rounds = max(1, round(float(np.mean(liked)))) if liked else None
    pairs = list(zip(fits, data, strict=True))
    margins = [_margin(fit, fold.valid, rounds) for fit, fold in pairs]
    seen = [auc(fold.train.label, _margin(fit, fold.train, rounds)) for fit, fold in pairs]
    return Trial(candidate, rounds, np.concatenate(margins), float(np.mean(seen)), fits[-1])


def _pooled_trial(pooled: PooledTrees, table: pl.DataFrame, data: Sequence[_FoldData]) -> Trial:
    margins = [pooled.held_out(fold.name, table[fold.valid_rows]) for fold in data]
    seen = [
        auc(fold.train.label, pooled.held_out(fold.name, table[fold.train_rows])) for fold in data
    ]
    return Trial(Candidate(POOLED), None, np.concatenate(margins), float(np.mean(seen)))


def _liked(fit: Fitted) -> int | None:
    """Return the rounds that a fit's own validation rows liked best."""
    return fit.rounds if isinstance(fit, Trees) else None


def _margin(fit: Fitted, rows: ModelInputs, rounds: int | None) -> np.ndarray:
    if isinstance(fit, Trees):
        return fit.margin(rows.raw, rounds=rounds)
    return fit.margin(rows.raw, rows.standardised)


def _fit_on_fold(candidate: Candidate, fold: _FoldData, settings: ModelSettings) -> Fitted:
    if candidate.kind == LINEAR:
        rows = fold.train
        return fit_linear(rows.standardised, rows.label, candidate.parameters, settings)
    return fit_trees(fold.binned, candidate.parameters, settings, valid=fold.binned_valid)


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
