"""The check that enough customers, and enough of their value, are found in the directory."""

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contract_checks import Findings
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.verdicts.coverage import ABOVE_FLOOR, coverage_breaches, measure_coverage
from gosales_resources.store.tables import Address


def coverage_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Declare the warning on coverage; without a directory it passes and says so."""
    source = platform.settings.source.enrichment
    description = "No company directory is configured (source.enrichment): nothing to cover."
    if source is not None:
        floors = source.coverage
        description = (
            f"At least {floors.customers_min:.0%} of the customers and {floors.value_min:.0%} of "
            "their value are found in the company directory."
        )

    def examine(address: Address) -> Findings:
        if source is None:
            return {}
        matched, unmatched = (
            platform.store.scan_table(
                at := Address(contract.name, address.cutoff), platform.provenance_of(contract, at)
            )
            for contract in (CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED)
        )
        floors = source.coverage
        coverage = measure_coverage(matched, unmatched)
        return coverage_breaches(coverage, floors.customers_min, floors.value_min)

    return platform.warning(CUSTOMER_ENRICHMENT, ABOVE_FLOOR, description, examine)
