"""Checks of the models phase: bundles open and are whole, and the guardrails of training held.

Nothing waits for a guardrail: where a model is worth nothing the bundle already holds the prior rate.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from gosales_assets.models.bundle.bundle import describe_bundle, read_report
from gosales_assets.models.bundle.pooled_bundle import describe_pooled, read_pooled_report
from gosales_assets.models.leakage.examine import examine_pooled
from gosales_assets.models.rows.matrix import stack_rows
from gosales_assets.models.value.value_bundle import describe_values
from gosales_assets.platform.examined_code import MODEL_RULES, examine_room
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.rows_end import reads_check, rows_check
from gosales_checks.contracts.contract import Contract, judge
from gosales_checks.contracts.drift import (
    CAL_MAE,
    DRIFT,
    FEATURE_PSI,
    PRIOR_SHIFT,
    SCORE_KS,
    VALUE_PSI,
)
from gosales_checks.contracts.models import (
    MODEL,
    POOLED_MODEL,
    POOLED_ROWS,
    PROMOTION,
    SCORES,
)
from gosales_checks.contracts.values import CONDITIONAL_VALUES, VALUE_MODEL
from gosales_checks.findings import Examined, Findings
from gosales_checks.partition_checks import Examine
from gosales_checks.verdicts.allowed_code import ALLOWED_CODE
from gosales_checks.verdicts.drift import judge_drift
from gosales_checks.verdicts.gauntlet import FAIL
from gosales_checks.verdicts.guardrails import (
    judge_chance,
    judge_folds,
    judge_leaks,
    judge_outcomes,
    judge_overfit,
)
from gosales_checks.verdicts.leakage import CAPS_OF_ROWS
from gosales_resources.store.address import Address

FITTED_ON_ROWS = (POOLED_MODEL, VALUE_MODEL, MODEL, CONDITIONAL_VALUES)
Judge = Callable[[Mapping[str, Any]], Examined]


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare what is checked of models."""
    return [
        bundle_check(platform, POOLED_MODEL, describe_pooled),
        bundle_check(platform, VALUE_MODEL, describe_values),
        bundle_check(platform, MODEL, describe_bundle),
        code_check(platform),
        pooled_caps_check(platform),
        *(rows_check(platform, c, [c.name]) for c in FITTED_ON_ROWS),
        *(reads_check(platform, c) for c in (*FITTED_ON_ROWS, PROMOTION, SCORES)),
        *guardrail_checks(platform),
        *drift_checks(platform),
    ]


def code_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the check that the code of models reads only what it is given."""

    def examine(address: Address) -> Findings:
        del address  # The code is the same for all.
        return examine_code()

    description = (
        "No code of models asks a clock, draws without a seed, opens a file or store, or imports "
        "what is not on the list."
    )
    return platform.blocking(MODEL, ALLOWED_CODE, description, examine)


def pooled_caps_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the check that the pooled model's caps and levels are those of its training rows."""

    def examine(address: Address) -> Examined:
        past = [
            Address(POOLED_ROWS.name, t) for t in platform.space.training_cutoffs(address.cutoff)
        ]
        stored = [platform.read(POOLED_ROWS, a.cutoff) for a in past if platform.store.has(a)]
        report = read_pooled_report(platform.read_bundle(POOLED_MODEL, *address.key))
        found = examine_pooled(report, stack_rows(stored, address.cutoff))
        return Examined({found.words: 1} if found.verdict == FAIL else {}, found.words)

    description = "Caps, medians and levels are those of the rows that it was fitted on."
    return platform.blocking(POOLED_MODEL, CAPS_OF_ROWS, description, examine)


def examine_code() -> Findings:
    """Examine the phase's own code."""
    return examine_room(Path(__file__).parent, MODEL_RULES)


def bundle_check(
    platform: Platform, contract: Contract, describe: Callable[[Mapping[str, bytes]], pl.DataFrame]
) -> dg.AssetChecksDefinition:
    """Declare the blocking check that a model bundle opens and says what its contract asks.

    Parameters
    ----------
    platform
        Where models lie.
    contract
        Of the model.
    describe
        Opens a bundle's files and returns the one row that the contract describes.
    """

    def examine(address: Address) -> Findings:
        return judge(contract, describe(platform.read_bundle(contract, *address.key))).violations

    description = f"The bundle opens without running code and is whole: {contract.grain}."
    return platform.blocking(contract, contract.check_name, description, examine)


def guardrail_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the guardrails."""
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
        "chosen_on_later_outcomes": (
            "Candidates were compared on cutoffs after those that they were fitted on.",
            lambda content: judge_folds(content["card"]),
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

    def examined_by(found: Judge) -> Examine:
        def examine(address: Address) -> Examined:
            return found(read_report(platform.read_bundle(MODEL, *address.key)))

        return examine

    return [
        platform.warning(MODEL, name, description, examined_by(found))
        for name, (description, found) in declared.items()
    ]


def drift_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the alarms of `drift`, one for each of its measures."""
    bounds = platform.settings.validation
    declared = {
        "inputs_are_as_in_training": (
            f"No feature's stability index is {bounds.psi_max} or more beyond chance.",
            FEATURE_PSI,
        ),
        "probabilities_are_spread_as_in_training": (
            f"Their distribution is less than {bounds.ks_max} off, or within chance.",
            SCORE_KS,
        ),
        "rate_is_as_in_training": (
            f"Log-odds of buying moved by less than {bounds.prior_shift_max}, or within chance.",
            PRIOR_SHIFT,
        ),
        "money_came_where_it_was_expected": (
            f"Stability index of money below {bounds.value_psi_max}, or within chance.",
            VALUE_PSI,
        ),
        "calibration_within_bound": (
            f"Calibration error below {bounds.cal_mae_max}, or what a perfect model shows.",
            CAL_MAE,
        ),
    }

    def examined_by(measure: str) -> Examine:
        def examine(address: Address) -> Findings:
            return judge_drift(platform.read(DRIFT, *address.key).collect(), measure)

        return examine

    return [
        platform.warning(DRIFT, name, description, examined_by(measure))
        for name, (description, measure) in declared.items()
    ]
