"""Trains the model of one division and cutoff: prepare, select by time, calibrate, guard."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import expit

from gosales_assets.models.bundle.bundle import FEW_OUTCOMES, NO_CUTOFF, NO_FEATURE, NOISE
from gosales_assets.models.bundle.held_out import held_out_table
from gosales_assets.models.calibration.band import fit_band
from gosales_assets.models.calibration.calibrator import fit_calibrator
from gosales_assets.models.learners.candidates import (
    POOLED,
    Fitted,
    fit_trees,
    part_of,
)
from gosales_assets.models.learners.linear import Linear, fit_linear
from gosales_assets.models.learners.pooled import PooledTrees, join_pooled
from gosales_assets.models.rows.folds import Fold, make_folds
from gosales_assets.models.rows.narrowing import keep_asked
from gosales_assets.models.rows.preparation import Preparation, prepare_rows
from gosales_assets.models.rows.training_inputs import TrainingInputs, training_inputs
from gosales_assets.models.training.chance import nothing_learnt
from gosales_assets.models.training.outcome import Frame, TrainedModel
from gosales_assets.models.training.selection import (
    ALL,
    OWNERS,
    WHITESPACE,
    Mixture,
    Winner,
    aligned_margins,
    figures_of,
    mix,
    reached,
    select,
)
from gosales_assets.models.training.trials import HeldOutRows, run_trials
from gosales_resources.settings.models import ModelSettings


def train_model(
    matrix: pl.DataFrame,
    *,
    cutoff: dt.date,
    division: str,
    window_months: int,
    settings: ModelSettings,
    pooled: PooledTrees | None = None,
) -> TrainedModel:
    """Train the model of one division as of one cutoff.

    Parameters
    ----------
    matrix
        Features and labels of the training cutoffs (see `build_matrix`), one row per customer and
        cutoff; without columns when there is no training cutoff yet.
    cutoff, division
        What it is a model of.
    window_months
        Label window, not widened; the embargo is each row's own `window_end`.
    settings
        Grid, seeds, guardrails.
    pooled
        The model over all divisions of the same cutoff, one more candidate.

    Returns
    -------
    TrainedModel
        `fitted`, or `prior` with a reason: no training cutoff, too few of a class, or nothing
        learnt. The prior is the base rate of the newest training cutoff; null without any.
    """
    frame = Frame(division, cutoff, window_months, matrix)
    if matrix.is_empty():
        return frame.prior(NO_CUTOFF, "no training cutoff yet")
    least = min(frame.positives, matrix.height - frame.positives)
    if least < settings.min_positives:
        return frame.prior(
            FEW_OUTCOMES,
            f"{least} training rows of the rarer class, {settings.min_positives} needed",
        )
    prepared, raw = prepare_rows(matrix, settings, pooled.preparation if pooled else None)
    if not prepared.columns:
        return frame.prior(NO_FEATURE, "no feature varies")
    shared = pooled if pooled and pooled.fits(prepared) else None
    folds = make_folds(matrix, settings)
    inputs = training_inputs(prepared, raw, matrix["label"].to_numpy())
    search = _Search(matrix, prepared, inputs, folds.folds, shared)
    found = search.run(settings)
    if found.gap > settings.overfit_gap:
        found = _less_overfit(found, search.run(settings.stronger()))
    calibrator = fit_calibrator(found.winner.held, settings)
    held_out = held_out_table(matrix, found.winner.held, calibrator, settings)
    figures = [figures_of(one).to_json() for one in found.mixtures]
    if reason := nothing_learnt(held_out):
        chance = f"cannot be ranked better than by chance: {reason}"
        return replace(frame.prior(NOISE, chance, figures, folds), held_out=held_out)
    kept, members = _fit_final(found.winner, search, settings)
    made = frame.fitted(
        found.winner,
        reached(found.winner, found.rows),
        kept,
        members,
        calibrator,
        folds,
        figures,
        _warnings(found, prepared, held_out, settings),
    )
    return replace(made, held_out=held_out, band=fit_band(held_out, matrix, window_months))


@dataclass(frozen=True)
class _Found:
    mixtures: list[Mixture]
    winner: Winner
    rows: HeldOutRows

    @property
    def gap(self) -> float:
        """Return how much better the winner's members know their training rows, at most."""
        valid = {
            one.name: one.judged[ALL if ALL in one.judged else WHITESPACE].auc
            for one in self.mixtures
            if len(one.members) == 1
        }
        gaps = [one.train_auc - valid[one.candidate.name] for one in self.winner.members]
        return max(gaps)


@dataclass(frozen=True)
class _Search:
    """What a search over candidates is run on."""

    matrix: pl.DataFrame
    prepared: Preparation
    inputs: TrainingInputs
    folds: Sequence[Fold]
    pooled: PooledTrees | None

    def run(self, settings: ModelSettings) -> _Found:
        trials, rows = run_trials(self.matrix, self.inputs, self.folds, settings, self.pooled)
        mixtures = mix(trials, rows)
        return _Found(mixtures, select(mixtures, rows, settings), rows)


def _less_overfit(first: _Found, second: _Found) -> _Found:
    """Take the more regularised search where it overfits less and predicts no worse."""
    errors = [_squared_errors(found) for found in (first, second)]
    difference = errors[1] - errors[0]
    no_worse = difference.mean() <= difference.std() / np.sqrt(difference.size)
    return second if second.gap < first.gap and no_worse else first


def _squared_errors(found: _Found) -> np.ndarray:
    held = found.winner.held
    return (expit(aligned_margins(held)) - held.label) ** 2


def _fit_final(
    winner: Winner, search: _Search, settings: ModelSettings
) -> tuple[Preparation, list[Fitted]]:
    """Fit the winner's members on all training rows."""
    inputs, white = search.inputs, search.matrix["is_whitespace"].to_numpy()
    fitted: list[Fitted] = []
    for member in winner.members:
        parameters = member.candidate.parameters
        learnt, binned, held = inputs, inputs.binned, search.folds[-1].valid
        if member.candidate.on_whitespace:
            rows, held = white.nonzero()[0], held[white[held]]
            learnt, binned = inputs.at(rows), part_of(inputs.binned, rows)
        if isinstance(member.newest, Linear):
            known = (learnt.standardised, learnt.label)
            line = fit_linear(*known, parameters, settings, start=member.newest)
            fitted.append(line.on_scale_of(member.newest, inputs.at(held).standardised))
        elif member.candidate.kind != POOLED:
            fitted.append(fit_trees(binned, parameters, settings, rounds=member.rounds))
    # The pooled trees are the last of the members.
    if search.pooled is not None and len(fitted) < len(winner.members):
        return keep_asked(*join_pooled(search.prepared, fitted, search.pooled))
    return keep_asked(search.prepared, fitted)


def _warnings(
    found: _Found,
    prepared: Preparation,
    held_out: pl.DataFrame,
    settings: ModelSettings,
) -> list[str]:
    """Say what a reader of the model should know."""
    told = [f"{name} dropped: {why}" for name, why in prepared.dropped.items()
            if why.startswith("leak")]  # fmt: skip
    if found.gap > settings.overfit_gap:
        told.append(f"training AUC is {found.gap:.3f} above validation AUC")
    for name, part in (
        (WHITESPACE, held_out.filter("is_whitespace")),
        (OWNERS, held_out.filter(~pl.col("is_whitespace"))),
    ):
        judged = (
            found.winner.whitespace.judged if name == WHITESPACE else found.winner.owners.judged
        )
        if name in judged and (reason := nothing_learnt(part)):
            told.append(f"the {name} alone cannot be ranked better than by chance: {reason}")
    return told
