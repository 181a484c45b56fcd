"""Cells to values: what is read, and what is refused rather than guessed."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_resources.sources.cells import read_dates, scaled, text, to_decimal


def cents(cell: str, decimal: str = ".") -> int | None:
    frame = pl.DataFrame({"m": [cell]}, schema={"m": pl.String})
    return frame.select(scaled(pl.col("m"), pl.String(), decimal, 2)).item()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("$1,234.50", 123450),
        ("(250.00)", -25000),
        ("($1,000)", -100000),
        ("250.5", 25050),
        (" -$12 ", -1200),
        ("12-", -1200),
        (".5", 50),
        ("0", 0),
        ("１２", 1200),
    ],
)
def test_money_in_usual_spellings_is_read(cell, expected):
    assert cents(cell) == expected


@pytest.mark.parametrize(
    "cell", ["", " ", "TBD", "1,23", "1.234,50", "(-5)", "--5", "1e5", "5.", "nan", "inf", "$"]
)
def test_cells_that_are_no_number_are_refused(cell):
    assert cents(cell) is None


def test_comma_decimals_are_read_only_where_the_locale_says_so():
    assert (cents("1.234,50", ","), cents("1,234.50", ",")) == (123450, None)


@given(st.integers(-(10**13), 10**13))
def test_every_amount_written_with_cents_is_read_to_the_cent(amount):
    written = f"{Decimal(amount).scaleb(-2):,.2f}"
    assert cents(written) == amount


@given(st.integers(-(10**15), 10**15))
def test_exact_decimals_keep_every_cent(amount):
    frame = pl.DataFrame({"c": [amount]})
    assert frame.select(to_decimal(pl.col("c"), 2)).item() == Decimal(amount).scaleb(-2)


def test_numbers_that_come_typed_are_taken_as_they_are():
    frame = pl.DataFrame({"m": [2024.994, None, float("nan"), 3.0]})
    read = frame.select(scaled(pl.col("m"), pl.Float64(), ".", 2)).to_series().to_list()
    assert read == [202499, None, None, 300]


def read_day(cell: str | None, formats: list[str]) -> tuple[str | None, str | None]:
    read = read_dates(pl.Series([cell], dtype=pl.String), formats)
    moment, problem = read.with_columns(pl.col("moment").cast(pl.Date).cast(pl.String)).row(0)
    return moment, problem


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-03-05", ("2024-03-05", None)),
        ("13/12/2024", ("2024-12-13", None)),
        ("02/01/2024", (None, "ambiguous")),
        ("03/03/2024", ("2024-03-03", None)),
        ("31/31/2024", (None, "unreadable")),
        ("n/a", (None, "unreadable")),
        ("  ", (None, "blank")),
        (None, (None, "blank")),
    ],
)
def test_a_date_is_read_refused_or_called_ambiguous(cell, expected):
    assert read_day(cell, ["%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y"]) == expected


def test_text_keeps_leading_zeros_and_loses_blanks_and_control_characters():
    frame = pl.DataFrame({"t": ["  00497588 ", "a\x1fb", "ﬁn", " "]})
    assert frame.select(text("t")).to_series().to_list() == ["00497588", "a b", "fin", None]


def test_an_identifier_kept_as_a_float_has_no_fraction():
    floats = pl.DataFrame({"id": [1.0, None, 17850.0, 1.5, 1e16, float("nan")]})
    texts = pl.DataFrame({"id": ["1.0", " 17850.0 ", "0.0", "007.0", "1.10", "v1.0"]})
    assert floats.select(text("id"))["id"].to_list()[:4] == ["1", None, "17850", "1.5"]
    assert texts.select(text("id"))["id"].to_list() == ["1", "17850", "0", "007.0", "1.10", "v1.0"]
