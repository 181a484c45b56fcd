"""The code location: all phases' assets and checks under one settings tree.

Dagster loads `defs` from here; the settings file is the one `GOSALES_CONFIG` names.
"""

import dagster as dg

from gosales_assets.accounts import assets as accounts
from gosales_assets.enrichment import assets as enrichment
from gosales_assets.features import assets as features
from gosales_assets.labels import assets as labels
from gosales_assets.models import assets as models
from gosales_assets.operations.sensors import define_sensors
from gosales_assets.platform.platform import BUNDLES, TABLES, Platform
from gosales_assets.quality import assets as violations
from gosales_assets.star import assets as star
from gosales_assets.validation import assets as validation
from gosales_assets.validation.checks import define_checks
from gosales_assets.whitespace import assets as whitespace
from gosales_checks.contracts.registry import BUNDLE_CONTRACTS, TABLE_CONTRACTS
from gosales_resources.partitions.space import expecting_beta_warnings
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from gosales_resources.store.io_managers import BundleIOManager, TableIOManager

PHASES = (star, enrichment, accounts, labels, features, models, whitespace, validation, violations)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Assemble the whole platform for one settings tree."""
    with expecting_beta_warnings():
        return _define(Platform.of(settings))


def _define(platform: Platform) -> dg.Definitions:
    tables = {contract.name: platform.spec_of(contract) for contract in TABLE_CONTRACTS}
    bundles = {contract.name: platform.spec_of(contract) for contract in BUNDLE_CONTRACTS}
    return dg.Definitions(
        assets=[asset for phase in PHASES for asset in phase.define_assets(platform)],
        asset_checks=define_checks(platform),
        sensors=define_sensors(platform),
        resources={
            TABLES: TableIOManager(platform.store, tables),
            BUNDLES: BundleIOManager(platform.store, bundles),
        },
        # A step of the multiprocess executor imports everything anew, about 5 s each; one
        # process does a partition in a fifth of a second.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Load the settings and build the definitions."""
    return build_definitions(load_settings())
