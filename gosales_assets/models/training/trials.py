"""Fits every candidate on every fold: margins of rows that it was not fitted on.

What they are worth is judged in `selection`; nothing here looks at lift or calibration.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from gosales_assets.models.calibration.lines import squared_errors
from gosales_assets.models.learners.candidates import POOLED, Candidate, candidates_of, kinds
from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.learners.pooled import PooledTrees
from gosales_assets.models.learners.registry import LEARNERS
from gosales_assets.models.rows.classes import both_classes
from gosales_assets.models.rows.folds import FEWEST_JUDGED, Fold
from gosales_assets.models.rows.model_inputs import TrainingInputs
from gosales_assets.models.training.fold_inputs import FoldCutter, FoldInputs
from gosales_checks.measures.ranking import auc, tie_breaker
from gosales_resources.settings.models import ModelSettings

# A fit on the whitespace alone tells nothing new where it has more than this share of the rows.
NEARLY_ALL = 0.95


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A candidate and its margins on the validation rows, all folds end to end."""

    candidate: Candidate
    rounds: int | None
    margin: np.ndarray
    train_auc: float
    """Mean over folds, on the rows it was fitted on."""
    newest: Learner | None = None
    """Its fit on the newest fold; None of the pooled trees, which are fitted elsewhere."""


@dataclass(frozen=True, kw_only=True)
class HeldOutRows:
    """The validation rows of all folds end to end, oldest fold first."""

    label: np.ndarray
    is_whitespace: np.ndarray
    ties: np.ndarray
    fold: np.ndarray
    newest: np.ndarray
    row: np.ndarray
    """Place in the training matrix."""


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
    cutter = FoldCutter(table, inputs, settings.search_rows)
    data = [cutter.prepare(fold) for fold in folds]
    trials = [one for kind in LEARNERS for one in _try_kind(kind, data, settings)]
    if settings.tries_whitespace_alone and _whitespace_says_more(
        cutter, folds, settings.min_positives
    ):
        trials += _try_on_whitespace(trials, cutter, folds, data, settings)
    if pooled is not None and all(fold.name in pooled.by_fold for fold in folds):
        trials.append(_pooled_trial(pooled, table, data))
    return trials, _held_out(table, folds, [fold.valid_rows for fold in data])


def log_loss(margin: np.ndarray, label: np.ndarray) -> float:
    """Return the mean log loss of logits; it needs far fewer rows to tell two models than lift.

    Parameters
    ----------
    margin
        Logits, one per row.
    label
        0 or 1 per row.

    Returns
    -------
    float
        In nats.
    """
    return float(np.mean(np.logaddexp(0.0, margin) - label * margin))


def best_of_each_kind(trials: Sequence[Trial], label: np.ndarray) -> list[Trial]:
    """Return the trial of each kind with the least log loss over all rows.

    Parameters
    ----------
    trials
        Of the same rows; the simplest of a kind first.
    label
        0 or 1 per row.

    Returns
    -------
    list of Trial
        At most one a kind, in the order of `kinds`.
    """
    return [
        min(same, key=lambda one: log_loss(one.margin, label))
        for kind in kinds()
        if (same := [one for one in trials if one.candidate.kind == kind])
    ]


def _whitespace_says_more(cutter: FoldCutter, folds: Sequence[Fold], least: int) -> bool:
    """Tell whether the whitespace has enough of both classes to learn from, and others are not few."""
    label, white, newest = cutter.inputs.label, cutter.is_whitespace, folds[-1].valid
    parts = [fold.train[white[fold.train]] for fold in folds]
    enough = all(both_classes(label[part], least) for part in parts)
    judged = both_classes(label[newest[white[newest]]], FEWEST_JUDGED)
    shares = [part.size / fold.train.size for part, fold in zip(parts, folds, strict=True)]
    return enough and judged and max(shares) <= NEARLY_ALL


def _try_on_whitespace(
    trials: Sequence[Trial],
    cutter: FoldCutter,
    folds: Sequence[Fold],
    data: Sequence[FoldInputs],
    settings: ModelSettings,
) -> list[Trial]:
    """Fit the best of each kind on the whitespace alone, where on the newest fold that is no worse."""
    *earlier, newest = zip(data, folds, strict=True)
    last = cutter.narrow(*newest)
    others: list[FoldInputs] = []
    inside = cutter.is_whitespace[last.valid_rows]
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
            others = others or [cutter.narrow(*one) for one in earlier]
            fits = [*(_fit_on_fold(candidate, one, settings) for one in others), fit]
            found.append(_trial(candidate, fits, [*others, last]))
    return found


def _try_kind(kind: str, data: Sequence[FoldInputs], settings: ModelSettings) -> list[Trial]:
    """Compare the grid of a kind on the newest fold, and fit the best of it on the others too."""
    grid = [one for one in candidates_of(settings) if one.kind == kind]
    *earlier, last = data
    newest = [_fit_on_fold(one, last, settings) for one in grid]
    losses = [
        (log_loss(fit.margin(last.valid, fit.best_rounds), last.valid.label), at)
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


def _trial(candidate: Candidate, fits: Sequence[Learner], data: Sequence[FoldInputs]) -> Trial:
    """Ask the fits of all folds about the rows that each was not fitted on."""
    best = [fit.best_rounds for fit in fits if fit.best_rounds]
    # One number of rounds for all folds: a fold's own best was chosen on the rows it is judged by.
    rounds = max(1, round(float(np.mean(best)))) if best else None
    pairs = list(zip(fits, data, strict=True))
    margins = [fit.margin(fold.valid, rounds) for fit, fold in pairs]
    seen = [auc(fold.train.label, fit.margin(fold.train, rounds)) for fit, fold in pairs]
    return Trial(
        candidate=candidate,
        rounds=rounds,
        margin=np.concatenate(margins),
        train_auc=float(np.mean(seen)),
        newest=fits[-1],
    )


def _pooled_trial(pooled: PooledTrees, table: pl.DataFrame, data: Sequence[FoldInputs]) -> Trial:
    margins = [pooled.held_out(fold.name, table[fold.valid_rows]) for fold in data]
    seen = [
        auc(fold.train.label, pooled.held_out(fold.name, table[fold.train_rows])) for fold in data
    ]
    return Trial(
        candidate=Candidate(POOLED),
        rounds=None,
        margin=np.concatenate(margins),
        train_auc=float(np.mean(seen)),
    )


def _fit_on_fold(candidate: Candidate, fold: FoldInputs, settings: ModelSettings) -> Learner:
    learner = LEARNERS[candidate.kind]
    return learner.fit(fold.train, candidate.parameters, settings, fold.stop_on)


def _held_out(
    table: pl.DataFrame, folds: Sequence[Fold], rows: Sequence[np.ndarray]
) -> HeldOutRows:
    at = np.concatenate(rows)
    valid = table[at]
    sizes = [part.size for part in rows]
    return HeldOutRows(
        label=valid["label"].to_numpy(),
        is_whitespace=valid["is_whitespace"].to_numpy(),
        ties=tie_breaker(valid["customer_id"].to_list()),
        fold=np.repeat(np.arange(len(rows)), sizes),
        newest=np.repeat([fold.newest for fold in folds], sizes),
        row=at,
    )
