"""A reader of the list who doubts it: what its reasons say, looked up in the raw log line by line."""

import csv
import datetime as dt
import re
from collections import defaultdict

import polars as pl
import pytest

CUTOFFS = ("2024-03-31", "2024-06-30")
DIVISION = {"CAD": "Solid Works", "Sim GP": "Simulation"}
DAYS_A_MONTH = 365.25 / 12


def lines_by(cutoff: dt.date, folder) -> dict[str, list[tuple[dt.date, str, str, float]]]:
    """Read who bought what, as far as it was recorded by then: day, invoice, division, money."""
    found = defaultdict(list)
    with (folder / "sales_log.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            day, posted = (dt.date.fromisoformat(row[name]) for name in ("Rec_Date", "Posted"))
            if max(day, posted) > cutoff:
                continue
            for column, division in DIVISION.items():
                if row[column]:
                    money = float(re.sub(r"[$,]", "", row[column]))
                    found[row["CompanyId"]].append((day, row["Invoice"], division, money))
    return found


def is_true(fact: str, lines, cutoff: dt.date) -> bool | None:
    """Look a fact up; None where it is of a kind that is not looked up."""
    since = (cutoff - max(day for day, *_ in lines)).days
    year = [line for line in lines if line[0] > cutoff.replace(year=cutoff.year - 1)]
    if said := re.fullmatch(r"last order within (\d+) days", fact):
        return since <= int(said[1])
    if said := re.fullmatch(r"last order (\d+) days ago", fact):
        return since == int(said[1])
    if said := re.fullmatch(r"last order (\d+) months ago", fact):
        return abs(since / DAYS_A_MONTH - int(said[1])) <= 0.51
    if said := re.fullmatch(r"(\d+) orders? in 12 months, ([\d,]+) USD", fact):
        orders, money = len({invoice for _, invoice, *_ in year}), sum(line[3] for line in year)
        return orders == int(said[1]) and abs(money - float(said[2].replace(",", ""))) <= 0.51
    if said := re.fullmatch(r"bought (.*)", fact):
        return set(said[1].split(", ")) <= {division for _, _, division, _ in lines}
    return None


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_what_the_reasons_say_is_in_the_raw_log(finished, cutoff):
    day = dt.date.fromisoformat(cutoff)
    store = finished / "gosales_home" / "store" / "whitespace" / f"cutoff={cutoff}"
    lines = lines_by(day, finished)
    listed = pl.read_parquet(store / "part-0.parquet").head(30)
    facts = [
        (customer, fact[0].lower() + fact[1:])
        for customer, reason in listed.select("customer_id", "nba_reason").iter_rows()
        for fact in reason.removeprefix("Base rate of the division, no ranking; ").split("; ")
    ]
    judged = [(customer, fact, is_true(fact, lines[customer], day)) for customer, fact in facts]
    assert [(customer, fact) for customer, fact, found in judged if found is False] == []
    # Most are of the kinds that are looked up.
    assert sum(found is True for *_, found in judged) >= 0.8 * len(facts) > 20
