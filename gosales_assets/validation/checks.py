"""All asset checks: a contract check for each table, the ledger, and bounds on what was measured."""

from functools import partial

import dagster as dg
import polars as pl

from gosales_assets.enrichment.checks import coverage_check
from gosales_assets.features.checks import leakage_checks
from gosales_assets.labels.checks import label_checks
from gosales_assets.models.bundle.bundle import describe_bundle
from gosales_assets.models.bundle.pooled_bundle import describe_pooled
from gosales_assets.models.checks import guardrail_checks
from gosales_assets.platform.platform import Platform
from gosales_assets.quality.checks import schema_checks
from gosales_assets.star.checks import arrival_checks
from gosales_checks.contract_checks import (
    Examine,
    contract_check,
    failing_measures,
    partition_check,
)
from gosales_checks.contracts.contract import Contract, judge
from gosales_checks.contracts.models import MODEL
from gosales_checks.contracts.registry import BUNDLE_CONTRACTS, TABLE_CONTRACTS
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.findings import Findings
from gosales_checks.verdicts.ledger import RECONCILES, ledger_breaches
from gosales_resources.store.quarantine import BROKEN_RULES, scan_quarantine
from gosales_resources.store.tables import Address


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare every check of the graph."""
    contracts = [
        contract_check(
            contract,
            platform.partitions_of(contract),
            platform.store,
            partial(platform.provenance_of, contract),
        )
        for contract in TABLE_CONTRACTS
    ]
    bundles = [bundle_check(platform, contract) for contract in BUNDLE_CONTRACTS]
    return [
        *contracts,
        *bundles,
        ledger_check(platform),
        *arrival_checks(platform),
        coverage_check(platform),
        *label_checks(platform),
        *schema_checks(platform),
        *leakage_checks(platform),
        *bound_checks(platform),
        *guardrail_checks(platform),
    ]


def ledger_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the blocking check that no row and no cent of the sales log is lost."""

    def examine(address: Address) -> Findings:
        ledger, lines, rejects = (
            read_offered(platform, contract, Address(contract.name, address.cutoff))
            for contract in (SALES_LEDGER, SALES_LOG, SALES_LOG_REJECTS)
        )
        return ledger_breaches(ledger, lines, rejects)

    return partition_check(
        asset=SALES_LEDGER.name,
        name=RECONCILES,
        description="Rows, lines, quantity and money in = loaded + rejected + duplicate, per file.",
        partitions_def=platform.partitions_of(SALES_LEDGER),
        examine=examine,
        blocking=True,
        severity=dg.AssetCheckSeverity.ERROR,
    )


def read_offered(platform: Platform, contract: Contract, address: Address) -> pl.LazyFrame:
    """Scan all rows that a table was offered: those that are stored and those in quarantine."""
    stored = platform.store.scan_table(address, platform.provenance_of(contract, address))
    broken = scan_quarantine(platform.store, address)
    return stored if broken is None else pl.concat([stored, broken.drop(BROKEN_RULES)])


def bundle_check(platform: Platform, contract: Contract) -> dg.AssetChecksDefinition:
    """Declare the blocking check that a model bundle opens and says what its contract asks."""

    def examine(address: Address) -> Findings:
        files = platform.store.read_bundle(address, platform.provenance_of(contract, address))
        describe = describe_bundle if contract is MODEL else describe_pooled
        found = judge(contract, describe(files)).violations
        if not found:
            platform.store.mark_checked(address)
        return found

    return partition_check(
        asset=contract.name,
        name=contract.check_name,
        description=f"The bundle opens without running code and is whole: {contract.grain}.",
        partitions_def=platform.partitions_of(contract),
        examine=examine,
        blocking=True,
        severity=dg.AssetCheckSeverity.ERROR,
    )


def bound_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the warnings on what forward validation measured."""
    bounds = platform.settings.validation

    def measured(bad: pl.Expr) -> Examine:
        def examine(address: Address) -> Findings:
            provenance = platform.provenance_of(FORWARD_VALIDATION, address)
            table = platform.store.scan_table(address, provenance).collect()
            return failing_measures(table, bad)

        return examine

    # A figure that could not be measured (censored, one class) is no alarm; its status says so.
    value, low = pl.col("value"), pl.col("low")
    declared = {
        "calibration_within_bound": (
            f"Calibration error not above {bounds.cal_mae_max}, its interval included.",
            (pl.col("measure") == "cal_mae")
            & (value > bounds.cal_mae_max)
            & (low > bounds.cal_mae_max),
        ),
        "lift_above_floor": (
            f"Lift in the top tenth above {bounds.lift10_min}.",
            (pl.col("measure") == "lift_10") & (value <= bounds.lift10_min),
        ),
    }
    return [
        platform.warning(FORWARD_VALIDATION, name, description, measured(bad))
        for name, (description, bad) in declared.items()
    ]
