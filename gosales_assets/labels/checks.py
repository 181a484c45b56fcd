"""Warnings on labels: the raw log says otherwise, or a target is bought unlike before."""

import contextlib

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.labels import LABEL_AUDIT, PREVALENCE
from gosales_checks.findings import Examined, Findings
from gosales_checks.partition_checks import Examine
from gosales_checks.verdicts.prevalence import LIKE_EARLIER, judge_prevalence
from gosales_resources.errors import PartitionMissingError, StalePartitionError
from gosales_resources.store.address import Address

AGREES = "labels_agree_with_the_raw_log"


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the two warnings.

    The audit warns and does not block: of two readings that differ either may be wrong, and nothing
    is made of its table.
    """
    max_ratio = platform.settings.contracts.prevalence_max_ratio

    def agrees(address: Address) -> Findings:
        differing = platform.read(LABEL_AUDIT, address.cutoff).collect().filter(status="differs")
        return {f"{r['division']}: {r['example']}": r["differing_customers"]
                for r in differing.to_dicts()}  # fmt: skip

    def usual(address: Address) -> Examined:
        tables = {address.cutoff: platform.read(PREVALENCE, address.cutoff).collect()}
        for cutoff in (c for c in platform.space.cutoffs() if c < address.cutoff):
            # What is missing or stale says nothing of what is usual.
            with contextlib.suppress(PartitionMissingError, StalePartitionError):
                tables[cutoff] = platform.read(PREVALENCE, cutoff).collect()
        return judge_prevalence(address.cutoff, tables, max_ratio)

    declared: list[tuple[Contract, str, str, Examine]] = [
        (
            LABEL_AUDIT,
            AGREES,
            "Value and label of every customer are those that the raw log gives by another way.",
            agrees,
        ),
        (
            PREVALENCE,
            LIKE_EARLIER,
            f"No target is bought more than {max_ratio} times as often, or as seldom, as at earlier "
            "cutoffs with the same window.",
            usual,
        ),
    ]
    return [
        platform.warning(contract, name, description, examine)
        for contract, name, description, examine in declared
    ]
