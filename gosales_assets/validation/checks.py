"""Checks of the validation phase: warnings on what forward validation measured."""

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.models import PRIOR, SCORES
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.findings import Examined
from gosales_checks.verdicts.measured import failing_measures
from gosales_resources.store.address import Address

# One p for all of a division: `ranks_better_than_chance` says so, and its rows have no rank.
NO_ORDER = "every customer has the division's base rate: there is no order to be lifted by"


def define_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Declare the warnings on what forward validation measured."""
    bounds = platform.settings.validation

    # A figure that could not be measured (censored, one class) is no alarm; its status says so.
    bad = (pl.col("measure") == "lift_10") & (pl.col("value") <= bounds.lift10_min)

    def examine(address: Address) -> Examined:
        statuses = platform.read(SCORES, *address.key).select("model_status").unique().collect()
        if statuses["model_status"].to_list() == [PRIOR]:
            return Examined(note=NO_ORDER)
        found = platform.read(FORWARD_VALIDATION, *address.key).collect()
        return Examined(failing_measures(found, bad))

    description = (
        f"Lift in the top tenth above {bounds.lift10_min}, where the model ranks its division."
    )
    return [platform.warning(FORWARD_VALIDATION, "lift_above_floor", description, examine)]
