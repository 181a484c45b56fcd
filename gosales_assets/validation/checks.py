"""Checks of the validation phase: warnings on what forward validation measured."""

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.findings import Findings
from gosales_checks.partition_checks import Examine
from gosales_checks.verdicts.measured import failing_measures
from gosales_resources.store.address import Address


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the warnings on what forward validation measured."""
    bounds = platform.settings.validation

    def measured(bad: pl.Expr) -> Examine:
        def examine(address: Address) -> Findings:
            return failing_measures(platform.read(FORWARD_VALIDATION, *address.key).collect(), bad)

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
