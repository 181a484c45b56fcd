"""Where rescoring meets the store: what scored a division at two cutoffs, as far as it is still there.

It takes Dagster's instance to tell damage, and nothing else of it.
"""

import datetime as dt
from collections.abc import Callable, Iterator

import dagster as dg
import polars as pl
from threadpoolctl import threadpool_limits

from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.scoring.rescoring import (
    FROM_SIGNALS,
    Scored,
    change_scores,
    cross_scores,
)
from gosales_assets.platform.earlier import last_list, scan_earlier
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.models import MODEL, PROMOTION, SCORES
from gosales_checks.contracts.movement import SCORE_CHANGES
from gosales_checks.contracts.values import CONDITIONAL_VALUES
from gosales_checks.contracts.whitespace import WHITESPACE_SIGNALS
from gosales_resources.errors import BundleError
from gosales_resources.instance.thread_map import map_threads
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address


def changes_of(
    platform: Platform,
    instance: dg.DagsterInstance,
    cutoff: dt.date,
    report: Callable[..., object],
) -> Iterator[pl.DataFrame]:
    """Make `score_changes` of a cutoff, division by division as they stand in the list.

    Parameters
    ----------
    platform, instance
        Where all lies, and whose history says what was made.
    cutoff
        Of the list.
    report
        Where it is said how far it is.

    Yields
    ------
    polars.DataFrame
        Of one division, sorted by customer_id; empty where there is no list before, or not of it.

    Raises
    ------
    PartitionMissingError, StalePartitionError
        When the scores of the cutoff itself are not there, or were made under other settings.
    DamagedError
        When what is looked at is not what was made.
    """
    before, divisions = last_list(platform, cutoff), platform.settings.listed_targets

    def change(division: str) -> pl.DataFrame:
        if before is None:
            return SCORE_CHANGES.schema.create_empty()
        then, now = (PartitionKey(day, division) for day in (before, cutoff))
        return _changes_of_one(platform, instance, then, now)

    # One BLAS thread each, as when it scored: the same sums in the same order.
    with threadpool_limits(1):
        made = map_threads(change, divisions, platform.settings.threads_used)
        for count, (division, changes) in enumerate(zip(divisions, made, strict=True), start=1):
            yield changes
            report("rescored %s of %s (%d of %d)", division, before, count, len(divisions))


def _changes_of_one(
    platform: Platform, instance: dg.DagsterInstance, previous: PartitionKey, key: PartitionKey
) -> pl.DataFrame:
    # The scores of now are those that would be made now, or this is refused.
    platform.read(SCORES, *key)
    now = _scored(platform, instance, key)
    signals = scan_earlier(platform, instance, WHITESPACE_SIGNALS, previous, FROM_SIGNALS)
    if signals is None:
        return SCORE_CHANGES.schema.create_empty()
    values = scan_earlier(platform, instance, CONDITIONAL_VALUES, previous)
    try:
        then = _scored(platform, instance, previous)
    except BundleError:
        # Another version wrote it. Its scores stay comparable, and `split` says that no more is.
        then = None
    crossed = cross_scores(then, now) if then and now else None
    return change_scores(signals, values, previous.cutoff, key.cutoff, crossed)


def _scored(platform: Platform, instance: dg.DagsterInstance, key: PartitionKey) -> Scored | None:
    """Open what scored a partition; None where it is not all there, or another model lies there."""
    found = [scan_earlier(platform, instance, of, key) for of in (SCORES, PROMOTION, FEATURES)]
    if any(one is None for one in found):
        return None
    scores, promotion, features = (one for one in found if one is not None)
    row = promotion.select("model_cutoff", "model_id").collect().row(0, named=True)
    address = Address(MODEL.name, row["model_cutoff"], key.division)
    if not platform.store.has(address):
        return None
    model = load_bundle(platform.store.read_bundle(address, None))
    published = scores.select(pl.col("model_id").unique()).collect()["model_id"].to_list()
    if published not in ([], [model.model_id]):
        return None
    return Scored(key.cutoff, model, features, scores)
