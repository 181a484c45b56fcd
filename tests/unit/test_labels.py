"""Labels: the window after the cutoff, netted, by what was known when it ended."""

import datetime as dt
import random
from decimal import Decimal

import polars as pl
import pytest

from gosales_assets.labels.label import build_labels
from gosales_assets.labels.windows import describe_cutoff
from gosales_resources.scope import shift_months
from gosales_resources.settings.phases import LabelSettings

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


def window(censored: bool = False, months: int = 6) -> pl.DataFrame:
    through = C if censored else END
    ledger = pl.DataFrame({"data_through": [through]})
    customers = pl.DataFrame({"customer_id": ["a"], "is_buyer": [True]})
    return describe_cutoff(C, ledger, customers, months, None)


def label(facts: pl.LazyFrame, settings: LabelSettings | None = None, **options) -> dict:
    """Label customer `a`; return its row."""
    customers = pl.LazyFrame({"customer_id": ["a"], "is_buyer": [options.pop("buyer", True)]})
    made = build_labels(
        "pdm", window(**options), facts, customers, settings or LabelSettings(), "gross_profit"
    )
    return made.collect().row(0, named=True)


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
    assert label(lines(), censored=True)["is_censored"]
    assert not label(lines())["is_censored"]
    assert describe_cutoff(C, pl.DataFrame(schema={"data_through": pl.Date}),
                           pl.DataFrame({"is_buyer": [True]}), 6, None)["is_censored"][0]  # fmt: skip


def test_labels_equal_a_plain_recount():
    draw = random.Random(4)
    raw = [
        (f"{draw.randrange(40)}", dt.date(2024, 1, 1) + dt.timedelta(draw.randrange(500)),
         float(draw.randrange(-20, 60)))
        for _ in range(600)
    ]  # fmt: skip
    customers = pl.LazyFrame({"customer_id": [str(n) for n in range(40)], "is_buyer": [True] * 40})
    made = build_labels("pdm", window(), lines(*raw), customers, LabelSettings(), "gross_profit")
    for row in made.collect().iter_rows(named=True):
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
