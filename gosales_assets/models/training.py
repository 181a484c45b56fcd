"""Trains the model of one division and cutoff: prepare, select by time, calibrate, guard."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from gosales_assets.models.band import Band, fit_band
from gosales_assets.models.bundle import (
    FEW_OUTCOMES,
    FITTED,
    NO_CUTOFF,
    NO_FEATURE,
    NOISE,
    PRIOR,
    Card,
    to_files,
)
from gosales_assets.models.calibration import Calibrator, HeldOut, fit_calibrator
from gosales_assets.models.candidates import Fitted
from gosales_assets.models.folds import Folds, make_folds
from gosales_assets.models.held_out import held_out_table
from gosales_assets.models.preparation import Preparation, fit_preparation
from gosales_assets.models.selection import Tried, choose, fit_final, try_candidates
from gosales_checks.measures.ranking import auc
from gosales_resources.settings.models import ModelSettings

# Two-sided 95 %.
Z95 = 1.959964
# Spread of p below this share of the base rate tells nobody from anybody. (An absolute 0.01 would
# throw away a good model of a division that one customer in a hundred buys in.)
LEAST_SPREAD = 0.1


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, or the prior rate with the reason why."""

    card: Card
    preparation: Preparation | None
    members: list[Fitted]
    calibrator: Calibrator | None
    candidates: list[dict[str, Any]]
    warnings: list[str]
    held_out: pl.DataFrame | None = None
    """The winner's predictions of rows it did not fit; None where nothing was tried."""
    band: Band | None = None
    """How sure the probabilities are; None without a model, or with too few buyers to tell."""

    def to_files(self) -> dict[str, bytes]:
        """Return the bundle's files."""
        report = {"candidates": self.candidates, "warnings": self.warnings}
        parts = (self.card, self.preparation, self.members, self.calibrator)
        return to_files(*parts, self.band, report, self.held_out)


