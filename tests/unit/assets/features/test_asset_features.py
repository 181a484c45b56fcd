"""Features of the installed base: each from the assets that were purchased by the cutoff."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.features.asof import AsOf
from gosales_assets.features.build import (
    build_customer_features,
    build_division_features,
    build_features,
    declare_features,
)
from gosales_assets.features.history import share_history
from tests.worlds.accounts import assets_of, side_world
from tests.worlds.features import Line, purchase_history, roster

C = dt.date(2024, 6, 30)
HISTORY = purchase_history([Line("a", dt.date(2024, 5, 1), "i")])


def asset(
    customer: str = "a",
    bought: str = "2023-01-01",
    ends: str = "",
    subscribed: str = "no",
    division: str = "Simulation",
    rollup: str = "Seats",
    quantity: str = "1",
) -> str:
    return f"{customer},Item,{rollup},{division},{quantity},{bought},{ends},{subscribed}"


def features_of(
    folder, *assets: str, columns: dict | None = None, **features: dict
) -> dict[str, dict]:
    """Return the row of each customer in the table of Simulation."""
    settings = side_world(folder, {"assets": assets}, columns, features=features)
    register = assets_of(settings, C.isoformat())
    people = roster(["a", "b", "c"])
    shared = share_history(HISTORY, [], settings.divisions)
    world = AsOf(C, settings, shared, people, register.lazy())
    wide, narrow = build_customer_features(world), build_division_features(world)
    shared = wide.frame.collect()
    own = build_features("simulation", shared, narrow.frame)
    frame = shared.hstack(own.select(n for n in own.columns if n not in shared.columns))
    declared = [f.name for f in declare_features(settings) if f.family.startswith("assets")]
    assert [n for n in frame.columns if n.startswith("assets")] == declared
    return {row["customer_id"]: row for row in frame.to_dicts()}


def test_an_asset_bought_after_the_cutoff_counts_in_no_feature(tmp_path):
    rows = [asset(ends="2024-07-10", subscribed="yes"), asset("b", "", "2024-05-01")]
    later = [
        asset("a", "2024-07-01", "2024-07-20", "yes"),
        asset("b", "2024-07-02", "2024-08-01"),
        asset("c", "2024-12-01", "", "yes", "Solid Works"),
    ]
    assert features_of(tmp_path / "now", *rows) == features_of(tmp_path / "then", *rows, *later)


def test_an_asset_recorded_by_the_cutoff_and_purchased_after_it_counts_in_no_feature(tmp_path):
    settings = side_world(tmp_path, {"assets": [asset()]})
    register = assets_of(settings, C.isoformat())
    signed = register.with_columns(
        pl.lit("b").alias("customer_id"), effective_purchase_date=pl.lit(dt.date(2024, 7, 1))
    )
    undated = register.with_columns(
        pl.lit("c").alias("customer_id"), effective_purchase_date=pl.lit(None, pl.Date)
    )
    assets = pl.concat([register, signed, undated]).lazy()
    world = AsOf(
        C, settings, share_history(HISTORY, [], settings.divisions), roster(["a", "b", "c"]), assets
    )
    frame = build_customer_features(world).frame.collect()
    assert frame["assets__all__owned__asof"].to_list() == [1, 0, 0]


def test_an_asset_is_active_until_its_expiration_day(tmp_path):
    rows = [asset("a", ends="2024-06-30"), asset("b", ends="2024-07-01"), asset("c")]
    found = features_of(tmp_path, *rows)
    assert [found[c]["assets__div__active__asof"] for c in "abc"] == [0, 1, 1]
    assert [found[c]["assets__div__owned__asof"] for c in "abc"] == [1, 1, 1]
    assert [found[c]["assets__all__days_since_expiration__asof"] for c in "abc"] == [0, None, None]


@pytest.mark.parametrize(
    ("guard", "counts"), [(0, [1, 3, 4]), (1, [1, 2, 3]), (30, [2, 3, 3])], ids=str
)
def test_expirations_are_counted_in_their_windows_after_the_guard(tmp_path, guard, counts):
    # 1, 31, 32 and 90 days after the cutoff; one on it.
    ends = ("2024-06-30", "2024-07-01", "2024-07-31", "2024-08-01", "2024-09-28")
    rows = [asset(ends=day) for day in ends]
    found = features_of(tmp_path, *rows, assets={"expiring_guard_days": guard})["a"]
    names = [f"assets_expiring__div__count__{n}d" for n in (30, 60, 90)]
    assert [found[n] for n in names] == counts
    assert found["assets_expiring__div__share__90d"] == counts[-1] / 4


def test_subscription_shares_are_of_active_assets_and_unknown_without_any(tmp_path):
    rows = [
        asset(subscribed="yes"),
        asset(subscribed="no"),
        asset(subscribed="no", division="Solid Works"),
        asset(subscribed=""),
        asset(subscribed="yes", ends="2024-01-01"),
        asset("b", subscribed="yes", ends="2024-01-01"),
    ]
    found = features_of(tmp_path, *rows)
    mine, other = found["a"], found["b"]
    assert mine["assets_subs__all__share__asof"] == pytest.approx(1 / 3)
    assert mine["assets_subs__all__share_simulation__asof"] == 0.5
    assert mine["assets_subs__all__off_share_simulation__asof"] == 0.5
    assert mine["assets_subs__all__on_share_simulation__asof"] == 1.0
    assert mine["assets_subs__all__share_scanning__asof"] is None
    assert other["assets_subs__all__share__asof"] is None
    assert other["assets__all__owned__asof"] == 1


def test_quantities_are_summed_and_a_row_without_one_is_a_unit(tmp_path):
    rows = [asset(quantity="2.5"), asset(quantity=""), asset(quantity="4", ends="2024-01-01")]
    found = features_of(tmp_path, *rows)["a"]
    assert found["assets__div__quantity__asof"] == 3.5
    assert found["assets__all__quantity_simulation__asof"] == 3.5
    assert found["assets__all__quantity_solid_works__asof"] == 0


def test_configured_rollups_replace_divisions_in_any_spelling(tmp_path):
    rows = [asset(rollup="Term Seats"), asset(rollup="TERM  seats"), asset(rollup="Other")]
    found = features_of(tmp_path, *rows, assets={"rollups": ["Term seats", "Plans"]})["a"]
    assert found["assets__all__owned_term_seats__asof"] == 2
    assert found["assets__all__owned_plans__asof"] == 0
    assert found["assets__all__owned__asof"] == 3
    assert "assets__all__owned_simulation__asof" not in found


def test_imputed_dates_count_and_their_share_is_told(tmp_path):
    rows = [asset(bought="2023-06-30"), asset(bought="1900-01-01"), asset("b", "")]
    found = features_of(tmp_path, *rows)
    assert [found[c]["assets__all__imputed_share__asof"] for c in "abc"] == [0.5, 1.0, None]
    assert [found[c]["assets__div__tenure_days__asof"] for c in "abc"] == [366, 366, None]


def test_columns_that_the_register_does_not_map_have_no_features(tmp_path):
    header = {"assets": ["customer_id", "item", "division", "purchase_date"]}
    found = features_of(tmp_path, "a,Item,Simulation,2023-01-01", columns=header)["a"]
    families = {name.split("__")[0] for name in found}
    assert "assets" in families
    assert families & {"assets_expiring", "assets_subs"} == set()
    assert "assets__all__days_since_expiration__asof" not in found


def test_without_a_register_there_are_no_columns_of_it(tmp_path):
    settings = side_world(tmp_path, {})
    assert not [f.name for f in declare_features(settings) if f.family.startswith("assets")]
