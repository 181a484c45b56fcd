"""Names of rows by their values, against a loop over rows."""

from hashlib import blake2b

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosales_assets.accounts.side_rows import name_rows
from gosales_resources.hashing import code_texts, row_codes

TEXTS = st.one_of(st.none(), st.sampled_from(["", "0", "1", "a", "\u00fc"]))
ROWS = st.lists(st.tuples(TEXTS, TEXTS), max_size=12)
COLUMNS = {"x": pl.String, "y": pl.String}


def named(rows: list[tuple[str | None, str | None]]) -> list[str]:
    """Name rows as the code does."""
    return name_rows(pl.DataFrame(rows, COLUMNS, orient="row"), ["x", "y"]).to_list()


@settings(deadline=None)
@given(ROWS)
def test_a_row_is_named_by_its_texts_and_the_number_of_its_copy(rows):
    expected = []
    for at, (x, y) in enumerate(rows):
        number = 0
        for column, text in (("x", x), ("y", y), ("copy_number", str(rows[:at].count((x, y))))):
            key = column + "\x1f" + ("\x00" if text is None else text)
            number ^= int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
        expected.append(f"{number:016x}")
    assert named(rows) == expected


@settings(deadline=None)
@given(ROWS)
def test_no_two_rows_have_one_name(rows):
    assert len(set(named(rows))) == len(rows)


@settings(deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_which_names_there_are(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert sorted(named(shuffled)) == sorted(named(rows))


@pytest.mark.parametrize("number", [0, 1, 2**63, 2**64 - 1])
def test_a_number_is_written_in_sixteen_digits(number):
    assert code_texts(pl.Series([number], dtype=pl.UInt64)).to_list() == [f"{number:016x}"]


def test_a_name_does_not_hang_on_the_order_of_columns():
    rows = pl.DataFrame({"x": ["a", "b"], "y": ["b", "a"]})
    assert row_codes(rows).equals(row_codes(rows.select("y", "x")))
    assert row_codes(rows).n_unique() == 2
