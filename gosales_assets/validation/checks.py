"""Checks of the validation phase: warnings on what forward validation measured."""

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.findings import Findings
from gosales_checks.verdicts.measured import failing_measures
from gosales_resources.store.address import Address


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the warnings on what forward validation measured."""
    bounds = platform.settings.validation

    # A figure that could not be measured (censored, one class) is no alarm; its status says so.
    bad = (pl.col("measure") == "lift_10") & (pl.col("value") <= bounds.lift10_min)

    def examine(address: Address) -> Findings:
        return failing_measures(platform.read(FORWARD_VALIDATION, *address.key).collect(), bad)

    description = f"Lift in the top tenth above {bounds.lift10_min}."
    return [platform.warning(FORWARD_VALIDATION, "lift_above_floor", description, examine)]
