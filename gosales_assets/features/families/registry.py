"""The families of features, in column order: a new one is a module and a line here."""

from collections.abc import Iterable

from gosales_assets.features.families.als import ALS
from gosales_assets.features.families.attributes import ATTRIBUTES
from gosales_assets.features.families.basket import BASKET
from gosales_assets.features.families.change import DELTA, TRAJECTORY
from gosales_assets.features.families.cross_division import CROSS, DIVERSITY
from gosales_assets.features.families.encoder import ENCODER
from gosales_assets.features.families.installed_base import ASSETS, EXPIRING, SUBSCRIPTIONS
from gosales_assets.features.families.lifecycle import LIFECYCLE
from gosales_assets.features.families.recency import RECENCY
from gosales_assets.features.families.returns import MARGIN, RETURNS
from gosales_assets.features.families.rfm import OFFSET, RFM
from gosales_assets.features.families.season import SEASON
from gosales_assets.features.families.sellers import SELLERS
from gosales_resources.errors import SettingsError, nearest

FAMILIES = (
    RFM,
    OFFSET,
    DELTA,
    TRAJECTORY,
    SEASON,
    RECENCY,
    LIFECYCLE,
    RETURNS,
    MARGIN,
    CROSS,
    DIVERSITY,
    SELLERS,
    ASSETS,
    EXPIRING,
    SUBSCRIPTIONS,
    ATTRIBUTES,
    BASKET,
    ALS,
    ENCODER,
)


def check_off(names: Iterable[str]) -> None:
    """Make sure that the families a configuration turns off exist.

    Raises
    ------
    SettingsError
        Naming each that does not, with the nearest that does.
    """
    known = [family.name for family in FAMILIES]
    if unknown := [name for name in names if name not in known]:
        raise SettingsError(
            "features.off: no such family: "
            + ", ".join(f"{name} ({nearest(name, known)})" for name in unknown)
            + f". Families: {', '.join(known)}."
        )
