"""Labels: the window after the cutoff, netted, by what was known when it ended."""

import datetime as dt
import random
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gosales_assets.labels.label import build_labels
from gosales_assets.labels.windows import describe_cutoff, possible_widths
from gosales_resources.maturity import mature_labels
from gosales_resources.scope import shift_months
from gosales_resources.settings.phases import LabelSettings
from gosales_resources.settings.tree import DivisionSettings
from gosales_resources.targets import by_target, counts_for

C = dt.date(2024, 6, 30)
END = dt.date(2024, 12, 31)


def lines(*rows: tuple) -> pl.LazyFrame:
    """Make facts of (customer, day, amount, sku, recorded day)."""
    filled = [(*r, *("A", None)[len(r) - 3 :]) for r in rows]
    frame = pl.DataFrame(
        filled,
        schema={"customer_id": pl.String, "order_date": pl.Date, "amount": pl.Float64,
                "sku": pl.String, "recorded": pl.Date},
        orient="row",
    )  # fmt: skip
    return frame.lazy().with_columns(
        gross_profit_usd=pl.col("amount").cast(pl.Decimal(18, 2)),
        is_return=pl.col("amount") < 0,
        is_reversal=pl.lit(value=False),
        recorded_at=pl.col("recorded").cast(pl.Datetime("us")),
        visible_cutoff=pl.max_horizontal("order_date", "recorded"),
    )


def build(
    facts: pl.LazyFrame,
    customers: pl.LazyFrame,
    settings: LabelSettings | None = None,
    cutoff: dt.date = C,
    through: dt.date | None = dt.date(2026, 12, 31),
) -> pl.DataFrame:
    """Label customers at a cutoff, with data that reaches a day."""
    settings = settings or LabelSettings()
    ledger = pl.DataFrame({"data_through": [through]}, schema={"data_through": pl.Date})
    described = describe_cutoff(cutoff, ledger, customers.collect(), settings, None)
    widths = possible_widths(described, settings)
    return build_labels("pdm", cutoff, widths, facts, customers, settings, "gross_profit")


def label(
    facts: pl.LazyFrame, settings: LabelSettings | None = None, buyer: bool = True, **options
) -> dict:
    """Label customer `a`; return its row."""
    customers = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [buyer]})
    return build(facts, customers, settings, **options).row(0, named=True)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(C, 0), (dt.date(2024, 7, 1), 1), (END, 1), (dt.date(2025, 1, 1), 0)],
    ids=["the cutoff day is history", "the day after", "the last day", "the day after the end"],
)
def test_the_window_opens_after_the_cutoff_and_closes_on_its_last_day(day, expected):
    assert label(lines(("a", day, 10.0)))["label"] == expected


def test_returns_are_netted_and_a_net_of_zero_is_no_purchase():
    bought = ("a", dt.date(2024, 8, 1), 10.0)
    assert label(lines(bought, ("a", dt.date(2024, 9, 1), -4.0)))["net_gp_window_usd"] == 6.0
    assert label(lines(bought, ("a", dt.date(2024, 9, 1), -10.0)))["label"] == 0


def test_the_threshold_must_be_exceeded():
    facts = lines(("a", dt.date(2024, 8, 1), 100.0))
    assert label(facts, LabelSettings(gp_min_threshold=100))["label"] == 0
    assert label(facts, LabelSettings(gp_min_threshold=99.99))["label"] == 1


def test_a_posting_after_the_window_was_not_known_when_it_ended():
    late = lines(("a", dt.date(2024, 12, 30), 10.0, "A", dt.date(2025, 1, 3)))
    assert label(late)["label"] == 0


def test_denylisted_skus_are_neither_purchase_nor_ownership():
    facts = lines(
        ("a", dt.date(2024, 3, 1), 5.0, "TRIAL"), ("a", dt.date(2024, 8, 1), 5.0, "TRIAL")
    )
    found = label(facts, LabelSettings(denylist=["TRIAL"]))
    assert (found["label"], found["is_expansion"]) == (0, True)


