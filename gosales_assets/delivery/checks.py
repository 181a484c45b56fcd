"""Checks of the delivery phase: the files are whole, and are those that the card names."""

import dagster as dg

from gosales_assets.delivery.exports_card import describe_exports
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract, judge
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_checks.findings import Findings
from gosales_resources.store.address import Address


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare what is checked of exports and of the page."""
    return [_whole(platform, contract) for contract in (LIST_EXPORTS, LIST_REPORT)]


def _whole(platform: Platform, contract: Contract) -> dg.AssetChecksDefinition:
    def examine(address: Address) -> Findings:
        files = platform.read_bundle(contract, *address.key)
        return judge(contract, describe_exports(files, contract)).violations

    description = f"Every file is there, whole, and as the card says: {contract.grain}."
    return platform.blocking(contract, contract.check_name, description, examine)
