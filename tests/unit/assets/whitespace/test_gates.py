"""Who is not called: each gate alone, their order, and gates whose table is missing."""

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from gosales_assets.platform.platform import Platform
from gosales_assets.whitespace.assets import gates_off
from gosales_assets.whitespace.gates import LAST_IN_DIVISION, GateTables, with_gates
from gosales_checks.contracts.whitespace import GATES
from gosales_resources.settings.whitespace import GateSettings
from tests.worlds.erp import row, write_world

C = dt.date(2024, 6, 30)


def frame(**columns) -> pl.LazyFrame:
    return pl.LazyFrame(columns)


CUSTOMERS = frame(customer_id=["a", "b"], region=["north", None])
ASSETS = {"item": pl.String, "item_rollup": pl.String, "division": pl.String}


def assets(*expirations: dt.date | None, division: str = "cam", item: str = "x") -> pl.LazyFrame:
    """Return assets of customer `a`."""
    n = len(expirations)
    columns = {"item": [item] * n, "item_rollup": [item] * n, "division": [division] * n}
    return pl.LazyFrame(
        {"customer_id": ["a"] * n, **columns, "expiration_date": expirations},
        schema_overrides={"expiration_date": pl.Date},
    )


def deals(division: str | None) -> pl.LazyFrame:
    return pl.LazyFrame(
        {"customer_id": ["a"], "division": [division], "is_open": [True]},
        schema_overrides={"division": pl.String},
    )


def books(*regions: str | None) -> pl.LazyFrame:
    n = len(regions)
    return pl.LazyFrame(
        {"customer_id": ["a"] * n, "region": regions, "is_active": [True] * n},
        schema_overrides={"region": pl.String},
    )


def reasons(
    tables: GateTables,
    settings: GateSettings | None = None,
    *,
    white: bool = True,
    p: float | None = 0.1,
    days: float | None = None,
    skus: list[str] | None = None,
) -> str | None:
    """Return the gate that customer `a` fails."""
    one = pl.LazyFrame(
        {"customer_id": ["a", "b"], "is_whitespace": [white, True], "p_icp": [p, 0.1],
         LAST_IN_DIVISION: [days, None]},
        schema_overrides={"p_icp": pl.Float64, LAST_IN_DIVISION: pl.Float64},
    )  # fmt: skip
    found = with_gates(
        one, tables, settings or GateSettings(), division="cam", skus=skus, cutoff=C
    ).collect()
    other = found.filter(pl.col("customer_id") == "b")["ineligible_reason"].item()
    assert other is None, "no gate may touch another customer"
    return found.filter(pl.col("customer_id") == "a")["ineligible_reason"].item()


PLAIN = GateTables(CUSTOMERS)
YEAR = dt.timedelta(days=365)
DNC = frame(customer_id=["a"], is_active=[True])
CONTACTS = frame(customer_id=["a"], contact_date=[C - dt.timedelta(days=20)])


@pytest.mark.parametrize(
    ("tables", "gate"),
    [
        (PLAIN, None),
        (replace(PLAIN, assets=assets(C)), "active_asset"),
        (replace(PLAIN, assets=assets(None)), "active_asset"),
        (replace(PLAIN, assets=assets(C - YEAR, None)), "active_asset"),
        (replace(PLAIN, assets=assets(C - YEAR + dt.timedelta(days=1))), "active_asset"),
        (replace(PLAIN, assets=assets(C - YEAR)), None),
        (replace(PLAIN, assets=assets(C, division="other")), None),
        (replace(PLAIN, do_not_contact=DNC), "do_not_contact"),
        (replace(PLAIN, do_not_contact=DNC.with_columns(is_active=False)), None),
        (replace(PLAIN, contacts=CONTACTS), "recent_contact"),
        (replace(PLAIN, contacts=CONTACTS.with_columns(contact_date=C - dt.timedelta(21))), None),
        (replace(PLAIN, deals=deals("cam")), "open_deal"),
        (replace(PLAIN, deals=deals(None)), "open_deal"),
        (replace(PLAIN, deals=deals("other")), None),
        (replace(PLAIN, ownership=books("south")), "region_mismatch"),
        (replace(PLAIN, ownership=books("south", "north")), None),
        (replace(PLAIN, ownership=books(None)), None),
    ],
)
def test_each_gate_closes_for_what_it_is_about_alone(tables, gate):
    assert reasons(tables) == gate


def test_a_set_of_skus_goes_by_items_not_by_division():
    there = replace(PLAIN, assets=assets(C, division="other", item="x"))
    assert reasons(there, skus=["x"]) == "active_asset"
    assert reasons(there, skus=["y"]) is None


@pytest.mark.parametrize(
    ("days", "expired", "gate"),
    [(400.0, YEAR, None), (100.0, YEAR, "owned"), (400.0, YEAR / 2, "owned"), (None, YEAR, None)],
    ids=["both long ago", "bought since", "expired lately", "an owner by assets alone"],
)
def test_owners_come_back_when_all_has_expired_and_nothing_was_bought_since(days, expired, gate):
    tables = replace(PLAIN, assets=assets(C - expired))
    assert reasons(tables, white=False, days=days) == gate


def test_owners_stay_out_where_no_register_tells_of_expirations():
    assert reasons(PLAIN, white=False, days=4_000.0) == "owned"


def test_gates_come_in_their_order_and_each_row_has_the_first():
    everything = GateTables(
        CUSTOMERS, assets(C), DNC, CONTACTS, deals("cam"), books("south")
    )  # fmt: skip
    settings = GateSettings(not_customers=["a"])
    left, found = everything, [reasons(everything, settings, white=False, days=5.0, p=None)]
    found.append(reasons(left, settings, p=None))
    for table in ("assets", "do_not_contact", "contacts", "deals", "ownership"):
        left = replace(left, **{table: None})
        found.append(reasons(left, settings, p=None))
    found.append(reasons(left, p=None))
    assert found == GATES


def test_a_gate_that_is_turned_off_keeps_nobody_off():
    closed = GateSettings(recent_contact_days=0, open_deals=False, region_mismatch=False)
    everything = replace(PLAIN, contacts=CONTACTS, deals=deals("cam"), ownership=books("south"))
    assert reasons(everything, closed) is None
    assert closed.turned_off == ["recent_contact", "open_deal", "region_mismatch"]


def test_a_gate_without_its_table_or_turned_off_says_so(tmp_path):
    off = gates_off(Platform.of(write_world(tmp_path, [row()])))
    assert off["open_deal"] == "source.crm_deals is not configured"
    assert set(off) < set(GATES)