@pytest.mark.parametrize(
    ("facts", "buyer", "cohort"),
    [
        (lines(), False, "is_new_logo"),
        (lines(), True, "is_expansion"),
        (lines(("a", dt.date(2024, 1, 1), 1.0)), True, "is_renewal_like"),
        (lines(("a", dt.date(2024, 6, 1), 1.0, "A", dt.date(2024, 7, 2))), True, "is_expansion"),
    ],
    ids=["never bought", "bought elsewhere", "bought here", "bought here but not yet known"],
)
def test_each_customer_is_in_the_cohort_of_what_was_known_at_the_cutoff(facts, buyer, cohort):
    found = label(facts, LabelSettings(mode="all"), buyer=buyer)
    cohorts = ("is_new_logo", "is_expansion", "is_renewal_like")
    assert [name for name in cohorts if found[name]] == [cohort]


def test_a_window_that_the_data_does_not_cover_is_censored():
    assert label(lines(), through=END - dt.timedelta(1))["is_censored"]
    assert not label(lines(), through=END)["is_censored"]
    assert label(lines(), through=None)["is_censored"]


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
        assert row["net_gp_window_usd"] == float(sum(Decimal(v) for v in inside))
        assert row["label"] == (sum(inside) > 0)
        owned = any(c == row["customer_id"] and d <= C and v >= 0 for c, d, v in raw)
        assert row["is_renewal_like"] == owned


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (dt.date(2024, 6, 30), 6, dt.date(2024, 12, 31)),
        (dt.date(2023, 8, 31), 6, dt.date(2024, 2, 29)),
        (dt.date(2024, 2, 29), -12, dt.date(2023, 2, 28)),
        (dt.date(2024, 1, 15), 1, dt.date(2024, 2, 15)),
    ],
)
def test_a_month_end_stays_a_month_end(day, months, expected):
    assert shift_months(day, months) == expected


SET = DivisionSettings(
    names=["Solid Works", "Simulation"], sku_targets={"Seats and Add-ons": ["Seat", "Sim"]}
)


def test_a_set_of_skus_counts_these_alone_whatever_division_their_lines_are_in():
    later, before = dt.date(2024, 8, 1), dt.date(2024, 2, 1)
    facts = lines(
        ("a", later, 5.0, "Seat"), ("a", later, 7.0, "Sim"), ("a", later, 100.0, "Other"),
        ("b", before, 1.0, "Other"), ("c", before, 1.0, "Sim"),
    ).with_columns(
        division=pl.when(pl.col("sku") == "Seat").then(pl.lit("solid_works"))
        .otherwise(pl.lit("simulation"))
    )  # fmt: skip
    (target,) = set(SET.targets) - set(SET.slugs)
    customers = pl.LazyFrame({"customer_id": ["a", "b", "c"], "is_buyer": [True] * 3})
    made = build(facts.filter(counts_for(target, SET)), customers)
    assert made["net_gp_window_usd"].to_list() == [12.0, 0.0, 0.0]
    # Ownership is of these SKUs too: b bought in the same division, but none of them.
    assert made["is_renewal_like"].to_list() == [False, False, True]
    assert made["is_expansion"].to_list() == [True, True, False]


def test_a_line_counts_once_for_its_division_and_once_for_each_set_that_has_its_sku():
    known = DivisionSettings(
        names=["A", "B"],
        predictor_only=["B"],
        sku_targets={"one": ["x", "y"], "two": ["y"]},
    )
    rows = pl.LazyFrame(
        {"sku": ["x", "y", "z", "y"], "division": ["a", "b", "b", "a"], "n": [1, 2, 4, 8]}
    )
    made = by_target(rows, known).collect()
    assert made.columns == ["sku", "division", "n"]
    sums = dict(made.group_by("division").agg(pl.col("n").sum()).rows())
    # B gets no model; y of division b counts in both sets.
    assert sums == {"a": 9, "one": 11, "two": 10}
    for target in known.targets:
        plain = rows.filter(counts_for(target, known)).select(pl.col("n").sum()).collect().item()
        assert plain == sums[target]


