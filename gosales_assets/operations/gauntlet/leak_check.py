"""The check that promotion waits for: no test of the leakage report fails.

Where the settings ask, the whole gauntlet stands before a target's first promotion. Its worlds serve
all targets that are promoted at a cutoff for the first time: they are made together, and what is found
of one stops them all.
"""

import datetime as dt

import dagster as dg

from gosales_assets.operations.gauntlet.gauntlet import TESTS, run_gauntlet
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.models import LEAKAGE_REPORT, MODEL, SCORES
from gosales_checks.findings import Examined
from gosales_checks.partition_checks import judge_partitions
from gosales_checks.verdicts.gauntlet import FAIL, NOT_RUN, Result
from gosales_checks.verdicts.leakage import NO_LEAK
from gosales_resources.store.address import Address

# Of what is promoted for the first time nothing is published yet.
NAMES = [name for name in TESTS if name != "alone_against_stored"]


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the check."""
    contract = LEAKAGE_REPORT

    @dg.asset_check(
        asset=contract.name,
        name=NO_LEAK,
        description="No test of the leakage report fails; nor, where operation.gauntlet_first says "
        "so, any of the gauntlet at the cutoff of a target's first model.",
        blocking=True,
        partitions_def=platform.partitions_of(contract),
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        at_first: dict[dt.date, list[Result]] = {}

        def examine(address: Address) -> Examined:
            rows = platform.read(contract, *address.key).collect().rows(named=True)
            found = [Result(row["test"], row["verdict"], row["words"]) for row in rows]
            if platform.settings.operation.gauntlet_first and _is_first(platform, address):
                cutoff, told = address.cutoff, context.log.info
                if cutoff not in at_first:
                    ran = run_gauntlet(platform, cutoff, None, NAMES, told, SCORES.name)
                    at_first[cutoff] = [*ran]
                found += at_first[cutoff]
            return _judged(found)

        content, error = platform.store.content, dg.AssetCheckSeverity.ERROR
        return judge_partitions(context, contract.name, NO_LEAK, examine, content, error)

    return [check]


def _is_first(platform: Platform, address: Address) -> bool:
    before = (cutoff for cutoff in platform.space.cutoffs() if cutoff < address.cutoff)
    return not any(platform.store.has(Address(MODEL.name, c, address.division)) for c in before)


def _judged(results: list[Result]) -> Examined:
    found = {f"{one.test}: {one.words}": 1 for one in results if one.verdict == FAIL}
    left = [one.test for one in results if one.verdict == NOT_RUN]
    ran = f"{len(results) - len(left)} tests passed"
    return Examined(found, f"{ran}; not run: {', '.join(left)}" if left else ran)
