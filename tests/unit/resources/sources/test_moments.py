"""Dates by format: years as they are written, zones, months by any name, spreadsheets' days."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosales_resources.settings.inputs import SERIAL
from gosales_resources.sources.cells import read_dates
from gosales_resources.sources.moments import read_moments


def moment(cell: str | None, form: str, zone: str | None = None) -> str | None:
    read = read_moments(pl.Series([cell], dtype=pl.String), form, zone).item()
    return read and read.isoformat(sep=" ", timespec="minutes").removesuffix(" 00:00")


def day(cell: str, *formats: str, **options) -> dt.date | str:
    read = read_dates(pl.Series([cell]), formats, **options).row(0)
    return read[1] or read[0].date()


@pytest.mark.parametrize("cell", ["15/01/23", "15/01/2023"])
def test_two_and_four_digit_years_stand_in_one_column(cell):
    assert day(cell, "%d/%m/%y", "%d/%m/%Y") == dt.date(2023, 1, 15)


@pytest.mark.parametrize(
    ("cell", "form", "expected"),
    [
        ("15/01/23", "%d/%m/%Y", None),
        ("15/01/12023", "%d/%m/%Y", None),
        ("0001-01-01", "%Y-%m-%d", "0001-01-01"),
        ("99999999999-01-01", "%Y-%m-%d", None),
    ],
)
def test_a_four_digit_year_has_four_digits(cell, form, expected):
    assert moment(cell, form) == expected


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("2023-01-06 21:15:00 -0500", "%Y-%m-%d %H:%M:%S %z"),
        ("2023-01-06T21:15:00-05:00", "%Y-%m-%dT%H:%M:%S%z"),
        ("Fri Jan 06 21:15:00 -0500 2023", "%a %b %d %H:%M:%S %z %Y"),
        ("2023-01-06 21:15-05", "%Y-%m-%d %H:%M%z"),
    ],
)
def test_a_day_is_that_of_the_rows_own_zone_or_of_the_named_one(cell, form):
    assert moment(cell, form) == "2023-01-06 21:15"
    assert moment(cell, form, "UTC") == "2023-01-07 02:15"
    assert moment(cell, form, "America/Denver") == "2023-01-06 19:15"


def test_a_z_at_the_end_is_an_offset():
    assert moment("2023-01-06T03:15:00Z", "%Y-%m-%dT%H:%M:%SZ") == "2023-01-06 03:15"
    told = moment("2023-01-06T03:15:00Z", "%Y-%m-%dT%H:%M:%SZ", "America/Denver")
    assert told == "2023-01-05 20:15"


def test_a_typed_column_with_a_zone_is_told_in_its_own_or_in_the_named_one():
    at = dt.datetime(2023, 1, 7, 2, 15, tzinfo=dt.UTC)
    column = pl.Series([at], dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(
        "America/New_York"
    )
    days = [read_dates(column, ["%Y"], zone)["moment"].dt.day().item() for zone in (None, "UTC")]
    assert days == [6, 7]


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("5 Sept 2023", "%d %b %Y"),
        ("5 Sept. 2023", "%d %b %Y"),
        ("Sept. 5, 2023", "%b %d, %Y"),
        ("5 September 2023", "%d %b %Y"),
        ("5 Sep 2023", "%d %B %Y"),
        ("05-SEPT-23", "%d-%b-%y"),
        ("5. September 2023", "%d. %B %Y"),
        ("5 septembre 2023", "%d %b %Y"),
        ("5 set 2023", "%d %b %Y"),
        ("5Sept2023", "%d%b%Y"),
    ],
)
def test_months_are_read_by_all_their_names(cell, form):
    assert moment(cell, form) == "2023-09-05"


@pytest.mark.parametrize(
    ("cell", "form", "expected"),
    [
        ("2023-02", "%Y-%m", "2023-02-28"),
        ("Feb 2024", "%b %Y", "2024-02-29"),
        ("2023M01", "%YM%m", "2023-01-31"),
        ("12/2023", "%m/%Y", "2023-12-31"),
        ("2023-02-05", "%Y-%m", None),
    ],
)
def test_a_month_stands_for_its_last_day(cell, form, expected):
    assert moment(cell, form) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("45292", "2024-01-01"),
        ("45292.0", "2024-01-01"),
        ("45292.5", "2024-01-01 12:00"),
        ("61", "1900-03-01"),
        ("0", None),
        ("99999999", None),
        ("2024-01-01", None),
    ],
)
def test_serial_days_of_spreadsheets_are_read_where_the_format_says_so(cell, expected):
    assert moment(cell, SERIAL) == expected


def test_a_typed_column_of_serial_days_is_read():
    read = read_dates(pl.Series([45292.0, None]), [SERIAL])
    assert read.rows() == [(dt.datetime(2024, 1, 1), None), (None, "blank")]


def test_words_for_nothing_are_blank_dates_and_other_words_are_unreadable():
    found = [day(cell, "%Y-%m-%d", null_values=["NULL", "N/A"]) for cell in ("null", "n/a", "TBD")]
    assert found == ["blank", "blank", "unreadable"]


FORMS = [
    "%Y-%m-%d",
    "%d/%m/%y",
    "%d %b %Y",
    "%Y-%m-%d %H:%M:%S%.f",
    "%H:%M %d.%m.%Y %z",
    "%Y-%m",
    SERIAL,
]
CELL = st.one_of(st.text(max_size=14), st.text("0123456789-/.:+ ZTJanSept٣²", max_size=22))


@settings(max_examples=25, deadline=None)
@given(st.lists(CELL, min_size=60, max_size=60), st.sampled_from([None, "America/Denver"]))
def test_any_cell_whatever_is_a_moment_or_a_problem(cells, zone):
    read = read_dates(pl.Series(cells, dtype=pl.String), FORMS, zone)
    assert (read["moment"].is_null() == read["problem"].is_not_null()).all()
