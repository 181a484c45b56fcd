"""Trains the model of one division and cutoff: prepare, select by time, calibrate, guard."""

import datetime as dt

import numpy as np
import polars as pl

from gosales_assets.models.bundle.held_out import cross_calibrated, held_out_table
from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.calibration.band import fit_band
from gosales_assets.models.calibration.calibrator import fit_calibrator
from gosales_assets.models.calibration.level import fit_level, read_forecasts
from gosales_assets.models.drift.reference import reference_scores
from gosales_assets.models.learners.pooled import PooledTrees
from gosales_assets.models.rows.classes import rarer_count
from gosales_assets.models.rows.folds import BY_TIME, fitted_rows, make_folds
from gosales_assets.models.rows.model_inputs import TrainingInputs
from gosales_assets.models.rows.preparation import LEAK, Preparation, prepare_rows
from gosales_assets.models.rows.slices import ALL, OWNERS, WHITESPACE
from gosales_assets.models.training.chance import nothing_learnt
from gosales_assets.models.training.figures import figures_of, figures_of_winner
from gosales_assets.models.training.outcome import Evidence, TrainingScope
from gosales_assets.models.training.search import Search, SearchResult
from gosales_checks.contracts.models import FEW_OUTCOMES, NO_CUTOFF, NO_FEATURE, NOISE
from gosales_resources.settings.models import ModelSettings


def train_model(
    matrix: pl.DataFrame,
    *,
    cutoff: dt.date,
    division: str,
    window_months: int,
    settings: ModelSettings,
    pooled: PooledTrees | None = None,
    forecasts: pl.DataFrame | None = None,
) -> DivisionModel:
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
    forecasts
        Rows of `rate_forecast` of the division: where a rule forecasts another rate than the newest,
        the level of the probabilities is moved to it.

    Returns
    -------
    DivisionModel
        `fitted`, or `prior` with a reason: no training cutoff, too few of a class, or nothing
        learnt. The prior is the base rate of the newest training cutoff; null without any.
    """
    fitted = matrix if matrix.is_empty() else matrix.filter(fitted_rows(matrix, settings))
    levels = read_forecasts(forecasts, fitted, window_months)
    scope = TrainingScope(division, cutoff, window_months, matrix, fitted, levels)
    if matrix.is_empty():
        return scope.prior_model(NO_CUTOFF, "no training cutoff yet")
    if (least := rarer_count(fitted["label"].to_numpy())) < settings.min_positives:
        reason = f"{least} training rows of the rarer class, {settings.min_positives} needed"
        return scope.prior_model(FEW_OUTCOMES, reason)
    prepared, raw = prepare_rows(matrix, settings, pooled.preparation if pooled else None)
    if not prepared.columns:
        return scope.prior_model(NO_FEATURE, "no feature varies")
    shared = pooled if pooled and pooled.fits(prepared) else None
    inputs = TrainingInputs(prepared, raw, matrix["label"].to_numpy())
    return _train(scope, inputs, settings, shared)


def _train(
    scope: TrainingScope,
    inputs: TrainingInputs,
    settings: ModelSettings,
    pooled: PooledTrees | None,
) -> DivisionModel:
    folds = make_folds(scope.matrix, settings)
    search = Search(scope.matrix, inputs, folds.folds, pooled)
    found = search.run(settings)
    winner = found.winner
    # Fits of folds by time have seen older rates, and less: their margins are not those of the scores.
    like_scores = search.cross_fit(winner, settings) if folds.scheme == BY_TIME else winner.held
    calibrator = fit_calibrator(like_scores, settings)
    p = cross_calibrated(found.winner.held, found.rows.ties, settings)
    held_out = held_out_table(scope.matrix, found.winner.held, calibrator, p)
    level = fit_level(scope.levels, calibrator, like_scores) if scope.levels else None
    figures = [figures_of(one).to_json() for one in found.mixtures]
    evidence = Evidence(scheme=folds.scheme, candidates=figures, held_out=held_out)
    if reason := _nothing_learnt(found, p, ALL):
        chance = f"cannot be ranked better than by chance: {reason}"
        return scope.prior_model(NOISE, chance, evidence)
    preparation, members = search.fit_winner(found.winner, settings)
    return scope.fitted_model(
        found.winner,
        figures_of_winner(found.winner, found.rows),
        evidence,
        preparation=preparation,
        members=members,
        calibrator=calibrator,
        band=fit_band(held_out, scope.matrix, scope.window_months, level),
        level=level,
        warnings=_warnings(found, p, inputs.preparation, settings),
        scores=reference_scores(
            calibrator.probability(like_scores.margin, like_scores.is_whitespace),
            scope.matrix["cutoff"].gather(like_scores.row),
            like_scores.is_whitespace,
        ),
    )


def _nothing_learnt(found: SearchResult, p: np.ndarray, name: str) -> str | None:
    """Say why a slice cannot be ranked by the winner; None where it can."""
    rows = found.rows
    inside = {
        ALL: np.ones(p.size, dtype=bool),
        WHITESPACE: rows.is_whitespace,
        OWNERS: ~rows.is_whitespace,
    }[name]
    return nothing_learnt(
        rows.label[inside],
        p[inside],
        [one.margin[inside] for one in found.mixtures if name in one.judged],
        rows.fold[inside],
        rows.ties[inside],
    )


def _warnings(
    found: SearchResult, p: np.ndarray, prepared: Preparation, settings: ModelSettings
) -> list[str]:
    """Say what a reader of the model should know."""
    leaks = ((name, why) for name, why in prepared.dropped.items() if why.startswith(LEAK))
    said = [f"{name} dropped: {why}" for name, why in leaks]
    if found.overfit_gap > settings.overfit_gap:
        said.append(f"training AUC is {found.overfit_gap:.3f} above validation AUC")
    winner = found.winner
    for name, mixture in ((WHITESPACE, winner.whitespace), (OWNERS, winner.owners)):
        if name in mixture.judged and (reason := _nothing_learnt(found, p, name)):
            said.append(f"the {name} alone cannot be ranked better than by chance: {reason}")
    return said
