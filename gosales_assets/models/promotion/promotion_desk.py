"""Where promotion meets the store and the run history: bundles, check verdicts, a person's pin.

A pin is kept in the partition of `promotion` itself: making it anew carries it over, until it is
released. Beside `assets.py` only the desks of this folder know Dagster.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from gosales_assets.models.bundle.bundle import load_bundle, read_card
from gosales_assets.models.bundle.model import StoredModel
from gosales_assets.models.promotion.champion import Decision
from gosales_assets.models.promotion.promotion import (
    Judged,
    Pin,
    judge_models,
    pinned,
    promotion_row,
)
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import Verdicts
from gosales_checks.contracts.models import MODEL, PROMOTION
from gosales_resources.errors import BundleError, ContractError, DamagedError, ScopeError
from gosales_resources.instance.recorded import latest_metadata
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.store.address import Address, damaged_message
from gosales_resources.store.upstream import Tables

LOG = logging.getLogger("gosales")


class PinChange(dg.Config):
    """A person's choice for the partitions of a run; without it pins stay as they are."""

    pin_to: str | None = None
    """Cutoff of the model that is to score."""
    reason: str = ""
    release: bool = False
    """Take the pin away."""


class PromotionDesk:
    """Decides which model scores a partition."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self._platform, self._instance = platform, instance
        self._verdicts = Verdicts(instance, platform.space, platform.store)

    def judge(
        self, key: PartitionKey, features: Tables, labels: Tables, change: PinChange
    ) -> pl.DataFrame:
        """Return the row of one partition.

        Parameters
        ----------
        key
            Of the partition.
        features, labels
            Of the training cutoffs, as far as they are there.
        change
            A pin to set or release.

        Raises
        ------
        ContractError
            When the new model failed its checks and there is no earlier one.
        ScopeError
            When the pin names a cutoff whose model may not score here.
        DamagedError
            When a model that is judged is not the one that was made.
        """
        cutoff, division = key.cutoff, str(key.division)
        space, store = self._platform.space, self._platform.store
        own = Address(MODEL.name, cutoff, division)
        self._refuse_damaged([own, *self._stored_before(own)])
        challenger = self._platform.read_bundle(MODEL, *key)
        newest = space.steps_after(cutoff, -space.window_steps)
        past = [a for a in self._earlier(own) if a.cutoff <= newest]
        unproven = self._verdicts.changes(MODEL, own)
        blocked = f"the new model: {'; '.join(unproven)}" if unproven else None
        try:
            decision = judge_models(
                challenger,
                {a.cutoff: store.read_bundle(a, None) for a in past},
                self._outcomes(key, features, labels),
                self._platform.settings.promotion,
                blocked,
            )
        except ValueError as error:
            raise ContractError(f"Not promoted: {own}: {error}, and no earlier model.") from error
        pin = self.pin_of(Address(PROMOTION.name, cutoff, division), change)
        if pin is not None:
            decision = self._pinned(decision, pin, own)
        return promotion_row(division, cutoff, read_card(challenger)[0], decision, pin)

    def _earlier(self, own: Address) -> list[Address]:
        """List the earlier models that are stored and have passed their check, oldest first."""
        stored = self._stored_before(own)
        return [address for address in stored if not self._verdicts.changes(MODEL, address)]

    def _stored_before(self, own: Address) -> list[Address]:
        cutoffs = self._platform.space.cutoffs_read("incumbents", own.cutoff)
        earlier = [Address(MODEL.name, c, own.division) for c in cutoffs if c < own.cutoff]
        return [address for address in earlier if self._platform.store.has(address)]

    def _refuse_damaged(self, addresses: Sequence[Address]) -> None:
        """Raise on models that are not what was made: without them another one might score."""
        for address in addresses:
            if found := self._verdicts.damage(MODEL, address):
                raise DamagedError(damaged_message(address, found))

    def _outcomes(self, key: PartitionKey, features: Tables, labels: Tables) -> Judged | None:
        """Return the newest training cutoff whose labels are there and may be learnt from."""
        cutoff, division = key
        past = [PartitionKey(t, division) for t in self._platform.space.training_cutoffs(cutoff)]
        known = {at.cutoff: labels[at] for at in past if at in labels and at in features}
        for newest in mature_labels(known, cutoff, newest=1).used:
            return Judged(newest, features[newest, division], known[newest])
        return None

    def pin_of(self, address: Address, change: PinChange) -> Pin | None:
        """Return a person's choice for a partition of `promotion`; None where there is none.

        Parameters
        ----------
        address
            The partition.
        change
            A pin to set or release; without it the one that is kept, in the table or, where its
            file is damaged or gone, in the run history.
        """
        if change.release:
            return None
        if change.pin_to is not None:
            day = self._platform.space.select_cutoff(change.pin_to)
            return Pin(day, change.reason or "no reason given")
        if self._verdicts.damage(PROMOTION, address):
            return self._recorded_pin(address)
        if not self._platform.store.has(address):
            return None
        kept = self._platform.store.scan_table(address, None).collect().row(0, named=True)
        # A table of before pins has no such column, and no pin.
        day = kept.get("pinned_to")
        return None if day is None else Pin(day, kept["pin_reason"])

    def _recorded_pin(self, address: Address) -> Pin | None:
        """Read a person's decision from the history, which outlives the file."""
        known = latest_metadata(self._instance, PROMOTION.name, [address.key])
        if (told := known.get(str(address.key))) is None:
            LOG.warning(
                "%s is damaged, and this run history did not make it: whether somebody had chosen a "
                "model by hand is not known. If so, choose it again: gosales model rollback",
                address,
            )
            return None
        day, reason = (told.get(name) for name in ("pinned_to", "pin_reason"))
        if day is None or reason is None:
            return None
        return Pin(dt.date.fromisoformat(str(day.value)), str(reason.value))

    def _pinned(self, decision: Decision, pin: Pin, own: Address) -> Decision:
        legal = [*self._earlier(own), own]
        chosen = [a for a in legal if a.cutoff == pin.cutoff]
        if not chosen:
            raise ScopeError(
                f"{own}: no model of {pin.cutoff} may score here. Stored, checked and near enough: "
                f"{', '.join(str(a.cutoff) for a in legal)}. Choose one of them, or release the "
                f"pin: gosales model release {own.division} --cutoff {own.cutoff}"
            )
        files = self._platform.store.read_bundle(chosen[0], None)
        return pinned(decision, pin, read_card(files)[0])


def promoted(
    platform: Platform, key: PartitionKey, own: Mapping[str, bytes], promotion: pl.LazyFrame
) -> StoredModel:
    """Open the model that `promotion` lets score a partition.

    Parameters
    ----------
    platform
        Where earlier models lie.
    key
        The partition that is scored.
    own
        Files of its own model.
    promotion
        The one row of the partition.

    Raises
    ------
    BundleError
        When the stored model is no longer the one that was promoted.
    """
    row = promotion.select("model_cutoff", "model_id").collect().row(0, named=True)
    cutoff, division = key
    if row["model_cutoff"] == cutoff:
        files = own
    else:
        files = platform.store.read_bundle(Address(MODEL.name, row["model_cutoff"], division), None)
    model = load_bundle(files)
    if model.model_id != row["model_id"]:
        raise BundleError(
            f"scores[{key}]: {row['model_id']} was promoted, {model.model_id} is stored. "
            f"Rematerialise: gosales materialize --select promotion,scores --cutoffs {cutoff}"
        )
    return model
