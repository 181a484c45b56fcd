"""What a candidate or the winner reached, as it is kept with the model."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gosales_assets.models.learners.candidates import BLEND
from gosales_assets.models.rows.slices import ALL, OWNERS, WHITESPACE
from gosales_assets.models.training.selection import (
    UNKNOWN,
    Mixture,
    Winner,
    aligned_margins,
    judge_slice,
)
from gosales_assets.models.training.trials import HeldOutRows


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one candidate reached, as it is kept with the model."""

    name: str
    kind: str
    parameters: dict[str, Any]
    rounds: int | None
    lift_10: float
    lift_10_whitespace: float
    lift_10_owners: float
    lift_10_se: float
    """Of the whitespace, or of all rows where that says too little."""
    auc: float
    auc_whitespace: float
    auc_owners: float
    brier: float
    train_auc: float

    def to_json(self) -> dict[str, Any]:
        """Return plain data; an undefined figure is null."""
        return {
            k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(self).items()
        }


def figures_of(mixture: Mixture) -> Figures:
    """Return what is kept of a mixture."""
    found, first = mixture.judged, mixture.members[0]
    single = len(mixture.members) == 1
    everyone, white, owners = (found.get(name, UNKNOWN) for name in (ALL, WHITESPACE, OWNERS))
    return Figures(
        name=mixture.name,
        kind=first.candidate.kind if single else BLEND,
        parameters=first.candidate.parameters if single else {},
        rounds=first.rounds if single else None,
        lift_10=everyone.lift,
        lift_10_whitespace=white.lift,
        lift_10_owners=owners.lift,
        lift_10_se=(white if WHITESPACE in found else everyone).lift_se,
        auc=everyone.auc,
        auc_whitespace=white.auc,
        auc_owners=owners.auc,
        brier=float(everyone.errors.mean()),
        train_auc=first.train_auc if single else np.nan,
    )


def figures_of_winner(winner: Winner, rows: HeldOutRows) -> Figures:
    """Return the winner's own figures: each slice by its mixture, all customers by both."""
    held = winner.held
    whole = figures_of(winner.whitespace)
    owners = figures_of(winner.owners)
    if winner.owners.name == winner.whitespace.name:
        return whole
    aligned = aligned_margins(held)
    judged = judge_slice(aligned, held.label, rows.ties, held.fold)
    return replace(
        whole,
        name=winner.name,
        kind=BLEND,
        parameters={},
        rounds=None,
        lift_10=judged.lift,
        lift_10_owners=owners.lift_10_owners,
        auc=judged.auc,
        auc_owners=owners.auc_owners,
        brier=float(judged.errors.mean()),
        train_auc=np.nan,
    )
