"""Assets of the whitespace phase."""

import dagster as dg
import polars as pl

from gosales_assets.platform import Platform
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.signals import build_signals
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS
from gosales_resources.io_managers import Partition, Partitions
from gosales_resources.partitions import cutoff_of, division_of, partition_key


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `whitespace_signals` and `whitespace`."""
    settings, space = platform.settings, platform.space
    return []
