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
from gosales_resources.dates import shift_months
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.partitions.targets import counts_for, with_sets
from gosales_resources.settings.divisions import DivisionSettings
from gosales_resources.settings.labels import LabelSettings

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
        gross_profit=pl.col("amount").cast(pl.Decimal(18, 2)),
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
    assert label(lines(bought, ("a", dt.date(2024, 9, 1), -4.0)))["net_value_window"] == 6.0
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
        assert row["net_value_window"] == float(sum(Decimal(v) for v in inside))
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
    assert made["net_value_window"].to_list() == [12.0, 0.0, 0.0]
    # Ownership is of these SKUs too: b bought in the same division, but none of them.
    assert made["is_renewal_like"].to_list() == [False, False, True]
    assert made["is_expansion"].to_list() == [True, True, False]


def test_a_line_counts_once_for_its_division_and_once_for_each_set_that_has_its_sku():
    known = DivisionSettings(
        names=["A", "B"], predictor_only=["B"], sku_targets={"one": ["x", "y"], "two": ["y"]}
    )
    rows = pl.LazyFrame(
        {"sku": ["x", "y", "z", "y"], "division": ["a", "b", "b", "a"], "n": [1, 2, 4, 8]}
    )
    made = with_sets(rows, known).collect()
    assert made.columns == ["sku", "division", "n"]
    sums = dict(made.group_by("division").agg(pl.col("n").sum()).rows())
    # y of division b counts in both sets.
    assert sums == {"a": 9, "b": 6, "one": 11, "two": 10}
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


@pytest.mark.parametrize(
    ("cutoff", "day", "expected"),
    [
        ("2023-08-31", "2024-02-29", 1),
        ("2023-08-31", "2024-03-01", 0),
        ("2022-08-31", "2023-02-28", 1),
        ("2022-08-31", "2023-03-01", 0),
        ("2024-02-29", "2024-08-31", 1),
        ("2024-02-29", "2024-02-29", 0),
        ("2023-06-30", "2023-12-31", 1),
        ("2023-12-31", "2024-06-30", 1),
        ("2023-12-31", "2024-07-01", 0),
    ],
)
def test_six_months_after_a_month_end_end_on_a_month_end(cutoff, day, expected):
    facts = lines(("a", dt.date.fromisoformat(day), 10.0))
    found = label(facts, cutoff=dt.date.fromisoformat(cutoff))
    assert (found["label"], found["first_purchase_date"] is not None) == (expected, bool(expected))


def test_a_customer_of_returns_only_is_no_buyer_and_owns_nothing():
    facts = lines(("a", dt.date(2024, 1, 1), -5.0), ("a", dt.date(2024, 8, 1), -3.0))
    found = label(facts)
    assert (found["label"], found["net_value_window"]) == (0, -3.0)
    assert found["first_purchase_date"] is None
    assert found["is_expansion"]


def test_a_purchase_that_is_returned_in_the_window_has_a_day_and_no_label():
    facts = lines(("a", dt.date(2024, 8, 1), 3.0), ("a", dt.date(2024, 8, 2), -3.0))
    found = label(facts)
    assert (found["label"], found["first_purchase_date"]) == (0, dt.date(2024, 8, 1))


@pytest.mark.parametrize("settings", [LabelSettings(), WIDER], ids=["six months", "widened"])
def test_a_division_without_a_line_has_a_population_and_no_positive(settings):
    found = label(lines(), settings)
    assert (found["label"], found["net_value_window"], found["is_expansion"]) == (0, 0.0, True)


def test_a_division_that_begins_after_the_cutoff_is_new_to_everybody():
    facts = lines(("a", dt.date(2024, 7, 5), 10.0), ("b", dt.date(2025, 2, 1), 10.0))
    customers = pl.LazyFrame({"customer_id": ["a", "b"], "is_buyer": [True, True]})
    made = build(facts, customers)
    assert made["label"].to_list() == [1, 0]
    assert made["is_expansion"].all()


def test_an_empty_roster_has_no_labels_and_the_columns_of_one():
    nobody = pl.LazyFrame(schema={"customer_id": pl.String, "is_buyer": pl.Boolean})
    someone = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [True]})
    assert build(lines(), nobody).schema == build(lines(), someone).schema
    assert build(lines(), nobody).is_empty()


def test_first_purchases_on_one_day_are_one_day_whatever_the_order_of_lines():
    day = dt.date(2024, 8, 1)
    rows = [("a", day, 3.0, "A"), ("a", day, 3.0, "B"), ("a", day, 3.0, "A")]
    customers = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [True]})
    tables = [build(lines(*order), customers) for order in (rows, rows[::-1])]
    assert tables[0].equals(tables[1])
    assert tables[0]["net_value_window"].to_list() == [9.0]


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
