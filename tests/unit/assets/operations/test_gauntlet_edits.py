"""Raw rows after a cutoff are taken out or altered; those before it stay as they are."""

import datetime as dt

import pytest

from gosales_assets.operations.gauntlet.edits import altered, moved_later, parted
from gosales_assets.operations.gauntlet.raw_dates import RawDates

C = dt.date(2024, 3, 31)
HEADER = ["id", "day", "posted", "money"]
LOG = RawDates(
    ("day", "posted"), (), ("%Y-%m-%d", "%m/%d/%Y"), None, frozenset({"null"}), is_log=True
)
DEALS = RawDates(
    ("opened",), ("closed",), ("%Y-%m-%d",), None, frozenset(), keys=("deal_id",), states=("stage",)
)
ROWS = [
    ["a", "2024-03-31", "2024-03-31", "1"],
    ["b", "03/30/2024", "2024-04-01", "2"],
    ["c", "2024-04-01", "", "3"],
    ["d", "no day", "NULL", "4"],
    ["short"],
]


def test_a_row_is_later_by_its_latest_date_and_the_cutoffs_day_is_history():
    earlier, later = parted(HEADER, ROWS, LOG, C)
    assert [row[0] for row in earlier] == ["a", "d", "short"]
    assert [row[0] for row in later] == ["b", "c"]


def many(day: str, count: int = 60) -> list[list[str]]:
    return [[f"{day}{n}", day, day, str(n)] for n in range(count)]


def test_an_altered_future_keeps_every_earlier_row_in_place():
    rows = [*many("2024-03-01"), *many("2024-05-05")]
    made = altered(HEADER, rows, LOG, C, seed=1)
    assert made[:60] == rows[:60]
    assert all(LOG.latest(HEADER, row) > C for row in made[60:])


def test_an_altered_future_removes_doubles_and_mixes_later_rows():
    rows = many("2024-05-05")
    made = altered(HEADER, rows, LOG, C, seed=1)
    assert sum(row in rows for row in made) < len(rows) / 2
    assert {row[0] for row in made} < {row[0] for row in rows}


def test_sales_of_before_the_cutoff_are_booked_once_more_after_it():
    late = altered(HEADER, many("2024-03-01"), LOG, C, seed=1)[60:]
    assert late
    assert {tuple(row[1:3]) for row in late} == {("2024-03-01", "2024-04-01")}


def test_a_table_with_keys_gets_no_key_twice_and_its_open_rows_go_on_otherwise():
    header = ["deal_id", "opened", "closed", "stage"]
    rows = [
        ["1", "2024-01-01", "2024-05-01", "won"],
        *([str(n), "2024-05-01", "", "x"] for n in range(2, 40)),
    ]
    made = altered(header, rows, DEALS, C, seed=1)
    assert made[0][:2] == ["1", "2024-01-01"]
    assert made[0][2] in ("", "2024-05-18")
    assert made[0][3] == "another"
    assert len({row[0] for row in made}) == len(made) < len(rows)


def test_moving_all_dates_shows_at_a_cutoff_what_was_known_two_weeks_before():
    made = moved_later(HEADER, ROWS, LOG, 14)
    assert made[0] == ["a", "2024-04-14", "2024-04-14", "1"]
    assert made[3:] == ROWS[3:]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_makes_the_same_future(seed):
    rows = many("2024-05-05")
    assert altered(HEADER, rows, LOG, C, seed) == altered(HEADER, rows, LOG, C, seed)
