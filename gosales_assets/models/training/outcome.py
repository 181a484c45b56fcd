"""What a training of one division and cutoff comes to: a model, or the prior rate and why."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gosales_assets.models.bundle.model import Card, DivisionModel
from gosales_assets.models.bundle.table_files import table_bytes
from gosales_assets.models.calibration.band import Band
from gosales_assets.models.calibration.calibrator import NONE, Calibrator
from gosales_assets.models.calibration.level import Level, SliceLevel, moved_rate
from gosales_assets.models.drift.reference import (
    INPUTS_FILE,
    SCORES_FILE,
    reference_inputs,
)
from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.rows.preparation import Preparation
from gosales_assets.models.rows.slices import ALL
from gosales_assets.models.training.figures import Figures
from gosales_assets.models.training.selection import Winner
from gosales_checks.contracts.models import FITTED, PRIOR

# Of the winner's figures, those that its card has too.
SHOWN_FIGURES = ("auc", "auc_whitespace", "lift_10", "lift_10_whitespace")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a search has shown, whether it comes to a model or not."""

    scheme: str
    """How the folds were made."""
    candidates: list[dict[str, Any]]
    """Figures of all that was tried."""
    held_out: pl.DataFrame
    """The winner's predictions of rows it did not fit."""


@dataclass(frozen=True)
class TrainingScope:
    """What a model is trained for, and on."""

    division: str
    cutoff: dt.date
    window_months: int
    matrix: pl.DataFrame
    """All rows that were read, also those of older cutoffs that only folds are made of."""
    fitted: pl.DataFrame
    """Those that the model is fitted on."""
    levels: Mapping[str, SliceLevel] | None = None
    """Forecasts of the rates by slice; None where they say nothing of these labels."""

    @property
    def positives(self) -> int:
        """Buyers among the rows that the model is fitted on."""
        return int(self.fitted["label"].sum()) if not self.fitted.is_empty() else 0

    def prior_model(
        self, fallback: str, reason: str, evidence: Evidence | None = None
    ) -> DivisionModel:
        """Return the prior rate.

        Parameters
        ----------
        fallback
            One of the contract's kinds of reasons.
        reason
            Why, in words.
        evidence
            Of the search; None where nothing was tried.
        """
        card = self._card(
            status=PRIOR,
            reason=reason,
            winner="prior rate",
            calibration=NONE,
            calibration_reason=reason,
            selection_scheme=evidence.scheme if evidence else "none",
            prior=self._prior_rate(),
            fallback=fallback,
        )
        said = [f"everyone: {self.levels[ALL].told}"] if self.levels else []
        if evidence is None:
            return DivisionModel(card=card, level_told=said)
        return DivisionModel(
            card=card,
            candidates=evidence.candidates,
            level_told=said,
            held_out=table_bytes(evidence.held_out),
        )

    def fitted_model(
        self,
        winner: Winner,
        figures: Figures,
        evidence: Evidence,
        *,
        preparation: Preparation,
        members: list[Learner],
        calibrator: Calibrator,
        band: Band | None,
        level: Level | None,
        warnings: list[str],
        scores: pl.DataFrame,
    ) -> DivisionModel:
        """Return the trained model.

        Parameters
        ----------
        winner, figures
            Of the search, and what the winner reached there.
        evidence
            Of the search.
        preparation, members
            The winner's, fitted on all training rows.
        calibrator, band
            Fitted on its held-out margins.
        level
            What a forecast moves the calibrator's level by, in the window after the cutoff.
        warnings
            What a reader should know.
        scores
            How its probabilities are spread (`reference_scores`).
        """
        reached = figures.to_json()
        card = self._card(
            status=FITTED,
            reason="mean lift@10 within one standard error of the best, then Brier score, then the "
            f"broadest mean of models; {evidence.scheme}",
            winner=winner.name,
            calibration=calibrator.method,
            calibration_reason=calibrator.reason,
            selection_scheme=evidence.scheme,
            feature_count=len(preparation.columns),
            **{name: reached[name] for name in SHOWN_FIGURES},
        )
        return DivisionModel(
            card=card,
            preparation=preparation,
            members=members,
            shares=winner.shares,
            calibrator=calibrator,
            band=band,
            level=level,
            level_told=level.sentences if level else [],
            candidates=evidence.candidates,
            warnings=warnings,
            held_out=table_bytes(evidence.held_out),
            reference={
                INPUTS_FILE: table_bytes(reference_inputs(self.fitted, preparation.sources)),
                SCORES_FILE: table_bytes(scores),
            },
        )

    def _prior_rate(self) -> float | None:
        if self.fitted.is_empty():
            return None
        newest = self.fitted.filter(pl.col("cutoff") == pl.col("cutoff").max())["label"]
        # Laplace's rule: nobody bought yet is a small rate, not an impossible one.
        rate = (int(newest.sum()) + 1) / (newest.len() + 2)
        return moved_rate(rate, self.levels[ALL].move) if self.levels else rate

    def _card(self, **known: Any) -> Card:
        """Fill in what every outcome says of its training rows."""
        empty = self.fitted.is_empty()
        cutoffs = [] if empty else self.fitted["cutoff"].unique().sort().to_list()
        return Card(
            division=self.division,
            cutoff=self.cutoff.isoformat(),
            training_cutoffs=[c.isoformat() for c in cutoffs],
            training_row_count=self.fitted.height,
            positive_count=self.positives,
            window_months=self.window_months,
            **known,
        )
