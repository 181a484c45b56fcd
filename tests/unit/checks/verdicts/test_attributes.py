"""Attributes overwritten in place: what counts, and what is only new."""

import datetime as dt

import polars as pl
import pytest

from gosales_checks.verdicts.attributes import compare_attributes

DAY = dt.date(2024, 6, 30)


def history(*rows: tuple, **more) -> pl.LazyFrame:
    names = ("customer_id", "version_number", "valid_from", "valid_to", "industry", "employees")
    frame = pl.LazyFrame([dict(zip(names, one, strict=True)) for one in rows])
    return frame.with_columns(cutoff=pl.lit(DAY), **more)


A, B = ("a", 1, None, None, "Aero", 10), ("b", 1, None, None, None, 20)


@pytest.mark.parametrize(
    ("rows", "lost", "told"),
    [
        ([(*A[:4], "Auto", 10), B], 1, "1 have other attributes (industry 1) and 0 are gone"),
        ([(*A[:4], "Auto", 11), (*B[:5], 21)], 2, "(employees 2, industry 1)"),
        ([(*A[:4], None, 10), B], 1, "(industry 1)"),
        ([A], 1, "of 2 customers 0 have other attributes and 1 are gone"),
        ([(*A[:2], DAY, *A[3:]), B], 1, "(valid_from 1)"),
    ],
    ids=["one", "two columns", "emptied", "gone", "backdated"],
)
def test_what_was_stored_and_is_no_longer_said_is_counted_by_customer_and_column(rows, lost, told):
    found = compare_attributes(history(A, B), history(*rows))
    assert (found.lost, found.gained) == (lost, 0)
    assert told in found.told


@pytest.mark.parametrize(
    "now",
    [
        history(B, A),
        history(A, B, ("c", 1, None, None, "Auto", 5)),
        history((*A[:3], DAY, *A[4:]), ("a", 2, DAY, None, "Auto", 10), B),
        history(A, B, revenue=pl.lit(3)),
    ],
    ids=["order", "new customer", "dated version", "new column"],
)
def test_what_is_new_or_in_another_order_unsays_nothing(now):
    assert compare_attributes(history(A, B), now) is None