@pytest.mark.parametrize(
    ("divisions", "message"),
    [
        ({"names": ["A"], "sku_targets": {"a": ["x"]}}, "distinct"),
        ({"names": ["A"], "sku_targets": {"B": []}}, "at least 1 item"),
        ({"names": ["A"], "predictor_only": ["A"]}, "at least one"),
        ({"names": ["A"], "sku_targets": {"?": ["x"]}}, "Latin"),
    ],
    ids=["named like a division", "no SKU", "nothing to model", "no key"],
)
def test_a_set_of_skus_that_cannot_be_a_target_is_refused(divisions, message):
    with pytest.raises(ValidationError, match=message):
        DivisionSettings(**divisions)


def test_a_set_of_skus_may_be_the_only_target():
    known = DivisionSettings(names=["A"], predictor_only=["A"], sku_targets={"B": ["x"]})
    assert known.targets == ["b"]


WIDER = LabelSettings(min_positive_target=2, max_window_months=12)


def bought(*after: int) -> pl.LazyFrame:
    """One customer each, its only purchase so many months (and a day) after the cutoff."""
    days = [shift_months(C, months) + dt.timedelta(1) for months in after]
    return lines(*((f"{n}", day, 10.0) for n, day in enumerate(days)))


def months_of(facts: pl.LazyFrame, settings: LabelSettings = WIDER, **options) -> tuple:
    """Label three customers; return window, positives, whether censored."""
    customers = pl.LazyFrame({"customer_id": ["0", "1", "2"], "is_buyer": [True] * 3})
    made = build(facts, customers, settings, **options)
    (row,) = made.select("window_months", "window_end", "is_censored").unique().rows()
    assert row[1] == shift_months(C, row[0])
    return row[0], int(made["label"].sum()), row[2]


@pytest.mark.parametrize(
    ("after", "months", "positives"),
    [((1, 2, 3), 6, 3), ((1, 7, 8), 9, 3), ((1, 10), 12, 2), ((1,), 12, 1), ((1, 12), 12, 1)],
    ids=["enough at once", "enough after one step", "after two", "never", "only past the widest"],
)
def test_a_window_is_widened_by_three_months_until_it_has_enough(after, months, positives):
    assert months_of(bought(*after)) == (months, positives, False)


def test_a_window_is_not_widened_unless_asked_or_beyond_its_bound():
    assert months_of(bought(1, 7), LabelSettings()) == (6, 1, False)
    bound = LabelSettings(min_positive_target=2, max_window_months=8)
    assert months_of(bought(1, 7), bound) == (6, 1, False)


def test_a_window_is_widened_no_further_than_the_data_can_tell_and_is_then_censored():
    through = shift_months(C, 7)
    # Too few in six months, and nine are not over: it is the nine that are waited for.
    assert months_of(bought(1, 6), through=through) == (9, 2, True)
    assert months_of(bought(1, 2), through=through) == (6, 2, False)
    assert months_of(bought(1, 2), through=shift_months(C, 5))[::2] == (6, True)


@given(
    purchases=st.lists(st.integers(0, 540), max_size=9),
    noise=st.lists(st.integers(0, 540), max_size=9),
    months=st.sampled_from([6, 9, 12]),
)
def test_whether_a_window_had_ended_by_a_day_depends_on_nothing_after_it(purchases, noise, months):
    # The day a model is made: what happens later may change which window is taken in the end,
    # never whether it was over by then, nor the labels if it was.
    day = shift_months(C, months)

    def made(offsets: list[int]) -> pl.DataFrame:
        days = [C + dt.timedelta(1 + n) for n in offsets]
        facts = lines(*((f"{n % 5}", d, 10.0) for n, d in enumerate(days)))
        known = pl.LazyFrame({"customer_id": [str(n) for n in range(5)], "is_buyer": [True] * 5})
        return build(facts, known, WIDER)

    length = (day - C).days
    before = [n for n in purchases if n < length]
    tables = [made(before), made([*before, *(n for n in noise if n >= length)])]
    if tables[0]["window_end"][0] <= day:
        assert tables[0].equals(tables[1])
    mature = [mature_labels({C: t.lazy()}, day).used for t in tables]
    assert mature[0] == mature[1]
