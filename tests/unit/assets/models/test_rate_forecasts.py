"""Rates of past windows: counted as labels are, from what was known, and the same however it lies."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from gosales_assets.models.rates.counts import Calendar, past_origins
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.rates import RATE_FORECAST, RATE_HISTORY
from gosales_resources.dates import cutoffs_between, month_end, shift_months
from gosales_resources.settings.divisions import DivisionSettings
from gosales_resources.settings.labels import LabelSettings
from tests.worlds.rates import FIRST, LABELS, NAMES, START, C, counted, flat, forecast, history

# Quarters of the calendar, on to three years after C.
GRID = cutoffs_between(START, shift_months(C, 36), 3)


def untidy(seed: int = 1, rows: int = 900) -> pl.DataFrame:
    """Draw lines with returns, late postings and amounts around the threshold."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        day = FIRST + dt.timedelta(days=int(draw.integers(0, 1500)))
        posted = day + dt.timedelta(days=int(draw.choice([0, 0, 0, 40, 200])))
        is_return = bool(draw.random() < 0.15)
        cents = int(draw.integers(1, 2000)) * (-1 if is_return else 1)
        name, sku = str(draw.choice(["aa", "bb"])), str(draw.choice(["s", "t", "free"]))
        visible = min(c for c in GRID if c >= posted)
        found.append(
            (f"c{draw.integers(0, 40)}", name, sku, day, visible, 1, int(is_return), cents)
        )
    columns = ["customer_id", "division", "sku", "order_date", "visible_cutoff"]
    return pl.DataFrame(
        found, [*columns, "line_count", "return_count", "value_cents"], orient="row"
    )


def recount(rows: pl.DataFrame, t: dt.date, target: str, skus: set[str] | None) -> dict[str, tuple]:
    """Count one target at one origin line by line."""
    end = shift_months(t, 6)
    everyone, owners, net = set(), set(), dict[str, int]()
    for one in rows.iter_rows(named=True):
        known = one["visible_cutoff"]
        counts = one["division"] == target if skus is None else one["sku"] in skus
        counts = counts and one["sku"] != "free"
        known_at_t = one["order_date"] <= t and (known <= t or known <= START)
        if known_at_t and one["return_count"] == 0:
            everyone.add(one["customer_id"])
            if counts:
                owners.add(one["customer_id"])
        if counts and t < one["order_date"] <= end and known <= max(end, START):
            net[one["customer_id"]] = net.get(one["customer_id"], 0) + one["value_cents"]
    buyers = {c for c, cents in net.items() if cents > 500} & everyone
    slices = {"all": everyone, "owners": owners, "whitespace": everyone - owners}
    return {name: (len(who), len(who & buyers)) for name, who in slices.items()}


def test_counts_are_those_of_a_loop_over_all_lines():
    rows = untidy()
    sets = DivisionSettings(names=["Aa", "Bb"], sku_targets={"Set": ["s", "free"]})
    labels = LabelSettings(window_months=6, gp_min_threshold=5.0, denylist=["free"])
    found = counted(rows.lazy(), labels=labels, divisions=sets)
    assert found["origin"].n_unique() >= 12
    known = rows.filter(pl.col("visible_cutoff") <= C)
    for (origin, target), part in found.group_by("origin", "division"):
        skus = {"s", "free"} if target == "set" else None
        mine = {r["slice"]: (r["population"], r["positives"]) for r in part.to_dicts()}
        assert mine == recount(known, origin, str(target), skus), (origin, target)


def test_origins_are_mature_and_on_the_grid_as_far_back_as_the_log():
    log = counted(history(flat))
    origins = log["origin"].unique().sort().to_list()
    assert origins[-1] == shift_months(C, -6)
    assert origins[0] == dt.date(2020, 3, 31)
    assert all(month_end(t) == t and t.month in (3, 6, 9, 12) for t in origins)


def test_windows_that_the_log_does_not_cover_are_no_origins():
    calendar = Calendar(START, 3, C - dt.timedelta(days=1))
    assert past_origins(C, FIRST, 6, calendar)[-1] == dt.date(2023, 3, 31)
    assert past_origins(C, None, 6, calendar) == []


def test_a_window_that_ends_between_cutoffs_has_ended_before_it_is_read():
    calendar = Calendar(START, 3, C)
    assert past_origins(C, FIRST, 4, calendar)[-1] == dt.date(2023, 6, 30)
    assert calendar.closes(dt.date(2023, 6, 30), 4) == C


@pytest.mark.parametrize("name", ["rows after the cutoff", "order of rows"])
def test_what_is_not_known_at_the_cutoff_changes_nothing(name):
    rows = untidy()
    later = rows.with_columns(
        value_cents=pl.when(pl.col("visible_cutoff") > C)
        .then(-99_000)
        .otherwise("value_cents"),
        customer_id=pl.when(pl.col("visible_cutoff") > C)
        .then(pl.lit("stranger"))
        .otherwise("customer_id"),
    )  # fmt: skip
    assert later.filter(customer_id="stranger").height > 50
    changed = {
        "rows after the cutoff": later,
        "order of rows": rows.sample(fraction=1.0, shuffle=True, seed=3),
    }[name]
    assert_frame_equal(counted(rows.lazy()), counted(changed.lazy()))
    assert_frame_equal(forecast(rows.lazy()), forecast(changed.lazy()))


def test_an_age_is_known_of_what_was_launched_in_the_log_alone():
    def launched(division: str, month: int) -> float:
        return 0.05 if division != "Ff" or month >= 30 else 0.0

    found = counted(history(launched))
    # Ff is first sold in July 2022, known at the cutoff of September.
    ages = dict(found.filter(division="ff", slice="all").select("origin", "age_months").rows())
    assert ages[dt.date(2022, 9, 30)] == 0
    assert ages[dt.date(2023, 6, 30)] == 9
    assert ages[dt.date(2022, 3, 31)] == -6
    assert found.filter(pl.col("division") != "ff")["age_months"].null_count() == found.filter(
        pl.col("division") != "ff"
    ).height  # fmt: skip


def test_both_tables_keep_their_contracts_and_are_empty_without_a_past():
    log = history(flat, customers=60)
    assert judge(RATE_HISTORY, counted(log)).passed
    assert judge(RATE_FORECAST, forecast(log)).passed
    assert forecast(log).height == 3 * len(NAMES)
    early = dt.date(2020, 6, 30)
    for table in (counted(log, early), forecast(log, early)):
        assert table.is_empty()
    assert judge(RATE_HISTORY, counted(log, early)).passed
    assert judge(RATE_FORECAST, forecast(log, early)).passed


def test_nothing_is_counted_of_an_empty_log():
    assert counted(history(flat).head(0), labels=LABELS).is_empty()
