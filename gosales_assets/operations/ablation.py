"""Leaves families of features out, in a store of its own, and compares the scores with the whole's."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl

from gosales_assets.operations.instance import history_of
from gosales_assets.operations.plan import Request
from gosales_assets.operations.runs import Outcome
from gosales_assets.platform.platform import Platform
from gosales_assets.validation.ablation import compare_scores
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import SCORES
from gosales_resources.errors import PartitionMissingError, ScopeError
from gosales_resources.instance.recorded import refuse_damaged
from gosales_resources.store.address import Address

FOLDER = "ablations"


def without(platform: Platform, families: Sequence[str], folder: Path | None = None) -> Platform:
    """Return the platform that leaves families out.

    Parameters
    ----------
    platform
        The whole.
    families
        Left out together, beside those that `features.off` leaves out already.
    folder
        Of its store; `ablations/<families>` in the whole's without it, and kept for the next time.

    Raises
    ------
    ScopeError
        When none is named, or one is left out already.
    """
    named = sorted({name.strip() for name in families if name.strip()})
    settings = platform.settings
    if not named:
        raise ScopeError("No family is named. Legal: see docs/features.md")
    if known := sorted(set(named) & set(settings.features.off)):
        raise ScopeError(f"{','.join(known)}: features.off leaves it out already.")
    root = folder or settings.store_root / FOLDER / "-".join(named)
    features = settings.features.model_copy(update={"off": [*settings.features.off, *named]})
    storage = settings.storage.model_copy(update={"root": str(root.resolve()), "url": None})
    return Platform.of(settings.model_copy(update={"features": features, "storage": storage}))


def ablate(
    platform: Platform,
    ablated: Platform,
    cutoffs: Sequence[dt.date],
    make: Callable[[Platform, Request], Outcome],
) -> tuple[pl.DataFrame, Outcome]:
    """Make the scores without the families, and compare.

    Parameters
    ----------
    platform
        The whole, whose scores at the cutoffs are there.
    ablated
        From `without`.
    cutoffs
        Of the calendar.
    make
        Carries out a request.

    Returns
    -------
    tuple
        As `compare_scores`, one row per slice, division and cutoff; and what the runs came to: where
        one failed nothing is compared.

    Raises
    ------
    PartitionMissingError
        When scores are missing, or no label window has ended.
    """
    # Asked for first: what is missing here is told before hours of work.
    cells = [cell for cutoff in cutoffs for cell in _cells(platform, cutoff)]
    outcome = make(ablated, Request(tuple(cutoffs), assets=(SCORES.name,), upstream=True))
    if outcome.error:
        return pl.DataFrame(), outcome
    parts = [
        compare_scores(scores, ablated.read(SCORES, *key), labels, platform.settings.validation)
        for key, scores, labels in cells
    ]
    compared = pl.concat(parts)
    if compared.is_empty():
        raise PartitionMissingError(
            f"Nothing of {cutoffs[0]}..{cutoffs[-1]} can be compared: no label window has ended, or "
            "no division has a model."
        )
    return compared, outcome


def _cells(
    platform: Platform, cutoff: dt.date
) -> Iterator[tuple[tuple[dt.date, str | None], pl.LazyFrame, pl.LazyFrame]]:
    with history_of(platform) as instance:
        for key in platform.space.keys(SCORES.partitioned_by, [cutoff]):
            both = [Address(contract.name, *key) for contract in (SCORES, LABELS)]
            refuse_damaged(instance, platform.store, both)
            yield (
                (key.cutoff, key.division),
                platform.read(SCORES, *key),
                platform.read(LABELS, *key),
            )
