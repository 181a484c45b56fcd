"""The check that enough customers, and enough of their value, are found in the directory."""

import dagster as dg

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.findings import Findings
from gosales_checks.verdicts.coverage import ABOVE_FLOOR, coverage_breaches, measure_coverage
from gosales_resources.store.address import Address


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
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
        tables = (CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED)
        matched, unmatched = (platform.read(table, address.cutoff) for table in tables)
        floors = source.coverage
        coverage = measure_coverage(matched, unmatched)
        return coverage_breaches(coverage, floors.customers_min, floors.value_min)

    return [platform.warning(CUSTOMER_ENRICHMENT, ABOVE_FLOOR, description, examine)]