def train_model(
    matrix: pl.DataFrame,
    *,
    cutoff: dt.date,
    division: str,
    window_months: int,
    settings: ModelSettings,
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
        Label window: the embargo between fitting and judging.
    settings
        Grid, seeds, guardrails.

    Returns
    -------
    TrainedModel
        `fitted`, or `prior` with a reason: no training cutoff, too few of a class, or nothing
        learnt. The prior is the base rate of the newest training cutoff; null without any.
    """
    frame = _Frame(division, cutoff, window_months, matrix)
    if matrix.is_empty():
        return frame.prior(NO_CUTOFF, "no training cutoff yet")
    positives = frame.positives
    least = min(positives, matrix.height - positives)
    if least < settings.min_positives:
        return frame.prior(
            FEW_OUTCOMES,
            f"{least} training rows of the rarer class, {settings.min_positives} needed",
        )
    prepared = fit_preparation(matrix, settings)
    if not prepared.columns:
        return frame.prior(NO_FEATURE, "no feature varies")
    folds = make_folds(matrix, window_months, settings)
    tried = try_candidates(matrix, prepared, folds.folds, settings)
    winner = choose(tried)
    calibrator = fit_calibrator(winner.held, settings)
    figures = [t.figures.to_json() for t in tried]
    held_out = held_out_table(matrix, winner.held, settings)
    if reason := nothing_learnt(winner.held, calibrator):
        chance = f"cannot be ranked better than by chance: {reason}"
        return replace(frame.prior(NOISE, chance, figures, folds), held_out=held_out)
    members = fit_final(winner, matrix, prepared, settings)
    made = frame.fitted(winner, prepared, members, calibrator, folds, figures, settings)
    return replace(made, held_out=held_out, band=fit_band(held_out, matrix, window_months))


def nothing_learnt(held: HeldOut, calibrator: Calibrator) -> str | None:
    """Say why a candidate is no better than the prior rate, or None where it is.

    Its AUC on rows it did not see, mean over folds, has an interval that covers 0.5 (Hanley and
    McNeil 1982), or its probabilities hardly differ.
    """
    areas, variances = [], []
    for fold in np.unique(held.fold):
        rows = held.fold == fold
        y, margin = held.label[rows], held.margin[rows]
        positives = int(y.sum())
        if 0 < positives < y.size:
            area = auc(y, margin)
            areas.append(area)
            variances.append(_hanley_mcneil(area, positives, y.size - positives))
    if not areas:
        return "no validation fold has both classes"
    area, error = float(np.mean(areas)), float(np.sqrt(np.sum(variances)) / len(areas))
    if area - Z95 * error <= 0.5:
        return f"validation AUC {area:.3f} +- {Z95 * error:.3f} is not above 0.5"
    p = calibrator.probability(held.margin, held.is_whitespace)
    if p.std() < LEAST_SPREAD * held.label.mean():
        return f"probabilities hardly differ: standard deviation {p.std():.5f}"
    return None


def _hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return max(spread, 0.0) / (positives * negatives)


@dataclass(frozen=True)
class _Frame:
    """What every outcome of a training says of itself."""

    division: str
    cutoff: dt.date
    window_months: int
    matrix: pl.DataFrame

    @property
    def positives(self) -> int:
        return int(self.matrix["label"].sum()) if not self.matrix.is_empty() else 0

    def prior(
        self,
        fallback: str,
        reason: str,
        figures: list[dict[str, Any]] | None = None,
        folds: Folds | None = None,
    ) -> TrainedModel:
        rate = None
        if not self.matrix.is_empty():
            newest = self.matrix.filter(pl.col("cutoff") == pl.col("cutoff").max())["label"]
            # Laplace's rule: nobody bought yet is a small rate, not an impossible one.
            rate = (int(newest.sum()) + 1) / (newest.len() + 2)
        card = self._card(PRIOR, reason, "prior rate", "none", reason, folds, rate, 0, None)
        card = replace(card, fallback=fallback)
        return TrainedModel(card, None, [], None, figures or [], [])

    def fitted(
        self,
        winner: Tried,
        prepared: Preparation,
        members: list[Fitted],
        calibrator: Calibrator,
        folds: Folds,
        figures: list[dict[str, Any]],
        settings: ModelSettings,
    ) -> TrainedModel:
        own = winner.figures
        warnings = [f"{name} dropped: {why}" for name, why in prepared.dropped.items()
                    if why.startswith("leak")]  # fmt: skip
        gap = own.train_auc - own.auc
        if gap > settings.overfit_gap:
            warnings.append(f"training AUC is {gap:.3f} above validation AUC")
        reason = f"highest mean lift@10 on the whitespace slice, {folds.scheme}"
        card = self._card(
            FITTED, reason, winner.candidate.name, calibrator.method, calibrator.reason, folds,
            None, len(prepared.columns), winner,
        )  # fmt: skip
        return TrainedModel(card, prepared, members, calibrator, figures, warnings)

    def _card(
        self,
        status: str,
        reason: str,
        winner: str,
        calibration: str,
        calibration_reason: str,
        folds: Folds | None,
        prior: float | None,
        features: int,
        tried: Tried | None,
    ) -> Card:
        own = tried.figures.to_json() if tried else {}
        empty = self.matrix.is_empty()
        cutoffs = [] if empty else self.matrix["cutoff"].unique().sort().to_list()
        return Card(
            division=self.division,
            cutoff=self.cutoff.isoformat(),
            status=status,
            reason=reason,
            winner=winner,
            calibration=calibration,
            calibration_reason=calibration_reason,
            selection_scheme=folds.scheme if folds else "none",
            training_cutoffs=[c.isoformat() for c in cutoffs],
            training_row_count=self.matrix.height,
            positive_count=self.positives,
            prior=prior,
            feature_count=features,
            auc=own.get("auc"),
            auc_whitespace=own.get("auc_whitespace"),
            lift_10=own.get("lift_10"),
            lift_10_whitespace=own.get("lift_10_whitespace"),
            window_months=self.window_months,
        )
