"""Features: each recomputed from the lines by a plain reading of its definition."""

import datetime as dt
import random
from collections import Counter

import polars as pl
import pytest

from gosales_assets.features.asof import AsOf
from gosales_assets.features.build import (
    build_customer_features,
    build_division_features,
    build_features,
    declare_features,
)
from gosales_assets.features.families.cross_division import concentration, spread
from gosales_assets.features.families.registry import check_off
from gosales_assets.features.history import share_history
from gosales_resources.errors import GosalesError, SettingsError
from gosales_resources.settings.tree import Settings
from tests.worlds.erp import row, write_world
from tests.worlds.features import (
    DIVISIONS,
    NO_ASSETS,
    TARGETS,
    C,
    Line,
    assert_same,
    compute,
    purchase_history,
    random_lines,
    roster,
    world_of,
)
from tests.worlds.features_recount import expected, expected_spread


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return write_world(tmp_path_factory.mktemp("world"), [row()])


@pytest.mark.parametrize("cutoff", [C, dt.date(2024, 2, 29), dt.date(2022, 12, 31)])
def test_every_customers_features_equal_a_plain_recount(settings, cutoff):
    lines = random_lines()
    found, spread = compute(settings, lines, cutoff), expected_spread(lines, cutoff)
    for customer in sorted({line.customer for line in lines}):
        own = [line for line in lines if line.customer == customer]
        for target in TARGETS:
            got = found[target][customer]
            here = [line for line in own if line.division == target]
            assert_same(got, expected(own, cutoff, "all"))
            assert_same(got, expected(here, cutoff, "div"))
            assert_same(got, spread.get(customer, {}))


def test_scopes_of_other_customers_are_not_put_side_by_side(settings):
    one = [Line("a", C, "i")]
    wide = build_customer_features(world_of(settings, one, C, ["a", "b"])).frame.collect()
    per_division = build_division_features(world_of(settings, one, C, ["a", "c"])).frame
    with pytest.raises(GosalesError, match="not of one run"):
        build_features(TARGETS[0], wide, per_division)


def test_the_recount_covers_every_declared_feature(settings):
    names = {f.name for f in declare_features(settings)}
    one = [Line("a", C, "i")]
    counted = expected([], C, "all") | expected([], C, "div") | expected_spread(one, C)["a"]
    # Families with tests of their own.
    others = ("attr__", "basket__", "als__", "encoder__")
    as_they_are = {n for n in names if n.startswith(others)}
    assert names - as_they_are == set(counted)


def test_the_declared_columns_are_those_of_the_table(settings):
    table = compute(settings, [Line("a", dt.date(2024, 5, 1), "i")])["simulation"]["a"]
    declared = [f.name for f in declare_features(settings)]
    assert [name for name in table if "__" in name] == declared
    assert all(f.description and f.unit for f in declare_features(settings))


def test_what_happens_or_is_posted_after_the_cutoff_changes_nothing(settings):
    known = random_lines()
    late = [
        Line("c01", dt.date(2024, 7, 1), "new", "simulation"),
        Line("c01", dt.date(2024, 3, 1), "late", "simulation", known=dt.date(2024, 7, 1)),
        Line("c02", dt.date(2024, 6, 30), "late", "scanning", known=dt.date(2024, 12, 1)),
    ]
    assert compute(settings, known) == compute(settings, known + late)


def test_the_order_of_lines_does_not_show_in_a_single_bit(settings):
    lines = random_lines()
    shuffled = random.Random(1).sample(lines, len(lines))
    assert compute(settings, lines) == compute(settings, shuffled)


@pytest.mark.parametrize("others", [0, 1, 5])
def test_money_is_the_nearest_double_however_many_others_there_are(settings, others):
    day = dt.date(2024, 5, 1)
    lines = [Line(f"o{n}", day, f"i{n}", cents=777) for n in range(others)]
    found = compute(settings, [Line("a", day, "i", cents=184_159), *lines])["simulation"]["a"]
    assert found["rfm__div__gp_sum__3m"] == found["rfm__all__gp_mean__3m"] == 1841.59


def test_a_sale_on_the_cutoff_day_is_history_and_recency_is_floored(settings):
    found = compute(settings, [Line("a", C, "i")])["simulation"]["a"]
    assert found["rfm__div__transactions__3m"] == 1
    assert found["recency__div__days__asof"] == 30
    assert found["lifecycle__div__tenure_days__asof"] == 0


def test_a_window_starts_the_day_after_its_month_end(settings):
    lines = [Line("a", dt.date(2024, 3, 31), "out"), Line("a", dt.date(2024, 4, 1), "in")]
    found = compute(settings, lines)["simulation"]["a"]
    assert found["rfm__div__transactions__3m"] == 1
    assert found["rfm__div__transactions__6m"] == 2


def test_a_customer_of_returns_only_has_bought_nothing(settings):
    found = compute(settings, [Line("a", dt.date(2024, 5, 1), "i", quantity=-1, cents=-500)])
    got = found["simulation"]["a"]
    assert got["is_whitespace"]
    assert got["recency__div__days__asof"] is None
    assert got["rfm__div__gp_sum__3m"] == -5.0
    assert got["rfm__div__transactions__3m"] == 0


