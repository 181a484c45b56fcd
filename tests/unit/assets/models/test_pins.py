"""A person's choice of a model outlives the file that it is kept in."""

import datetime as dt

import dagster as dg
import polars as pl
import pytest

from gosales_assets.models.promotion.promotion import Pin
from gosales_assets.models.promotion.promotion_desk import PinChange, PromotionDesk
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.models import PROMOTION
from gosales_resources.instance.recorded import CHECKSUM
from gosales_resources.store.address import Address

DAY, EARLIER = dt.date(2024, 6, 30), dt.date(2023, 12, 31)
OWN = Address("promotion", DAY, "simulation")
PINNED = {"pinned_to": [EARLIER], "pin_reason": ["reps do not trust it"]}
FREE = {"pinned_to": [None], "pin_reason": [None]}
KEPT = PinChange()


def write(platform: Platform, instance: dg.DagsterInstance, row: dict, *, recorded=True) -> None:
    """Store a partition of `promotion`, and record it as the asset does."""
    columns = {"pinned_to": pl.Date, "pin_reason": pl.String}
    written = platform.store.write_table(
        OWN, pl.DataFrame(row, schema=columns), platform.freshness.provenance_of(PROMOTION, OWN)
    )
    shown = {name: str(value) for name, (value,) in row.items() if value is not None}
    if recorded:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                OWN.asset, partition=str(OWN.key), metadata={**shown, CHECKSUM: written.sha256}
            )
        )


def cut(path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def other(path) -> None:
    """A file that reads well and says that nobody chose."""
    pl.DataFrame(FREE, schema={"pinned_to": pl.Date, "pin_reason": pl.String}).write_parquet(path)


def gone(path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [None, cut, other, gone], ids=["whole", "cut", "other", "gone"])
@pytest.mark.parametrize(
    ("row", "pin"),
    [(PINNED, Pin(EARLIER, "reps do not trust it")), (FREE, None)],
    ids=["pinned", "free"],
)
def test_a_pin_stays_whatever_becomes_of_its_file(platform, instance, harm, row, pin):
    write(platform, instance, row)
    if harm:
        harm(platform.store.path_of(OWN))
    assert PromotionDesk(platform, instance).pin_of(OWN, KEPT) == pin


def test_what_a_person_says_now_goes_before_what_is_recorded(platform, instance):
    write(platform, instance, PINNED)
    cut(platform.store.path_of(OWN))
    desk = PromotionDesk(platform, instance)
    assert desk.pin_of(OWN, PinChange(release=True)) is None
    assert desk.pin_of(OWN, PinChange(pin_to=str(DAY), reason="new")) == Pin(DAY, "new")


def test_a_pin_that_was_released_later_does_not_come_back(platform, instance):
    write(platform, instance, PINNED)
    write(platform, instance, FREE)
    gone(platform.store.path_of(OWN))
    assert PromotionDesk(platform, instance).pin_of(OWN, KEPT) is None


def test_a_pin_that_nothing_knows_any_more_is_told(platform, instance, caplog):
    write(platform, instance, PINNED, recorded=False)
    cut(platform.store.path_of(OWN))
    assert PromotionDesk(platform, instance).pin_of(OWN, KEPT) is None
    (told,) = caplog.messages
    assert str(OWN) in told
    assert "gosales model rollback" in told
