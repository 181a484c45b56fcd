"""Which model scores: the newly trained challenger, unless a champion ranks the latest outcomes better.

A champion is a model of an earlier cutoff that has met its outcomes: all it was trained on was over
when the rows it is judged on began. The challenger is judged by its held-out predictions of the same
customers, made from fits on what was known then too (docs/adr/0012).
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gosales_assets.models.rows.folds import both_classes
from gosales_checks.measures.paired import auc_difference
from gosales_checks.measures.ranking import auc
from gosales_resources.settings.promotion import PromotionSettings

PROMOTED, KEPT, PINNED = "promoted", "kept", "pinned"
ALL, WHITESPACE = "all", "whitespace"
# Fewer buyers than this on the whitespace say nothing of who ranks it better.
FEWEST_BUYERS = 20


@dataclass(frozen=True)
class Outcomes:
    """The customers of the latest cutoff whose window has ended, and what happened."""

    cutoff: dt.date
    label: np.ndarray
    is_whitespace: np.ndarray
    ties: np.ndarray


@dataclass(frozen=True)
class Contender:
    """A model and how it ranks these customers."""

    cutoff: dt.date
    model_id: str
    rank: np.ndarray | None
    """One number per customer, more is likelier; None where it gives all the same rate."""


@dataclass(frozen=True)
class Decision:
    """Which model scores, and why."""

    decision: str
    reason: str
    scoring: Contender
    champion: Contender | None = None
    judged_at: dt.date | None = None
    judged_slice: str | None = None
    judged_count: int = 0
    judged_positives: int = 0
    auc_challenger: float | None = None
    auc_champion: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


def decide(
    challenger: Contender,
    champions: Sequence[Contender],
    outcomes: Outcomes | None,
    settings: PromotionSettings,
    blocked: str | None = None,
) -> Decision:
    """Let the challenger score unless a champion is better on the latest outcomes.

    Parameters
    ----------
    challenger
        The newly trained model.
    champions
        Models of earlier cutoffs that fit the features; may be empty.
    outcomes
        What they are judged on; None where no window has ended yet.
    settings
        Margin, draws, seed.
    blocked
        Why the challenger may not score whatever it is worth; None where its checks passed.

    Returns
    -------
    Decision
        `kept` where the challenger is blocked, or its AUC is below the best champion's by more than
        the margin with the whole 95 % interval of the difference; else `promoted`.

    Raises
    ------
    ValueError
        When the challenger is blocked and there is no champion.
    """
    if not champions:
        if blocked:
            raise ValueError(blocked)
        return Decision(PROMOTED, "no earlier model to compare with", challenger)
    newest = max(champions, key=lambda one: one.cutoff)
    if outcomes is None or not both_classes(outcomes.label, 1):
        if blocked:
            return Decision(KEPT, blocked, newest, newest)
        return Decision(PROMOTED, "no outcome to compare on yet", challenger, newest)
    part, rows = _slice(outcomes)
    y, ties = outcomes.label[rows], outcomes.ties[rows]
    areas = {one.cutoff: auc(y, _scores(one, rows)) for one in champions}
    best = max(champions, key=lambda one: (areas[one.cutoff], one.cutoff))
    found = auc_difference(
        y, _scores(challenger, rows), _scores(best, rows), ties,
        draws=settings.bootstrap_draws, seed=settings.seed,
    )  # fmt: skip
    figures = {
        "champion": best,
        "judged_at": outcomes.cutoff,
        "judged_slice": part,
        "judged_count": int(rows.sum()),
        "judged_positives": int(y.sum()),
        "auc_challenger": auc(y, _scores(challenger, rows)),
        "auc_champion": areas[best.cutoff],
        "difference": found.value,
        "difference_low": None if math.isnan(found.low) else found.low,
        "difference_high": None if math.isnan(found.high) else found.high,
    }
    if blocked:
        return Decision(KEPT, blocked, best, **figures)
    said = (
        f"AUC {figures['auc_challenger']:.3f} against {areas[best.cutoff]:.3f} of the model of "
        f"{best.cutoff}, on {part} at {outcomes.cutoff}; difference {found.value:+.3f} "
        f"({found.low:+.3f} to {found.high:+.3f}), {settings.margin_auc} tolerated"
    )
    if found.high < -settings.margin_auc:
        return Decision(KEPT, f"the new model ranks worse: {said}", best, **figures)
    return Decision(PROMOTED, f"the new model is not worse: {said}", challenger, **figures)


def _slice(outcomes: Outcomes) -> tuple[str, np.ndarray]:
    white = outcomes.is_whitespace
    if both_classes(outcomes.label[white], FEWEST_BUYERS):
        return WHITESPACE, white
    return ALL, np.ones(white.size, dtype=bool)


def _scores(one: Contender, rows: np.ndarray) -> np.ndarray:
    return np.zeros(int(rows.sum())) if one.rank is None else one.rank[rows]
