"""Features: each recomputed from the lines by a plain reading of its definition."""

import datetime as dt
import itertools
import math
import random
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import pytest

from gosales_assets.features.asof import AsOf
from gosales_assets.features.build import (
    build_customer_features,
    build_division_features,
    build_features,
    declare_features,
)
from gosales_assets.features.families.cross_division import concentration
from gosales_assets.features.families.registry import FAMILIES, check_off
from gosales_assets.features.history import share_history
from gosales_assets.star.history import build_purchase_history
from gosales_checks.contracts.accounts import FACT_ASSETS
from gosales_resources.errors import SettingsError
from gosales_resources.scope import shift_months
from gosales_resources.settings.tree import Settings
from tests.worlds import row, write_world

C = dt.date(2024, 6, 30)
NO_ASSETS = pl.LazyFrame(
    schema={name: column.dtype for name, column in FACT_ASSETS.schema.columns().items()}
)
DIVISIONS = ["scanning", "simulation", "solid_works"]
TARGETS = ["simulation", "solid_works"]


@dataclass(frozen=True)
class Line:
    """One line of an invoice."""

    customer: str
    day: dt.date
    invoice: str
    division: str = "simulation"
    cents: int = 1000
    quantity: int = 1
    known: dt.date = dt.date(2000, 1, 1)
    sku: str = "Sim"

    @property
    def visible(self) -> dt.date:
        """First quarter end at which it was known."""
        latest = max(self.day, self.known)
        quarter = dt.date(latest.year, (latest.month - 1) // 3 * 3 + 3, 1)
        return quarter.replace(day={3: 31, 6: 30, 9: 30, 12: 31}[quarter.month])


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    return write_world(tmp_path_factory.mktemp("world"), [row()])


def purchase_history(lines: Iterable[Line]) -> pl.LazyFrame:
    facts = pl.DataFrame(
        [
            (
                line.customer,
                line.sku,
                line.division,
                line.invoice,
                line.day,
                line.visible,
                line.quantity,
                line.cents,
            )
            for line in lines
        ],
        schema=[
            "customer_id",
            "sku",
            "division",
            "invoice_id",
            "order_date",
            "visible_cutoff",
            "q",
            "c",
        ],
        orient="row",
    ).lazy()
    money = (pl.col("c").cast(pl.Decimal(18, 0)) * pl.lit("0.01").cast(pl.Decimal(18, 2))).cast(
        pl.Decimal(18, 2)
    )
    facts = facts.with_columns(
        quantity=pl.col("q").cast(pl.Decimal(18, 3)),
        revenue_usd=money,
        gross_profit_usd=money,
        is_return=pl.col("q") < 0,
        is_reversal=pl.lit(value=False),
    )
    return build_purchase_history(facts, "gross_profit")


def roster(ids: Iterable[str]) -> pl.LazyFrame:
    frame = pl.LazyFrame({"customer_id": sorted(ids)}, schema={"customer_id": pl.String})
    return frame.with_columns(
        segment=pl.lit("warm"),
        is_buyer=pl.lit(value=True),
        industry=pl.lit("Aero"),
        attr_employees=pl.lit(7.0),
        **{name: pl.lit(None, pl.String) for name in ("sub_industry", "region", "territory")},
    )


def compute(
    settings: Settings, lines: list[Line], cutoff: dt.date = C, customers: Iterable[str] = ()
) -> dict[str, dict[str, dict]]:
    """Return division -> customer -> its row of the feature table."""
    ids = {line.customer for line in lines} | set(customers)
    shared = share_history(purchase_history(lines), settings.labels.denylist)
    world = AsOf(cutoff, settings, shared, roster(ids), NO_ASSETS)
    wide = build_customer_features(world).frame
    per_division = build_division_features(world).frame
    return {
        target: {
            r["customer_id"]: r
            for r in build_features(target, wide, per_division).collect().to_dicts()
        }
        for target in TARGETS
    }


def expected(lines: list[Line], cutoff: dt.date, scope: str, label_months: int = 6) -> dict:
    """Compute the features of one customer (and division) from its known lines, the slow way."""
    lines = [line for line in lines if line.visible <= cutoff]
    sold = [line for line in lines if line.quantity >= 0]

    def within(start: dt.date, end: dt.date, some: list[Line]) -> list[Line]:
        return [line for line in some if start < line.day <= end]

    # An invoice counts in the month under which it was first known.
    first_known: dict[str, tuple[dt.date, dt.date]] = {}
    for line in sold:
        seen = (line.visible, line.day)
        first_known[line.invoice] = min(first_known.get(line.invoice, seen), seen)

    def invoices(start: dt.date, end: dt.date) -> list[dt.date]:
        return [day for _, day in first_known.values() if start < day <= end]

    found: dict[str, object] = {}
    for months in (3, 6, 12, 24):
        start, name = shift_months(cutoff, -months), f"{months}m"
        inside = within(start, cutoff, lines)
        count = len(invoices(start, cutoff))
        value = sum(line.cents for line in inside) / 100
        found |= {
            f"rfm__{scope}__transactions__{name}": count,
            f"rfm__{scope}__lines__{name}": len(inside),
            f"rfm__{scope}__returns__{name}": sum(line.quantity < 0 for line in inside),
            f"rfm__{scope}__gp_sum__{name}": value,
            f"rfm__{scope}__quantity__{name}": float(sum(line.quantity for line in inside)),
            f"rfm__{scope}__gp_mean__{name}": value / count if count else None,
            f"rfm__{scope}__active_months__{name}": len(
                {(day.year, day.month) for day in invoices(start, cutoff)}
            ),
        }
    year, before = shift_months(cutoff, -12), shift_months(cutoff, -24)
    echo = shift_months(year, label_months)
    days = sorted({line.day for line in sold})
    gaps = [(b - a).days for a, b in itertools.pairwise(days)]
    since = (cutoff - days[-1]).days if days else None
    floored = max(since, 30) if since is not None else None
    found |= {
        f"delta__{scope}__transactions__12m": len(invoices(year, cutoff))
        - len(invoices(before, year)),
        f"delta__{scope}__gp_sum__12m": (
            sum(line.cents for line in within(year, cutoff, lines))
            - sum(line.cents for line in within(before, year, lines))
        )
        / 100,
        f"season__{scope}__gp_sum__echo": sum(line.cents for line in within(year, echo, lines))
        / 100,
        f"season__{scope}__transactions__echo": len(invoices(year, echo)),
        f"recency__{scope}__days__asof": floored,
        f"recency__{scope}__log_days__asof": math.log1p(floored) if days else None,
        f"lifecycle__{scope}__tenure_days__asof": (cutoff - days[0]).days if days else None,
        f"lifecycle__{scope}__purchase_days__asof": len(days),
        f"lifecycle__{scope}__gap_mean_days__asof": statistics.mean(gaps) if gaps else None,
        f"lifecycle__{scope}__gap_last_days__asof": gaps[-1] if gaps else None,
        f"lifecycle__{scope}__gap_std_days__asof": statistics.stdev(gaps)
        if len(gaps) > 1
        else None,
        f"lifecycle__{scope}__due_ratio__asof": since / statistics.mean(gaps) if gaps else None,
    }
    for half_life in (30, 90, 180):
        decay = 0.5 ** (floored / half_life) if days else 0.0
        found[f"recency__{scope}__decay_h{half_life}d__asof"] = decay
    return found


def expected_spread(lines: list[Line], cutoff: dt.date) -> dict:
    """Compute what compares a customer's divisions, shares left out."""
    lines = [line for line in lines if line.visible <= cutoff]
    recent = [line for line in lines if shift_months(cutoff, -12) < line.day <= cutoff]
    counts = Counter(line.division for line in recent)
    shares = [count / len(recent) for count in counts.values()]
    ever = {line.division for line in lines if line.quantity >= 0}
    found: dict[str, object] = {
        "diversity__all__divisions__12m": len(counts),
        "diversity__all__divisions__ever": len(ever),
        "diversity__all__entropy__12m": -sum(s * math.log(s) for s in shares) if shares else None,
        "diversity__all__herfindahl__12m": sum(s * s for s in shares) if shares else None,
    }
    for division in DIVISIONS:
        found[f"cross__all__lines_{division}__12m"] = counts[division]
        found[f"cross__all__bought_{division}__asof"] = int(division in ever)
    return found


def random_lines(seed: int = 5) -> list[Line]:
    draw = random.Random(seed)
    lines = []
    for customer in range(30):
        for number in range(draw.randrange(1, 12)):
            day = dt.date(2021, 9, 1) + dt.timedelta(draw.randrange(1200))
            for _ in range(draw.randrange(1, 4)):
                lines.append(
                    Line(
                        f"c{customer:02d}",
                        # Some invoices go on for days, some lines are posted months late.
                        day + dt.timedelta(draw.choice([0, 0, 0, 1, 40])),
                        f"i{customer}-{number}",
                        draw.choice(DIVISIONS),
                        draw.randrange(-50_000, 200_000),
                        draw.choice([1, 1, 1, 2, -1]),
                        day + dt.timedelta(draw.choice([0, 0, 0, 100])),
                        f"S{draw.randrange(4)}",
                    )
                )
    return lines


def assert_same(found: dict, wanted: dict) -> None:
    for name, value in wanted.items():
        if value is None:
            assert found[name] is None, name
        else:
            assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-9), name


