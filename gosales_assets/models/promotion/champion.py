"""Which model scores: the newly trained challenger, unless a champion ranks the latest outcomes better.

A champion is a model of an earlier cutoff that has met its outcomes: all it was trained on was over
when the rows it is judged on began. The challenger is judged by its held-out predictions of the same
customers, made from fits on what was known then too (docs/adr/0012).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gosales_assets.models.rows.classes import both_classes
from gosales_assets.models.rows.slices import ALL, WHITESPACE
from gosales_checks.contracts.models import KEPT, PROMOTED
from gosales_checks.measures.paired import auc_difference
from gosales_checks.measures.ranking import auc
from gosales_resources.settings.promotion import PromotionSettings

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


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How the challenger and the best champion rank the latest outcomes."""

    judged_at: dt.date
    judged_slice: str
    judged_count: int
    judged_positives: int
    auc_challenger: float
    auc_champion: float
    difference: float
    """Challenger less champion, with its 95 % interval; nan where no resample has both classes."""
    difference_low: float
    difference_high: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Which model scores, and why."""

    decision: str
    reason: str
    scoring: Contender
    champion: Contender | None = None
    """The best earlier model; None without any."""
    comparison: Comparison | None = None
    """None where there was nobody, or nothing, to compare on."""


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
        reason = "no earlier model to compare with"
        return Decision(decision=PROMOTED, reason=reason, scoring=challenger)
    if outcomes is None or not both_classes(outcomes.label, 1):
        best, found = max(champions, key=lambda one: one.cutoff), None
        is_kept, reason = False, "no outcome to compare on yet"
    else:
        best, found = _compare(challenger, champions, outcomes, settings)
        is_kept = found.difference_high < -settings.margin_auc
        verdict = "ranks worse" if is_kept else "is not worse"
        reason = f"the new model {verdict}: {_in_words(found, best, settings)}"
    is_kept = is_kept or bool(blocked)
    return Decision(
        decision=KEPT if is_kept else PROMOTED,
        reason=blocked or reason,
        scoring=best if is_kept else challenger,
        champion=best,
        comparison=found,
    )


def _compare(
    challenger: Contender,
    champions: Sequence[Contender],
    outcomes: Outcomes,
    settings: PromotionSettings,
) -> tuple[Contender, Comparison]:
    """Find the best champion, and hold the challenger against it."""
    part, rows = _slice(outcomes)
    label, ties = outcomes.label[rows], outcomes.ties[rows]
    areas = {one.cutoff: auc(label, _scores(one, rows)) for one in champions}
    best = max(champions, key=lambda one: (areas[one.cutoff], one.cutoff))
    mine, theirs = _scores(challenger, rows), _scores(best, rows)
    draws, seed = settings.bootstrap_draws, settings.seed
    found = auc_difference(label, mine, theirs, ties, draws=draws, seed=seed)
    return best, Comparison(
        judged_at=outcomes.cutoff,
        judged_slice=part,
        judged_count=int(rows.sum()),
        judged_positives=int(label.sum()),
        auc_challenger=auc(label, mine),
        auc_champion=areas[best.cutoff],
        difference=found.value,
        difference_low=found.low,
        difference_high=found.high,
    )


def _in_words(found: Comparison, champion: Contender, settings: PromotionSettings) -> str:
    return (
        f"AUC {found.auc_challenger:.3f} against {found.auc_champion:.3f} of the model of "
        f"{champion.cutoff}, on {found.judged_slice} at {found.judged_at}; difference "
        f"{found.difference:+.3f} ({found.difference_low:+.3f} to {found.difference_high:+.3f}), "
        f"{settings.margin_auc} tolerated"
    )


def _slice(outcomes: Outcomes) -> tuple[str, np.ndarray]:
    white = outcomes.is_whitespace
    if both_classes(outcomes.label[white], FEWEST_BUYERS):
        return WHITESPACE, white
    return ALL, np.ones(white.size, dtype=bool)


def _scores(one: Contender, rows: np.ndarray) -> np.ndarray:
    return np.zeros(int(rows.sum())) if one.rank is None else one.rank[rows]
