"""Checks of the delivery phase: the files are whole, and are those that the card names."""

import dagster as dg

from gosales_assets.delivery.exports_card import describe_exports
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_checks.findings import Findings
from gosales_resources.store.address import Address


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare what is checked of exports."""

    def examine(address: Address) -> Findings:
        files = platform.read_bundle(LIST_EXPORTS, *address.key)
        return judge(LIST_EXPORTS, describe_exports(files)).violations

    description = f"Every file is there, whole, and as the card says: {LIST_EXPORTS.grain}."
    name = LIST_EXPORTS.check_name
    return [platform.blocking(LIST_EXPORTS, name, description, examine)]