@pytest.mark.parametrize("cutoff", [C, dt.date(2024, 2, 29), dt.date(2022, 12, 31)])
def test_every_customers_features_equal_a_plain_recount(settings, cutoff):
    lines = random_lines()
    found = compute(settings, lines, cutoff)
    for customer in sorted({line.customer for line in lines}):
        own = [line for line in lines if line.customer == customer]
        for target in TARGETS:
            got = found[target][customer]
            here = [line for line in own if line.division == target]
            assert_same(got, expected(own, cutoff, "all"))
            assert_same(got, expected(here, cutoff, "div"))
            assert_same(got, expected_spread(own, cutoff))


def test_the_recount_covers_every_declared_feature(settings):
    names = {f.name for f in declare_features(settings)}
    counted = expected([], C, "all") | expected([], C, "div") | expected_spread([], C)
    # Families with tests of their own.
    others = ("attr__", "basket__", "als__", "encoder__")
    elsewhere = {n for n in names if "_share_" in n or n.startswith(others)}
    assert names - elsewhere == set(counted)


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
    assert concentration(frame) == pytest.approx(strength, rel=0.1)


def test_without_anyone_to_tell_from_the_strength_is_one():
    frame = pl.DataFrame({"customer_id": ["a"], "division": ["x"], "count": [1], "total": [1]})
    assert concentration(frame) == 1.0


def test_all_mode_keeps_who_never_bought_and_expansion_mode_does_not(settings):
    shared = share_history(purchase_history([Line("a", C, "i")]), [])
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
    names = {f.name.split("__")[0] for f in declare_features(chosen)}
    assert names == {family.name for family in FAMILIES} - {"lifecycle", "cross"}
    assert compute(chosen, [Line("a", C, "i")])["simulation"]["a"]["is_whitespace"] is False


def test_an_unknown_family_to_turn_off_is_told_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"recencies.*Did you mean 'recency'"):
        check_off(["recencies"])
