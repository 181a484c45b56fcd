"""Numbers in the spellings of the world: read as what they say, or not at all."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosales_resources.sources.numbers import read_numbers

MINUS, EN_DASH, APOSTROPHE = "\u2212", "\u2013", "\u2019"
NO_BREAK, NARROW, THIN = "\u00a0", "\u202f", "\u2009"


def number(cell: str, decimal: str = ".") -> float | None:
    return read_numbers(pl.Series([cell]), decimal).item()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (f"{MINUS}25.25", -25.25),
        (f"{EN_DASH}3", -3),
        (f"$ {MINUS}1", -1),
        ("－５", -5),
        ("12 -", -12),
        ("12.50 CR", -12.5),
        ("$12.50cr", -12.5),
        (" $- ", 0),
        ("-", 0),
        ("€ –", 0),
        ("1'234.50", 1234.5),
        (f"1{APOSTROPHE}234{APOSTROPHE}567.5", 1234567.5),
        ("12,34,567.00", 1234567),
        ("₹ 1,00,000", 100000),
        (f"1{NO_BREAK}234.5", 1234.5),
        (f"1{NARROW}234{NARROW}567", 1234567),
        (f"-1{THIN}234", -1234),
        ("٣٤.٥", 34.5),
        ("१२", 12),
        ("CHF 1'234.50", 1234.5),
        ("1 234.50 kr", 1234.5),
        ("Rs. 12,34,567", 1234567),
        ("R$ 12", 12),
        ("US$ (12)", -12),
        ("12USD", 12),
    ],
)
def test_spellings_of_the_world_are_read(cell, expected):
    assert number(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("R$ 1.050,00", 1050),
        ("1.234.567,5", 1234567.5),
        (f"{MINUS}1 234,50 €", -1234.5),
        ("1'234,50", 1234.5),
        ("12.34.567,00", None),
        ("1,234.50", None),
    ],
)
def test_a_comma_is_the_mark_where_the_settings_say_so(cell, expected):
    assert number(cell, ",") == expected


@pytest.mark.parametrize(
    "cell",
    [
        "12€50", "1$2", "1 2", "1 23", "1,2,345", "1''234", "1'23", "1,234'567", "10²", "½", "①",
        "12 DR", "(12 CR)", "-12 CR", "(-5)", "- -", "--", "USD", "$", "%", "12%", "Ⅻ", "1/2", "0x12",
    ],
)  # fmt: skip
def test_what_may_be_two_numbers_is_none(cell):
    assert number(cell) is None


CELL = st.one_of(
    st.text(max_size=12),
    st.text("0123456789.,'-+()$€ CR\u2212\u2019\u202f٣५²%", max_size=12),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(CELL, min_size=60, max_size=60), st.sampled_from([".", ","]))
def test_any_cell_whatever_is_a_number_or_none(cells, decimal):
    read = read_numbers(pl.Series(cells, dtype=pl.String), decimal)
    assert read.len() == len(cells)
