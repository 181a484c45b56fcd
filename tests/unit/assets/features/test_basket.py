"""Market basket: rules against a plain count and SciPy's exact test, lifts against a plain loop."""

import datetime as dt
import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import fisher_exact

from gosales_assets.features.affinity import baskets, mine_rules
from gosales_assets.features.asof import AsOf
from gosales_assets.features.families.basket import BASKET, basket_lifts
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.signals import AFFINITY_RULES
from gosales_resources.settings.features import BasketSettings
from tests.worlds.erp import row, write_world
from tests.worlds.signals import Bought, C, draw_lines, known, world

LOOSE = BasketSettings(min_customers=2, max_q=0.05)
TARGETS = ["simulation", "solid_works"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("world"), [row()])


def held_by_hand(lines: list[Bought], cutoff: dt.date, lag: int) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for line in lines:
        in_time = line.visible <= cutoff and line.day <= cutoff - dt.timedelta(lag)
        if in_time and line.quantity > 0:
            found.setdefault(line.customer, set()).add((line.sku, line.target))
    return found


def rules_by_hand(lines: list[Bought], cutoff: dt.date, settings: BasketSettings) -> dict:
    held = held_by_hand(lines, cutoff, settings.affinity_lag_days)
    pairs = {pair for own in held.values() for pair in own}
    found = {}
    for sku in sorted({sku for sku, _ in pairs}):
        for division in sorted({division for _, division in pairs}):
            if (sku, division) in pairs:
                continue
            has = [
                (sku in {s for s, _ in own}, division in {d for _, d in own})
                for own in held.values()
            ]
            both, only_s = has.count((True, True)), has.count((True, False))
            only_d, neither = has.count((False, True)), has.count((False, False))
            if both < settings.min_customers:
                continue
            table = [[both, only_s], [only_d, neither]]
            n, n_s, n_d = len(has), both + only_s, both + only_d
            found[sku, division] = {
                "support": both / n,
                "confidence": both / n_s,
                "lift": (both / n_s) / (n_d / n),
                "leverage": both / n - n_s / n * n_d / n,
                "p_value": fisher_exact(table, alternative="greater").pvalue,
            }
    # Benjamini-Hochberg, as the paper words it, for the tests of each division.
    for division in {division for _, division in found}:
        tests = [rule for (_, d), rule in found.items() if d == division]
        ranked = sorted(tests, key=lambda rule: rule["p_value"])
        smallest = 1.0
        for place in range(len(ranked), 0, -1):
            rule = ranked[place - 1]
            smallest = min(smallest, rule["p_value"] * len(ranked) / place)
            rule["q_value"] = smallest
    return found


@pytest.mark.parametrize("lag", [0, 60])
def test_rules_equal_a_plain_count_and_fishers_exact_test(lag):
    chosen = LOOSE.model_copy(update={"affinity_lag_days": lag})
    lines = draw_lines()
    found = {(r["sku"], r["division"]): r for r in mine_rules(known(lines), C, chosen).to_dicts()}
    wanted = rules_by_hand(lines, C, chosen)
    assert found.keys() == wanted.keys()
    assert len(found) > 5
    for key, rule in wanted.items():
        assert {n: found[key][n] for n in rule} == pytest.approx(rule, rel=1e-9), key
        assert found[key]["is_significant"] == (rule["q_value"] <= chosen.max_q)


def test_the_planted_rules_are_found_and_the_table_keeps_its_contract():
    rules = mine_rules(known(draw_lines(200)), C, LOOSE)
    assert judge(AFFINITY_RULES, rules).passed
    assert ("S1", "simulation") in rules.filter("is_significant").select("sku", "division").rows()


def test_under_the_null_few_rules_pass():
    draw = random.Random(3)
    lines = [
        Bought(f"c{n:03d}", f"{letter}{draw.randrange(8)}")
        for n in range(300)
        for letter in "SMN"
        if draw.random() < 0.5
    ]
    rules = mine_rules(known(lines), C, LOOSE)
    assert rules.height > 40
    assert rules["is_significant"].sum() == 0


