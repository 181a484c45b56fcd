"""Pooled encoders: against a plain loop that leaves the customer's own rows out."""

import datetime as dt
import random

import pytest

from gosales_assets.features.families.encoder import ENCODER
from gosales_resources.dates import shift_months
from gosales_resources.errors import SettingsError
from tests.worlds.erp import row, write_world
from tests.worlds.signals import Bought, C, draw_lines, people, world

TARGETS = ["simulation", "solid_works"]
PRIOR = 20.0


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    changed = {"features": {"encoder": {"attributes": ["territory"]}}}
    return write_world(tmp_path_factory.mktemp("world"), [row()], changed)


def industry(customer: str) -> str | None:
    return (None, "aero", "auto")[int(customer[1:]) % 3] if customer[1:].isdigit() else None


def sub_industry(customer: str) -> str | None:
    return (None, "a", "b", "c")[int(customer[1:]) % 4] if customer[1:].isdigit() else None


def territory(customer: str) -> str | None:
    return ("east", "west", None)[sum(customer.encode()) % 3]


def encode(settings, lines: list[Bought], **attributes) -> dict[tuple[str, str], dict]:
    of = {"industry": industry, "sub_industry": sub_industry, "territory": territory} | attributes
    roster = people(lines, **of)
    (block,) = ENCODER.blocks(world(settings, lines, roster), "div")
    rows = block.source.select("customer_id", "division", *(f.column for f in block.features))
    return {(r.pop("customer_id"), r.pop("division")): r for r in rows.collect().to_dicts()}


def expected(lines: list[Bought], customer: str, target: str, months: int = 24) -> dict:
    """Compute one customer's encoders from all the others' lines, the slow way."""
    others = sorted({x.customer for x in lines} - {customer})
    start = shift_months(C, -months)
    seen = [x for x in lines if x.visible <= C and start < x.day <= C]

    def spent(who: str, division: str) -> int:
        return max(0, sum(x.cents for x in seen if (x.customer, x.target) == (who, division)))

    def sums(group: list[str]) -> tuple[int, int, int]:
        buyers = {x.customer for x in seen if x.target == target and x.quantity > 0}
        total = sum(spent(w, d) for w in group for d in (*TARGETS, "scanning"))
        return len(buyers & set(group)), sum(spent(w, target) for w in group), total

    buyers, cents, total = sums(others)
    rate, share, spend = buyers / len(others), cents / total, total / len(others)

    def blended(group: list[str], rate: float, share: float) -> tuple[float, float]:
        buyers, cents, total = sums(group)
        return (
            (buyers + PRIOR * rate) / (len(group) + PRIOR),
            (cents + PRIOR * spend * share) / (total + PRIOR * spend),
        )

    own, own_sub, own_territory = industry(customer), sub_industry(customer), territory(customer)
    same = [w for w in others if industry(w) == own]
    by_industry = blended(same, rate, share) if own else (None, None)
    by_sub = by_industry
    if own and own_sub:
        by_sub = blended([w for w in same if sub_industry(w) == own_sub], *by_industry)
    near = [w for w in others if territory(w) == own_territory]
    by_territory = blended(near, rate, share) if own_territory else (None, None)
    pairs = {"industry": by_industry, "sub_industry": by_sub, "territory": by_territory}
    return {
        f"encoder__div__{name}_{kind}__24m": value and pytest.approx(value, rel=1e-12)
        for name, pair in pairs.items()
        for kind, value in zip(("rate", "share"), pair, strict=True)
    }


def test_encoders_equal_a_plain_count_without_the_customers_own_rows(settings):
    lines = draw_lines()
    found = encode(settings, lines)
    customers = sorted({x.customer for x in lines})
    assert found.keys() == {(c, t) for c in customers for t in TARGETS}
    for customer, target in found:
        assert found[customer, target] == expected(lines, customer, target), (customer, target)


def test_a_customers_own_purchases_do_not_move_its_encoders(settings):
    lines = draw_lines()
    more = [Bought("c001", "M1", cents=9_000_000), Bought("c001", "S1", cents=5_000_000)]
    before, after = encode(settings, lines), encode(settings, lines + more)
    for target in TARGETS:
        assert after["c001", target] == pytest.approx(before["c001", target], rel=1e-12)
    moved = [key for key in before if key[0] != "c001" and before[key] != after[key]]
    assert len(moved) > 50


def test_rows_after_the_cutoff_or_before_the_window_and_row_order_change_no_bit(settings):
    lines = draw_lines()
    others = [
        Bought("c001", "M1", dt.date(2024, 7, 1)),
        Bought("c001", "M1", dt.date(2024, 2, 1), known=dt.date(2024, 7, 1)),
        Bought("c001", "M1", shift_months(C, -24)),
    ]
    shuffled = random.Random(1).sample(lines + others, len(lines) + len(others))
    assert encode(settings, lines) == encode(settings, shuffled)


def test_without_any_known_industry_nothing_is_claimed(settings):
    nobody = {"industry": lambda _: None, "sub_industry": lambda _: None}
    for found in encode(settings, draw_lines(), **nobody).values():
        kinds = ("industry_rate", "industry_share", "sub_industry_rate", "sub_industry_share")
        assert [found[f"encoder__div__{kind}__24m"] for kind in kinds] == [None] * 4


def test_a_division_that_begins_after_the_cutoff_has_a_rate_of_zero(settings):
    lines = [x for x in draw_lines() if x.target != "simulation" or x.day > C]
    found = encode(settings, lines)
    rates = {
        r["encoder__div__industry_rate__24m"] for (_, d), r in found.items() if d == "simulation"
    }
    assert rates == {None, 0.0}


def test_a_single_customer_has_nobody_to_be_compared_with(settings):
    found = encode(settings, [Bought("c001", "M1")])
    assert set(found["c001", "simulation"].values()) == {None}


def test_an_unknown_attribute_is_told_with_the_nearest_name(settings):
    encoder = settings.features.encoder.model_copy(update={"attributes": ["territorry"]})
    features = settings.features.model_copy(update={"encoder": encoder})
    with pytest.raises(SettingsError, match=r"territorry.*Did you mean 'territory'"):
        encode(settings.model_copy(update={"features": features}), draw_lines())
