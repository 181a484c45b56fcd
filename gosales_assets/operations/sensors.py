"""The sensor that keeps the graph current: changed raw data, changed settings, new cutoffs.

It asks for what the command line would make next, one run at a time, so that a later run is
judged by what the earlier one left.
"""

import hashlib
import json
from collections.abc import Callable, Iterator

import dagster as dg

from gosales_assets.operations.alerts import define_alert_sensor
from gosales_assets.operations.batches import Batch, describe
from gosales_assets.operations.narrowing import Narrowing, read_log
from gosales_assets.operations.plan import Request, plan
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.store.address import Address

SECONDS = 60
NAME = "stale_partitions"


def define_sensors(platform: Platform) -> list[dg.SensorDefinition]:
    """Declare the sensors; they are off until somebody turns them on."""

    @dg.sensor(
        name=NAME,
        asset_selection=dg.AssetSelection.all(),
        minimum_interval_seconds=SECONDS,
        description="Asks for partitions that are stale (the raw data or the settings changed) and "
        "for cutoffs that have fallen due, from the first list that was made onwards.",
    )
    def stale_partitions(
        context: dg.SensorEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        request = kept_current(platform)
        if request is None:
            yield dg.SkipReason("No list was made yet: materialise a first cutoff.")
            return
        runs = next_runs(platform, context.instance, request, context.log.info)
        if not runs:
            yield dg.SkipReason("Everything is current.")
        for batch in runs:
            context.log.info(f"stale: {describe(batch)}")
            yield dg.RunRequest(
                # The same state is asked for once: a run that failed is not tried again until
                # something it is made from changes.
                run_key=state_of(platform, batch),
                asset_selection=[dg.AssetKey(name) for name in batch.assets],
                tags=batch.tags,
            )

    return [stale_partitions, define_alert_sensor(platform)]


def kept_current(platform: Platform) -> Request | None:
    """Return what is to be current: every cutoff from the first list that was made; None without."""
    cutoffs = platform.space.cutoffs()
    made = [c for c in cutoffs if platform.store.has(Address(WHITESPACE.name, c))]
    return Request(tuple(c for c in cutoffs if c >= made[0])) if made else None


def next_runs(
    platform: Platform,
    instance: dg.DagsterInstance,
    request: Request,
    report: Callable[[str], None],
) -> list[Batch]:
    """Return the runs that come next: of the first batch of the plan that is not current."""
    narrowing = Narrowing(platform, instance, read_log(platform, report), report)
    for batch in plan(platform, request):
        if left := narrowing.left(batch):
            return left
    return []


def state_of(platform: Platform, batch: Batch) -> str:
    """Name a run by what it would be made under and from."""
    parts, log = [], read_log(platform, lambda _: None)
    for address in batch.addresses:
        contract = CONTRACTS[address.asset]
        provenance = platform.freshness.provenance_of(contract, address)
        inputs = platform.freshness.inputs.of(contract, address, log)
        parts.append([str(address), provenance.settings_hash, provenance.code_version, inputs])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
