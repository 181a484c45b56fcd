"""What a trained model must not be taken for: noise, a memory of its training rows, a leak.

Pure judgements of what a bundle says of itself; each returns findings in words.
"""

from collections.abc import Mapping
from typing import Any

from gosales_checks.findings import Examined

LEAK = "leak"


def judge_chance(card: Mapping[str, Any]) -> Examined:
    """Fail where the division cannot be ranked better than by chance."""
    if card["fallback"] != "noise":
        return Examined()
    return Examined({f"{card['reason']}; everyone gets the prior rate": card["training_row_count"]})


def judge_outcomes(card: Mapping[str, Any]) -> Examined:
    """Fail where there is history and still no model: too few buyers, or no feature that varies."""
    if card["fallback"] in ("few_outcomes", "no_feature"):
        found = f"no model: {card['reason']}; everyone gets the prior rate"
        return Examined({found: card["positive_count"]})
    if card["fallback"] == "no_training_cutoff":
        return Examined(note="no cutoff is mature enough to train on yet")
    return Examined()


def judge_folds(card: Mapping[str, Any]) -> Examined:
    """Fail where the winner was not chosen on outcomes later than those it was fitted on."""
    scheme = card["selection_scheme"]
    if card["fallback"] is not None or scheme == "by time":
        return Examined()
    found = f"candidates were compared {scheme}; how they keep over time was not seen"
    return Examined({found: card["training_row_count"]})


def judge_overfit(
    card: Mapping[str, Any], candidates: list[Mapping[str, Any]], largest_gap: float
) -> Examined:
    """Fail where the winner knows its training rows much better than rows it did not fit.

    Parameters
    ----------
    card
        Of the bundle.
    candidates
        Figures of all that was tried; a winner without a training AUC (a blend) is judged by its
        members' own rows.
    largest_gap
        Training AUC less validation AUC that is tolerated.
    """
    if card["fallback"] is not None:
        return Examined()
    # A blend's name holds its members'.
    mine = [one for one in candidates if one["name"] in card["winner"]]
    gaps = {
        one["name"]: one["train_auc"] - one["auc"]
        for one in mine
        if one.get("train_auc") is not None and one.get("auc") is not None
    }
    return Examined(
        {
            f"{name}: training AUC is {gap:.3f} above validation AUC, {largest_gap} tolerated": 1
            for name, gap in sorted(gaps.items())
            if gap > largest_gap
        }
    )


def judge_leaks(dropped: Mapping[str, str]) -> Examined:
    """Fail where a feature that gives the answer away was found (and dropped)."""
    leaks = {name: why for name, why in dropped.items() if why.startswith(LEAK)}
    return Examined({f"{name} was dropped: {why}": 1 for name, why in sorted(leaks.items())})
