"""The record of a model: what training returns, what a bundle's files say, what opening them returns."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from gosales_assets.models.bundle.held_out import HELD_OUT_FILE
from gosales_assets.models.bundle.kinds import BundleCard, BundleKind
from gosales_assets.models.calibration.band import Band
from gosales_assets.models.calibration.calibrator import Calibrator
from gosales_assets.models.calibration.level import Level
from gosales_assets.models.learners.learner import Contributions, Learner, mixed
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.rows.preparation import Preparation

MODEL_FILE = "model.json"
KIND = BundleKind("model bundle", "model", MODEL_FILE)


@dataclass(frozen=True, kw_only=True)
class Card(BundleCard):
    """What is known of a model: the contract `model`, with the training cutoffs for their count."""

    division: str
    cutoff: str
    status: str
    reason: str
    winner: str
    calibration: str
    calibration_reason: str
    selection_scheme: str
    training_cutoffs: list[str]
    training_row_count: int
    positive_count: int
    prior: float | None = None
    feature_count: int = 0
    auc: float | None = None
    auc_whitespace: float | None = None
    lift_10: float | None = None
    lift_10_whitespace: float | None = None
    window_months: int
    fallback: str | None = None
    """Why the prior rate; None where a model was fitted."""


@dataclass(frozen=True, kw_only=True)
class DivisionModel:
    """The model of one division and cutoff: fitted, or the prior rate and why."""

    card: Card
    preparation: Preparation | None = None
    """None, as members and calibrator are, where everyone gets the prior rate."""
    members: list[Learner] = field(default_factory=list)
    shares: list[tuple[float, float]] = field(default_factory=list)
    """What each member counts, for owners and for the whitespace; each sums to 1."""
    calibrator: Calibrator | None = None
    band: Band | None = None
    """How sure the probabilities are; None without a model, or with too few buyers to tell."""
    level: Level | None = None
    """What a forecast of the rates moves the calibrator's level by; None without a forecast."""
    level_told: list[str] = field(default_factory=list)
    """Which rates the probabilities are at the level of, in words; empty without a forecast."""
    candidates: list[dict[str, Any]] = field(default_factory=list)
    """Figures of all that was tried (`Figures`); empty where nothing was."""
    warnings: list[str] = field(default_factory=list)
    """What a reader of the model should know."""
    held_out: bytes | None = field(default=None, repr=False)
    """Its predictions of rows that it did not fit, as the file that `read_held_out` reads; None where
    nothing was tried."""
    reference: dict[str, bytes] = field(default_factory=dict, repr=False)
    """How its training rows were spread, as files (`drift.reference`); empty without a model."""

    def margin(self, rows: ModelInputs, white: np.ndarray) -> np.ndarray:
        """Return the members' weighted logits.

        Parameters
        ----------
        rows
            Inputs, as the model's preparation makes them.
        white
            True or 1 for a row of the whitespace: members may count differently there.

        Returns
        -------
        numpy.ndarray
            Float64, one per row.
        """
        return mixed([member.margin(rows) for member in self.members], self.shares, white)

    def contributions(self, rows: ModelInputs, white: np.ndarray) -> Contributions:
        """Take the margins of rows apart: the members' contributions, weighted.

        Parameters
        ----------
        rows, white
            As `margin` takes them.

        Returns
        -------
        Contributions
            Base plus contributions is the margin, row by row, but for members that would clip it.
        """
        parts = [member.contributions(rows) for member in self.members]
        by_input, base = np.zeros(rows.raw.shape), np.zeros(rows.raw.shape[0])
        for part, (owners, whitespace) in zip(parts, self.shares, strict=True):
            share = np.where(white, whitespace, owners)
            by_input += share[:, None] * part.by_input
            base += share * part.base
        return Contributions(by_input, base)

    def to_files(self) -> dict[str, bytes]:
        """Return the bundle's files; equal models give equal bytes."""
        described, beside = [], {}
        for member, shares in zip(self.members, self.shares, strict=True):
            data, files = member.to_json(len(beside) + 1)
            described.append({member.key: data, "shares": shares})
            beside |= files
        content = {
            "card": asdict(self.card),
            "preparation": self.preparation.to_json() if self.preparation else None,
            "members": described,
            "calibration": self.calibrator.to_json() if self.calibrator else None,
            "band": self.band.to_json() if self.band else None,
            "level": self.level.to_json() if self.level else None,
            "report": {
                "candidates": self.candidates,
                "warnings": self.warnings,
                "level": self.level_told,
            },
        }
        if self.held_out is not None:
            beside[HELD_OUT_FILE] = self.held_out
        beside |= self.reference
        return KIND.write(content, beside)


@dataclass(frozen=True, kw_only=True)
class StoredModel(DivisionModel):
    """A model that was opened from its files."""

    model_id: str
    """Division, cutoff and content of the files."""
