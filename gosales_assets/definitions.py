"""The code location: all phases' assets and checks under one settings tree.

Dagster loads `defs` from here; the settings file is the one `GOSALES_CONFIG` names.
"""

from types import ModuleType

import dagster as dg

from gosales_assets.accounts import assets as accounts
from gosales_assets.accounts import checks as accounts_checks
from gosales_assets.delivery import assets as delivery
from gosales_assets.delivery import checks as delivery_checks
from gosales_assets.enrichment import assets as enrichment
from gosales_assets.enrichment import checks as enrichment_checks
from gosales_assets.features import assets as features
from gosales_assets.features import checks as features_checks
from gosales_assets.labels import assets as labels
from gosales_assets.labels import checks as labels_checks
from gosales_assets.models import assets as models
from gosales_assets.models import checks as models_checks
from gosales_assets.operations.gauntlet import leak_check
from gosales_assets.operations.jobs import define_jobs
from gosales_assets.operations.sensors import define_schedules, define_sensors
from gosales_assets.platform.platform import BUNDLES, TABLES, Platform
from gosales_assets.quality import assets as quality
from gosales_assets.quality import checks as quality_checks
from gosales_assets.star import assets as star
from gosales_assets.star import checks as star_checks
from gosales_assets.validation import assets as validation
from gosales_assets.validation import checks as validation_checks
from gosales_assets.whitespace import assets as whitespace
from gosales_checks.contracts.registry import BUNDLE_CONTRACTS, CONTRACTS, TABLE_CONTRACTS
from gosales_resources.instance.executor import held_in_process_executor
from gosales_resources.partitions.space import expecting_beta_warnings
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from gosales_resources.store.io_managers import BundleIOManager, TableIOManager

# Room of `gosales_assets` -> its assets, as contracts name their makers.
ROOMS: dict[str, ModuleType] = {
    "star": star,
    "enrichment": enrichment,
    "accounts": accounts,
    "labels": labels,
    "features": features,
    "models": models,
    "whitespace": whitespace,
    "delivery": delivery,
    "validation": validation,
    "quality": quality,
}
CHECKS = (
    star_checks,
    accounts_checks,
    enrichment_checks,
    labels_checks,
    features_checks,
    models_checks,
    leak_check,
    delivery_checks,
    validation_checks,
    quality_checks,
)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Assemble the whole platform for one settings tree."""
    with expecting_beta_warnings():
        return _define(Platform.of(settings))


def _define(platform: Platform) -> dg.Definitions:
    assets = define_assets(platform)
    tables = {contract.name: platform.spec_of(contract) for contract in TABLE_CONTRACTS}
    bundles = {contract.name: platform.spec_of(contract) for contract in BUNDLE_CONTRACTS}
    checks = [check for room in CHECKS for check in room.define_checks(platform)]
    return dg.Definitions(
        assets=assets,
        asset_checks=[*platform.contract_checks(assets), *checks],
        jobs=define_jobs(platform),
        schedules=define_schedules(platform),
        sensors=define_sensors(platform),
        resources={
            TABLES: TableIOManager(platform.store, tables),
            BUNDLES: BundleIOManager(platform.store, bundles),
        },
        executor=held_in_process_executor,
    )


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Call the functions that the contracts name as makers of their tables, each once."""
    makers = dict.fromkeys(contract.made_by for contract in CONTRACTS.values())
    found = []
    for maker in makers:
        room, _, function = maker.partition(".")
        found.append(getattr(ROOMS[room], function)(platform))
    return found


@dg.definitions
def defs() -> dg.Definitions:
    """Load the settings and build the definitions."""
    return build_definitions(load_settings())
