"""The audit's plain reading of cells against the reading of columns, on any cell."""

from decimal import Decimal

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gosales_assets.labels.raw_cells import (
    UnreadableRowError,
    plain_moment,
    plain_number,
    plain_text,
)
from gosales_resources.sources.cells import read_dates, scaled, text

FORMS = ("%Y-%m-%d", "%d/%m/%y", "%d/%m/%Y", "%d %b %Y", "%Y-%m-%d %H:%M:%S %z", "%Y-%m", "serial")
NUMBERS = [
    "1'234.50", "\u2212 3", "12 CR", "$ -", "٣٤", "10²", "12,34,567.00", "1 234", "(2.5)", "12€50",
    "CHF 12", "12 kr", "--5", "- 5", "5.", ".5", "1,23", "R$ 1.050,00", "1.234,5", "12USD", "US$(3)",
]  # fmt: skip
NUMBER = st.text("0123456789.,'-+()$€ CRk\u2212\u2019\u202f٣५²%", max_size=10)
DATES = [
    "15/01/23", "15/01/2023", "5 Sept. 2023", "5 juin 2023", "2023-01-06 21:15:00 -0500", "2023-02",
    "1913-01-01 00:00:00 -034420", "1913-01-01 00:00:00 -0344", "1913-01-01 00:00:00 -03:44:20",
    "45292.0", "45292.25", "2023-1-5", "٢٠٢٣-٠١-٠٣", "2023-02-30", "0001-01-01", "31/02/23",
]  # fmt: skip
DATE = st.from_regex(
    r"[0-3]?[0-9][-/ ](1[0-2]|0[1-9]|Jan|Sept|mai)[-/ ](20)?[0-9]{2}", fullmatch=True
)


def plainly(read, *arguments):
    try:
        return read(*arguments)
    except UnreadableRowError:
        return None


@settings(max_examples=25, deadline=None)
@example(NUMBERS, ".")
@example(NUMBERS, ",")
@given(st.lists(NUMBER, min_size=60, max_size=60), st.sampled_from([".", ","]))
def test_a_number_is_read_alike_in_both_ways(cells, decimal):
    frame = pl.DataFrame({"m": cells}, schema={"m": pl.String})
    columnar = frame.select(scaled(pl.col("m"), pl.String(), decimal, 2)).to_series().to_list()
    one_by_one = [plainly(plain_number, cell, decimal) for cell in cells]
    rounded = [None if n is None else round(n * 100) for n in one_by_one]
    assert [Decimal(c) for c in columnar if c is not None] == [n for n in rounded if n is not None]
    assert [c is None for c in columnar] == [n is None for n in rounded]


@settings(max_examples=25, deadline=None)
@example(DATES, None)
@example(DATES, "UTC")
@given(st.lists(DATE, min_size=60, max_size=60), st.sampled_from([None, "America/Denver"]))
def test_a_date_is_read_alike_in_both_ways(cells, zone):
    columnar = read_dates(pl.Series(cells), FORMS, zone)["moment"].to_list()
    assert columnar == [plainly(plain_moment, cell, FORMS, zone) for cell in cells]


# Signs that this Python's Unicode knows: Polars' may be a newer one.
KNOWN = st.characters(exclude_categories=("Cs", "Cn"))


@given(
    st.lists(
        st.one_of(
            st.text(KNOWN, max_size=6), st.from_regex(r"[0-9]{1,4}\.[0-9]{1,2}", fullmatch=True)
        )
    )
)
def test_an_identifier_is_read_alike_in_both_ways(cells):
    frame = pl.DataFrame({"c": cells}, schema={"c": pl.String})
    columnar = frame.select(text("c")).to_series().fill_null("").to_list()
    assert columnar == [plain_text(cell) for cell in cells]
