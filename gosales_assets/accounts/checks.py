"""Checks of the accounts phase: what was known of customers is what was stored."""

import dagster as dg

from gosales_assets.accounts.past import AttributePast
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.accounts import DIM_CUSTOMER_HISTORY
from gosales_checks.verdicts.attributes import ATTRIBUTES_AS_STORED


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the check that no attribute was overwritten in place; in fail_soft it warns."""
    description = (
        "No customer is gone, and none has other attributes than were stored of the cutoff, because "
        "the customers' source says otherwise now; new customers and dated versions aside."
    )
    return [
        platform.blocking(
            DIM_CUSTOMER_HISTORY,
            ATTRIBUTES_AS_STORED,
            description,
            lambda address: AttributePast(platform).examine(address.cutoff),
        )
    ]
