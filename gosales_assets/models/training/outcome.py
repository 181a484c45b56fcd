"""What a training of one division and cutoff comes to: a model, or the prior rate and why."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from gosales_assets.models.bundle.bundle import FITTED, PRIOR, Card, to_files
from gosales_assets.models.calibration.band import Band
from gosales_assets.models.calibration.calibrator import Calibrator
from gosales_assets.models.learners.candidates import Fitted
from gosales_assets.models.rows.folds import Folds
from gosales_assets.models.rows.preparation import Preparation
from gosales_assets.models.training.selection import Figures, Winner


@dataclass(frozen=True)
class TrainedModel:
    """A trained model, or the prior rate with the reason why."""

    card: Card
    preparation: Preparation | None
    members: list[Fitted]
    shares: list[tuple[float, float]]
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
        parts = (self.card, self.preparation, self.members, self.shares, self.calibrator)
        return to_files(*parts, self.band, report, self.held_out)


@dataclass(frozen=True)
class Frame:
    """What every outcome of a training says of itself."""

    division: str
    cutoff: dt.date
    window_months: int
    matrix: pl.DataFrame

    @property
    def positives(self) -> int:
        """Return the buyers among the training rows."""
        return int(self.matrix["label"].sum()) if not self.matrix.is_empty() else 0

    def prior(
        self,
        fallback: str,
        reason: str,
        figures: list[dict[str, Any]] | None = None,
        folds: Folds | None = None,
    ) -> TrainedModel:
        """Return the prior rate, and why."""
        rate = None
        if not self.matrix.is_empty():
            newest = self.matrix.filter(pl.col("cutoff") == pl.col("cutoff").max())["label"]
            # Laplace's rule: nobody bought yet is a small rate, not an impossible one.
            rate = (int(newest.sum()) + 1) / (newest.len() + 2)
        card = self._card(PRIOR, reason, "prior rate", "none", reason, folds, rate, 0, None)
        card = replace(card, fallback=fallback)
        return TrainedModel(card, None, [], [], None, figures or [], [])

    def fitted(
        self,
        winner: Winner,
        reached: Figures,
        prepared: Preparation,
        members: list[Fitted],
        calibrator: Calibrator,
        folds: Folds,
        candidates: list[dict[str, Any]],
        warnings: list[str],
    ) -> TrainedModel:
        """Return the trained model; `reached` are the winner's figures."""
        reason = (
            "mean lift@10 within one standard error of the best, then Brier score, then the "
            f"broadest mean of models; {folds.scheme}"
        )
        card = self._card(
            FITTED, reason, winner.name, calibrator.method, calibrator.reason, folds,
            None, len(prepared.columns), reached,
        )  # fmt: skip
        return TrainedModel(
            card, prepared, members, winner.shares, calibrator, candidates, warnings
        )

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
        figures: Figures | None,
    ) -> Card:
        own = figures.to_json() if figures else {}
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
