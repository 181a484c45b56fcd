"""Who falls behind for having been surfaced lately."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.whitespace.cooldown import cooling_customers

C = dt.date(2024, 6, 30)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def cooling(surfaced: list[tuple], outcomes: list[tuple] | None = None) -> dict[str, bool]:
    """Surfaced: day, acted on[, customer, division]; outcomes: day[, customer, division]."""
    log = pl.LazyFrame(
        [(*row[2:], *("c", "cam")[len(row) - 2 :], day(row[0]), row[1]) for row in surfaced],
        schema=["customer_id", "division", "surfaced_date", "is_action_taken"],
        orient="row",
    )
    told = outcomes and pl.LazyFrame(
        [(*row[1:], *("c", "cam")[len(row) - 1 :], day(row[0])) for row in outcomes],
        schema=["customer_id", "division", "outcome_date"],
        orient="row",
    )
    return dict(cooling_customers(log, told, "cam", C, 30).collect().rows())


@pytest.mark.parametrize(
    ("surfaced", "expected"),
    [
        (("2024-06-29", False), {"c": True}),
        (("2024-06-29", True), {"c": False}),
        (("2024-06-01", False), {"c": True}),
        (("2024-05-31", False), {}),
        (("2024-06-30", False), {}),
        (("2024-06-29", False, "c", "pdm"), {}),
    ],
    ids=["yesterday", "acted on", "29 days ago", "30 days ago", "by this list", "another division"],
)
def test_it_lasts_for_the_days_of_the_settings_and_until_something_is_done(surfaced, expected):
    assert cooling([surfaced]) == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (("2024-06-10",), False),
        (("2024-06-25",), False),
        (("2024-06-09",), True),
        (("2024-06-25", "other"), True),
        (("2024-06-25", "c", "pdm"), True),
    ],
    ids=["the same day", "after", "before", "of another customer", "about another division"],
)
def test_an_outcome_from_the_day_of_surfacing_on_is_an_action(outcome, expected):
    assert cooling([("2024-06-10", False)], [outcome]) == {"c": expected}


def test_of_several_entries_one_action_is_enough():
    twice = [("2024-06-10", False), ("2024-06-20", False)]
    assert cooling(twice, [("2024-06-12",)]) == {"c": False}
    assert cooling(twice, [("2024-06-05",)]) == {"c": True}
