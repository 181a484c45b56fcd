"""The guardrails of training as checks of `model`: warnings, each with the reason that was recorded.

Nothing waits for them: where a model is worth nothing the bundle already holds the prior rate.
"""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from gosales_assets.models.bundle.bundle import read_report
from gosales_assets.platform.platform import Platform
from gosales_checks.contract_checks import Examine
from gosales_checks.contracts.models import MODEL
from gosales_checks.findings import Examined
from gosales_checks.verdicts.guardrails import (
    judge_chance,
    judge_leaks,
    judge_outcomes,
    judge_overfit,
)
from gosales_resources.store.tables import Address

Judge = Callable[[Mapping[str, Any]], Examined]


def guardrail_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the four guardrails."""
    gap = platform.settings.models.overfit_gap
    declared: dict[str, tuple[str, Judge]] = {
        "ranks_better_than_chance": (
            "The division can be ranked: validation AUC above 0.5 beyond its interval.",
            lambda content: judge_chance(content["card"]),
        ),
        "enough_outcomes_to_learn": (
            "Where training cutoffs are mature there are buyers enough for a model.",
            lambda content: judge_outcomes(content["card"]),
        ),
        "does_not_overfit": (
            f"Training AUC at most {gap} above validation AUC.",
            lambda content: judge_overfit(
                content["card"], content["report"]["candidates"], gap
            ),
        ),
        "no_feature_gives_the_answer_away": (
            "No feature was dropped because it alone predicts the label.",
            lambda content: judge_leaks((content["preparation"] or {}).get("dropped", {})),
        ),
    }  # fmt: skip

    def examined_by(judge: Judge) -> Examine:
        def examine(address: Address) -> Examined:
            provenance = platform.provenance_of(MODEL, address)
            return judge(read_report(platform.store.read_bundle(address, provenance)))

        return examine

    return [
        platform.warning(MODEL, name, description, examined_by(judge))
        for name, (description, judge) in declared.items()
    ]
