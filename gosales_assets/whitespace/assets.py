"""Assets of the whitespace phase."""

import dagster as dg

from gosales_assets.platform import Platform


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `whitespace_signals` and `whitespace`."""
    settings, space = platform.settings, platform.space
    return []