def test_a_sku_that_some_lines_book_in_the_division_is_no_rule_for_it():
    lines = [
        Bought(f"c{n}", "S1", division=d) for n in range(9) for d in ("solid_works", "simulation")
    ]
    assert mine_rules(known(lines), C, LOOSE).is_empty()


def test_lifts_equal_a_plain_loop(settings):
    lines = draw_lines(150)
    rules = mine_rules(known(lines), C, LOOSE)
    (block,) = BASKET.blocks(world(settings, lines, affinity_rules=rules.lazy()), "div")
    rows = block.source.select("customer_id", "division", *(f.column for f in block.features))
    found = {(r.pop("customer_id"), r.pop("division")): r for r in rows.collect().to_dicts()}
    lifts = {
        (r["sku"], r["division"]): r["lift"] for r in rules.filter("is_significant").to_dicts()
    }
    wanted = {}
    for customer, own in held_by_hand(lines, C, 0).items():
        for target in TARGETS:
            its = [lifts[s, target] for s in sorted({s for s, _ in own}) if (s, target) in lifts]
            if its:
                wanted[customer, target] = {
                    "basket__div__lift_max__asof": pytest.approx(max(its), abs=1e-6),
                    "basket__div__lift_mean__asof": pytest.approx(sum(its) / len(its), abs=1e-6),
                    "basket__div__skus__asof": len(its),
                }
    assert len(wanted) > 50
    assert found == wanted


def test_a_rule_has_one_lift_for_owners_and_others_alike():
    rules = mine_rules(known(draw_lines(150)), C, LOOSE)
    held = pl.DataFrame({"customer_id": ["owner", "other"], "sku": ["S1", "S1"]})
    lifts = basket_lifts(held, rules, ["simulation"])["lift_max"].to_list()
    assert lifts[0] == lifts[1] > 1


def test_what_comes_or_is_posted_after_the_cutoff_or_within_the_lag_changes_no_rule():
    lines = draw_lines()
    later = [
        Bought("c001", "M1", dt.date(2024, 7, 1)),
        Bought("c002", "M1", dt.date(2024, 2, 1), known=dt.date(2024, 7, 1)),
        Bought("c004", "M1", C - dt.timedelta(59)),
        Bought("new", "S1", C),
    ]
    assert_frame_equal(
        mine_rules(known(lines), C, LOOSE), mine_rules(known(lines + later), C, LOOSE)
    )
    last_day = C - dt.timedelta(60)
    assert baskets(known([Bought("c004", "M1", last_day)]), last_day).collect().height == 1


def test_the_order_of_lines_changes_no_bit():
    lines = draw_lines(150)
    shuffled = random.Random(1).sample(lines, len(lines))
    first, second = (mine_rules(known(some), C, LOOSE) for some in (lines, shuffled))
    assert first.write_json() == second.write_json()


@pytest.mark.parametrize("lines", [[], [Bought("a", "S1")], [Bought("a", "S1", quantity=-1)]])
def test_without_anything_to_compare_there_is_no_rule_and_no_lift(settings, lines):
    rules = mine_rules(known(lines), C, LOOSE)
    assert rules.is_empty()
    assert judge(AFFINITY_RULES, rules).passed
    alone: AsOf = world(settings, [*lines, Bought("z", "S1")], affinity_rules=rules.lazy())
    assert BASKET.blocks(alone, "div")[0].source.collect().is_empty()


def test_a_division_that_begins_after_the_cutoff_has_no_rule():
    lines = [*draw_lines(), *(Bought(f"c{n:03d}", "M9", dt.date(2024, 9, 1)) for n in range(60))]
    early = [line for line in lines if line.target != "simulation" or line.day > C]
    assert "simulation" not in mine_rules(known(early), C, LOOSE)["division"].to_list()


def test_denylisted_skus_make_no_rule():
    rules = mine_rules(known(draw_lines(150), denylist=["S1"]), C, LOOSE)
    assert "S1" not in rules["sku"].to_list()
