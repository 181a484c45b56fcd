"""What a plan only looks at is made anew where it is damaged, with what it needs."""

import datetime as dt

import dagster as dg
import polars as pl

from gosales_assets.operations.narrowing import repairs
from gosales_assets.operations.plan import Request, plan
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.instance.recorded import CHECKSUM
from gosales_resources.store.address import Address

DAY, EARLIER = dt.date(2024, 6, 30), dt.date(2024, 3, 31)
LOOKING = Request((DAY,), assets=("violations",), upstream=True)


def write(platform: Platform, instance: dg.DagsterInstance, *addresses: Address) -> None:
    """Store partitions of any content, and record them."""
    for address in addresses:
        provenance = platform.freshness.provenance_of(CONTRACTS[address.asset], address)
        made = platform.store.write_table(address, pl.DataFrame({"a": [1]}), provenance)
        event = dg.AssetMaterialization(
            address.asset, partition=str(address.key), metadata={CHECKSUM: made.sha256}
        )
        instance.report_runless_asset_event(event)


def repaired(platform: Platform, instance: dg.DagsterInstance, request: Request) -> set[Address]:
    found = repairs(platform, instance, plan(platform, request))
    return {address for batch in found for address in batch.addresses}


def test_what_is_whole_or_was_never_made_is_left_alone(platform, instance):
    write(platform, instance, Address("dim_date", DAY), Address("labels", DAY, "simulation"))
    assert repaired(platform, instance, LOOKING) == set()


def test_what_is_damaged_is_made_anew_with_what_it_is_made_from(platform, instance):
    damaged = Address("labels", DAY, "simulation")
    write(platform, instance, damaged, Address("dim_date", DAY))
    platform.store.path_of(damaged).write_bytes(b"PAR1")
    made = repaired(platform, instance, LOOKING)
    assert damaged in made
    assert {"fact_transactions", "sales_log"} <= {address.asset for address in made}
    # Nothing is made for it that it does not need.
    assert not {"violations", "scores"} & {address.asset for address in made}


def test_what_the_plan_makes_itself_or_does_not_look_at_is_no_repair(platform, instance):
    own, other = Address("dim_date", DAY), Address("dim_date", EARLIER)
    write(platform, instance, own, other)
    for address in (own, other):
        platform.store.path_of(address).write_bytes(b"PAR1")
    both = Request((DAY,), assets=("violations", "dim_date"), upstream=True)
    assert repaired(platform, instance, both) == set()
    assert own in repaired(platform, instance, LOOKING)
    assert other not in repaired(platform, instance, LOOKING)
