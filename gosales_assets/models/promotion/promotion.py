"""From bundles, features and labels to the row that says which model scores."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.models.bundle.bundle import FITTED, Bundle, load_bundle, read_card
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.promotion.champion import PINNED, Contender, Decision, Outcomes, decide
from gosales_assets.models.scoring.scoring import mismatches, score
from gosales_checks.contracts.models import PROMOTION
from gosales_checks.measures.ranking import tie_breaker
from gosales_checks.measures.scored_list import rank_within_ties
from gosales_resources.settings.explanation import ExplanationSettings
from gosales_resources.settings.promotion import PromotionSettings

Files = Mapping[str, bytes]
SCORES_ALONE = ExplanationSettings(scored_frac=0)


@dataclass(frozen=True)
class Pin:
    """A person's choice: the model of which cutoff scores, and why."""

    cutoff: dt.date
    reason: str


@dataclass(frozen=True)
class Judged:
    """The latest cutoff whose outcomes are known: features and labels of its customers."""

    cutoff: dt.date
    features: pl.LazyFrame
    labels: pl.LazyFrame


def judge_models(
    challenger: Files,
    earlier: Mapping[dt.date, Files],
    judged: Judged | None,
    settings: PromotionSettings,
    blocked: str | None = None,
) -> Decision:
    """Compare a new model with those of earlier cutoffs on the latest known outcomes.

    Parameters
    ----------
    challenger
        The new bundle.
    earlier
        Cutoff -> bundle of models that may be champions. Those that give a prior rate, or were
        trained on other features than there are now, are none.
    judged
        What they are judged on; None where no window has ended yet.
    settings
        Margin, draws, seed.
    blocked
        Why the new model may not score; None where its checks passed.

    Returns
    -------
    Decision
        See `champion.decide`.
    """
    new_id, card = read_card(challenger)
    at = dt.date.fromisoformat(card.cutoff)
    bundles = {cutoff: load_bundle(files) for cutoff, files in sorted(earlier.items())}
    able = {c: b for c, b in bundles.items() if b.card.status == FITTED}
    if judged is None:
        unjudged = [Contender(c, b.model_id, None) for c, b in able.items()]
        return decide(Contender(at, new_id, None), unjudged, None, settings, blocked)
    schema = judged.features.collect_schema()
    able = {c: b for c, b in able.items() if not mismatches(b, schema)}
    held = read_held_out(challenger).filter(pl.col("cutoff") == judged.cutoff)
    customers = _customers(judged, held)
    outcomes = Outcomes(
        judged.cutoff,
        customers["label"].to_numpy().astype(float),
        customers["is_whitespace"].to_numpy(),
        customers["ties"].to_numpy(),
    )
    rank = None
    if card.status == FITTED and held.height:
        # Not by p: the groups' own calibrations would rank noise below chance.
        rank = customers["margin"].to_numpy()
    champions = [
        Contender(cutoff, bundle.model_id, _rank(bundle, judged, customers))
        for cutoff, bundle in able.items()
    ]
    return decide(Contender(at, new_id, rank), champions, outcomes, settings, blocked)


def promotion_row(
    division: str, cutoff: dt.date, challenger_id: str, decision: Decision, pin: Pin | None
) -> pl.DataFrame:
    """Return the one row of `promotion`."""
    champion = decision.champion
    row = {
        "division": division,
        "cutoff": cutoff,
        "decision": decision.decision,
        "reason": decision.reason,
        "model_cutoff": decision.scoring.cutoff,
        "model_id": decision.scoring.model_id,
        "challenger_id": challenger_id,
        "champion_id": champion.model_id if champion else None,
        "pinned_to": pin.cutoff if pin else None,
        "pin_reason": pin.reason if pin else None,
        **{
            name: getattr(decision, name)
            for name in (
                "judged_at", "judged_slice", "judged_count", "judged_positives", "auc_challenger",
                "auc_champion", "difference", "difference_low", "difference_high",
            )
        },
    }  # fmt: skip
    schema = {n: c.dtype for n, c in PROMOTION.schema.columns().items()}
    return pl.DataFrame([row], schema=schema)


def pinned(decision: Decision, pin: Pin, model_id: str) -> Decision:
    """Let a person's choice stand in for the decision; what was measured stays beside it."""
    chosen = Contender(pin.cutoff, model_id, None)
    reason = f"chosen by hand: {pin.reason} (by itself: {decision.decision}, {decision.reason})"
    return Decision(
        **{**decision.__dict__, "decision": PINNED, "reason": reason, "scoring": chosen}
    )


def _customers(judged: Judged, held: pl.DataFrame) -> pl.DataFrame:
    """Return the customers both models are judged on, sorted, with the challenger's predictions."""
    frame = (
        judged.features.select("customer_id", "is_whitespace")
        .join(judged.labels.select("customer_id", "label"), on="customer_id", how="inner")
        .sort("customer_id")
        .collect()
    )
    frame = frame.with_columns(ties=pl.Series(tie_breaker(frame["customer_id"].to_list())))
    if held.is_empty():
        return frame
    mine = held.select("ties", "p", "margin")
    return frame.join(mine, on="ties", how="inner", maintain_order="left")


def _rank(bundle: Bundle, judged: Judged, customers: pl.DataFrame) -> np.ndarray:
    wanted = customers["customer_id"].implode()
    rows = judged.features.filter(pl.col("customer_id").is_in(wanted))
    scored = score(bundle, rows, SCORES_ALONE).sort("customer_id")
    return rank_within_ties(scored["p_icp"].to_numpy(), scored["margin"].to_numpy())
