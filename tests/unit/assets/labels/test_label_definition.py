"""Labels are the plain reading of their definition, for any lines in any order."""

import datetime as dt
import random
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from gosales_resources.settings.labels import LabelSettings
from tests.worlds.labels import END, C, build, lines


def expected_label(raw: list[tuple], customer: str, bought: bool, mode: LabelSettings) -> dict:
    """The definition of SPEC section 2, read plainly for one customer and one division."""
    own = [r for r in raw if r[0] == customer and r[3] not in mode.denylist]
    known = [r for r in own if max(r[1], r[4] or r[1]) <= C]
    inside = [r for r in own if C < r[1] <= END and (r[4] is None or r[4] <= END)]
    net = sum(Decimal(str(r[2])) for r in inside)
    days = [r[1] for r in inside if r[2] >= 0]
    owned = any(r[2] >= 0 for r in known)
    return {
        "label": int(net > Decimal(str(mode.gp_min_threshold))),
        "net_value_window": float(net),
        "first_purchase_date": min(days, default=None),
        "is_renewal_like": owned,
        "is_expansion": bought and not owned,
        "is_new_logo": not bought and not owned,
    }


days = st.dates(dt.date(2024, 4, 1), dt.date(2025, 3, 31))

sales = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    days,
    st.integers(-5000, 9000).map(lambda cents: cents / 100),
    st.sampled_from(["A", "TRIAL"]),
    st.one_of(st.none(), days),
)

choices = st.builds(
    LabelSettings,
    mode=st.sampled_from(["expansion", "all"]),
    gp_min_threshold=st.sampled_from([0.0, 25.0]),
    denylist=st.sampled_from([[], ["TRIAL"]]),
)


def test_labels_equal_a_plain_recount():
    draw = random.Random(4)
    raw = [
        (f"{draw.randrange(40)}", dt.date(2024, 1, 1) + dt.timedelta(draw.randrange(500)),
         float(draw.randrange(-20, 60)))
        for _ in range(600)
    ]  # fmt: skip
    customers = pl.LazyFrame({"customer_id": [str(n) for n in range(40)], "is_buyer": [True] * 40})
    for row in build(lines(*raw), customers).iter_rows(named=True):
        inside = [v for c, d, v in raw if c == row["customer_id"] and C < d <= END]
        assert row["net_value_window"] == float(sum(Decimal(v) for v in inside))
        assert row["label"] == (sum(inside) > 0)
        owned = any(c == row["customer_id"] and d <= C and v >= 0 for c, d, v in raw)
        assert row["is_renewal_like"] == owned


@given(raw=st.lists(sales, max_size=12), settings=choices, buyers=st.sets(st.sampled_from("abc")))
def test_labels_are_the_plain_reading_of_the_definition(raw, settings, buyers):
    people = pl.LazyFrame({"customer_id": list("abc"), "is_buyer": [c in buyers for c in "abc"]})
    made = build(lines(*raw), people, settings)
    assert made["customer_id"].to_list() == [
        c for c in "abc" if settings.mode == "all" or c in buyers
    ]
    for found in made.to_dicts():
        who = found["customer_id"]
        wanted = expected_label(raw, who, who in buyers, settings)
        assert {name: found[name] for name in wanted} == wanted


@given(raw=st.lists(sales, max_size=12), draw=st.randoms(use_true_random=False))
def test_the_order_of_lines_and_what_comes_after_the_window_change_no_label(raw, draw):
    people = pl.LazyFrame({"customer_id": list("abc"), "is_buyer": [True] * 3})
    after = [
        ("a", END + dt.timedelta(1), 99.0, "A", None),
        ("b", END, 9.0, "A", dt.date(2025, 1, 1)),
    ]
    mixed = draw.sample([*raw, *after], len(raw) + 2)
    assert build(lines(*mixed), people).equals(build(lines(*raw), people))


@given(raw=st.lists(sales, max_size=12))
def test_doubling_every_amount_doubles_every_value(raw):
    people = pl.LazyFrame({"customer_id": list("abc"), "is_buyer": [True] * 3})
    twice = [(who, day, amount * 2, *rest) for who, day, amount, *rest in raw]
    once, double = (build(lines(*rows), people)["net_value_window"] for rows in (raw, twice))
    assert (once * 2).round(2).equals(double.round(2))