def test_counts_of_a_customer_without_history_are_zero_and_recency_is_unknown(settings):
    found = compute(settings, [Line("a", dt.date(2024, 5, 1), "i")], customers=["nobody"])
    got = found["simulation"]["nobody"]
    assert got["is_whitespace"]
    assert got["rfm__all__transactions__24m"] == 0
    assert got["lifecycle__all__purchase_days__asof"] == 0
    assert got["recency__all__days__asof"] is None
    assert got["diversity__all__entropy__12m"] is None
    assert got["attr__all__employees__asof"] == 7.0


def test_an_invoice_over_two_quarters_counts_once(settings):
    lines = [Line("a", dt.date(2024, 3, 30), "i"), Line("a", dt.date(2024, 4, 2), "i")]
    found = compute(settings, lines)["simulation"]["a"]
    assert found["rfm__div__transactions__12m"] == 1
    assert found["rfm__div__lines__12m"] == 2


def test_denylisted_skus_are_not_history(settings):
    denied = settings.model_copy(
        update={"labels": settings.labels.model_copy(update={"denylist": ["Trial"]})}
    )
    found = compute(denied, [Line("a", dt.date(2024, 5, 1), "i", sku="Trial")])
    assert found["simulation"]["a"]["is_whitespace"]
    assert found["simulation"]["a"]["rfm__all__lines__12m"] == 0


def test_shares_are_shrunk_towards_the_overall_share(settings):
    day = dt.date(2024, 5, 1)
    lines = [Line(f"c{i}", day, f"s{i}", "simulation") for i in range(10)]
    lines += [Line(f"c{i}", day, f"w{i}", "solid_works") for i in range(5, 20)]
    found = compute(settings, lines)["simulation"]
    overall = 10 / 25
    name = "cross__all__transaction_share_simulation__12m"
    for customer, raw in (("c0", 1.0), ("c7", 0.5), ("c15", 0.0)):
        low, high = sorted((raw, overall))
        assert low <= found[customer][name] <= high
    by_division = [
        sum(found[c][f"cross__all__transaction_share_{d}__12m"] for d in DIVISIONS) for c in found
    ]
    assert by_division == pytest.approx([1.0] * len(found))


def test_the_strength_of_shrinkage_is_recovered_from_dirichlet_customers():
    draw = random.Random(2)
    strength, overall = 5.0, {"a": 0.5, "b": 0.3, "c": 0.2}
    rows = []
    for customer in range(4000):
        raw = {d: draw.gammavariate(strength * p, 1.0) for d, p in overall.items()}
        picks = Counter(draw.choices(list(raw), list(raw.values()), k=12))
        rows += [(str(customer), division, count, 12) for division, count in picks.items()]
    frame = pl.DataFrame(rows, schema=["customer_id", "division", "count", "total"], orient="row")
    known = spread(frame.with_columns(cents=pl.lit(0)))
    assert concentration(known) == pytest.approx(strength, rel=0.1)


def test_without_anyone_to_tell_from_the_strength_is_one():
    frame = pl.DataFrame({"customer_id": ["a"], "division": ["x"], "count": [1], "total": [1]})
    assert concentration(spread(frame.with_columns(cents=pl.lit(0)))) == 1.0


def test_all_mode_keeps_who_never_bought_and_expansion_mode_does_not(settings):
    shared = share_history(purchase_history([Line("a", C, "i")]), [], settings.divisions)
    people = roster(["a", "p"]).with_columns(is_buyer=pl.col("customer_id") == "a")
    counts = {}
    for mode in ("expansion", "all"):
        labels = settings.labels.model_copy(update={"mode": mode})
        chosen = settings.model_copy(update={"labels": labels})
        world = AsOf(C, chosen, shared, people, NO_ASSETS)
        frame = build_customer_features(world).frame.collect()
        counts[mode] = frame["customer_id"].to_list()
    assert counts == {"expansion": ["a"], "all": ["a", "p"]}


def test_a_family_that_is_off_is_not_computed(settings):
    features = settings.features.model_copy(update={"off": ["lifecycle", "cross"]})
    chosen = settings.model_copy(update={"features": features})
    on, left = ({f.family for f in declare_features(s)} for s in (settings, chosen))
    assert on - left == {"lifecycle", "cross"}
    assert compute(chosen, [Line("a", C, "i")])["simulation"]["a"]["is_whitespace"] is False


def test_an_unknown_family_to_turn_off_is_told_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"recencies.*Did you mean 'recency'"):
        check_off(["recencies"])


def test_a_set_of_skus_has_the_history_of_these_skus_in_any_division(settings):
    lines = random_lines()
    known = settings.divisions.model_copy(update={"sku_targets": {"Some": ["S1", "S3"]}})
    chosen = settings.model_copy(update={"divisions": known})
    people = roster({line.customer for line in lines})
    with_set, plain = (
        AsOf(C, s, share_history(purchase_history(lines), [], s.divisions), people, NO_ASSETS)
        for s in (chosen, settings)
    )
    found = build_division_features(with_set).frame.collect()
    got = {r["customer_id"]: r for r in found.filter(division="some").to_dicts()}
    for customer in sorted({line.customer for line in lines}):
        here = [ln for ln in lines if ln.customer == customer and ln.sku in ("S1", "S3")]
        assert_same(got[customer], expected(here, C, "div"))
        bought = [ln for ln in here if ln.visible <= C and ln.quantity > 0]
        assert got[customer]["is_whitespace"] == (not bought)
    # The divisions' own columns and rows are as they are without the set.
    alone = build_division_features(plain).frame.collect()
    assert found.filter(pl.col("division") != "some").equals(alone)
    wide = [build_customer_features(w).frame.collect() for w in (with_set, plain)]
    assert wide[0].equals(wide[1])
