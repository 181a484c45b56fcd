"""Calendars that begin in any month, and date formats and conditions that could not be meant."""

import datetime as dt

import pytest
from pydantic import TypeAdapter, ValidationError

from gosales_resources.dates import cutoffs_between
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.calendar import CalendarSettings
from gosales_resources.settings.inputs import Condition, DateFormat
from tests.worlds.erp import row, write_world


@pytest.mark.parametrize("month", range(1, 13))
def test_quarters_are_counted_from_the_first_cutoff(tmp_path, month):
    start = cutoffs_between(dt.date(2022, 1, 31), dt.date(2022, 12, 31), 1)[month - 1]
    end = cutoffs_between(start, dt.date(2024, 6, 30), 3)[-1]
    calendar = CalendarSettings(start=start, end=end).model_dump(mode="json")
    made = write_world(tmp_path, [row()], {"calendar": calendar})
    assert PartitionSpace(made).cutoffs() == cutoffs_between(start, end, 3)


@pytest.mark.parametrize("form", ["%Y-%Q", "%Y", "%H:%M", "%Y-%m-%d %", "day"])
def test_a_format_that_could_read_no_date_is_refused(form):
    with pytest.raises(ValidationError, match=r"strptime|neither a day nor a month"):
        TypeAdapter(DateFormat).validate_python(form)


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d", "%d.%m.%y", "%b %Y", "%-d/%-m/%Y", "%Y-%m-%dT%H:%M:%S%.f%z", "%j %Y", "serial"],
)
def test_formats_that_read_days_or_months_are_legal(form):
    assert TypeAdapter(DateFormat).validate_python(form) == form


@pytest.mark.parametrize(
    ("op", "value", "message"),
    [
        ("=", ["a"], "take a list"),
        ("not in", "a", "take a list"),
        ("not in", [], "at least one"),
        ("in", ["a", 1], "of one type"),
        ("<", True, "no order"),
        ("like", "a", "Input should be"),
    ],
)
def test_a_condition_that_compares_nothing_is_refused(op, value, message):
    with pytest.raises(ValidationError, match=message):
        Condition.model_validate({"column": "x", "op": op, "value": value})
