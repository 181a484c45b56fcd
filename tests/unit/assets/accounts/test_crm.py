"""The CRM's tables as of a cutoff: nothing known only afterwards, ended and open told apart."""

from typing import get_args

import polars as pl
import pytest
from pydantic import ValidationError

from gosales_assets.accounts.calendar_days import build_dim_date
from gosales_assets.accounts.crm import CRM_TABLES, build_crm_table
from gosales_assets.accounts.intake import build_source_rejects, read_source, read_sources
from gosales_checks.contracts.accounts import DIM_DATE, FACT_ASSETS
from gosales_checks.contracts.contract import conform, judge
from gosales_resources.errors import SourceError
from gosales_resources.settings.accounts import OutcomeSource
from gosales_resources.settings.source import SourceSettings
from gosales_resources.settings.tree import Settings
from tests.worlds.accounts import COLUMNS, day, side_world

CUTOFF = "2024-06-30"
TABLES = {table.contract.name: table for table in CRM_TABLES}


def built(settings: Settings, name: str, cutoff: str = CUTOFF) -> pl.DataFrame:
    table = TABLES[name]
    frame = build_crm_table(table, read_source(settings, name), day(cutoff))
    made = conform(table.contract, frame.lazy()).collect()
    assert judge(table.contract, made).violations == {}
    return made


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_without_a_source_or_without_rows_a_table_is_empty(tmp_path, name, line_end):
    assert built(side_world(tmp_path / "none", {}), name).is_empty()
    settings = side_world(tmp_path / "empty", {name: []}, line_end=line_end)
    assert built(settings, name).is_empty()


CONTRACTS = {name: table.contract for name, table in TABLES.items()} | {"assets": FACT_ASSETS}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_column_of_the_settings_is_a_column_of_the_contract(name):
    sources = get_args(SourceSettings.model_fields[name].annotation)
    source = next(kind for kind in sources if kind is not type(None))
    columns = source.model_fields["columns"].annotation.model_fields
    declared = CONTRACTS[name].schema.columns()
    assert set(columns) <= set(declared)
    must = {n for n, c in declared.items() if not c.nullable and n in columns}
    assert must >= {n for n, f in columns.items() if f.default is not None} - {"purchase_date"}


DEALS = [
    "d1,001,Simulation,2024-01-05,,won",
    "d2,001,,2024-01-05,2024-06-30,won",
    "d3,002,simulation,2024-01-05,2024-07-01,lost",
    "d4,002,Scanning,2024-07-01,,new",
    "d5,002,Scanning,2024-06-30,,new",
]


def test_a_deal_closed_on_the_cutoff_is_closed_and_a_later_closing_is_not_known(tmp_path):
    found = built(side_world(tmp_path, {"crm_deals": DEALS}), "crm_deals")
    assert found.select("deal_id", "division", "closed_date", "stage", "is_open").rows() == [
        ("d1", "simulation", None, None, True),
        ("d2", None, day("2024-06-30"), "won", False),
        ("d3", "simulation", None, None, True),
        ("d5", "scanning", None, None, True),
    ]


def test_a_dated_stage_is_known_from_its_day(tmp_path):
    columns = {"crm_deals": [*COLUMNS["crm_deals"], "stage_date"]}
    rows = ["d1,001,,2024-01-05,,demo,2024-06-30", "d2,001,,2024-01-05,,demo,2024-07-01"]
    found = built(side_world(tmp_path, {"crm_deals": rows}, columns), "crm_deals")
    assert found["stage"].to_list() == ["demo", None]
    assert found["stage_date"].to_list() == [day("2024-06-30"), None]


def test_do_not_contact_holds_from_its_first_day_through_its_last(tmp_path):
    rows = [
        "always,,,asked",
        "ended,2023-01-01,2024-06-29,",
        "last_day,2023-01-01,2024-06-30,",
        "ends_later,2023-01-01,2024-07-01,",
        "today,2024-06-30,,",
        "tomorrow,2024-07-01,,",
    ]
    found = built(side_world(tmp_path, {"do_not_contact": rows}), "do_not_contact")
    assert dict(found.select("customer_id", "is_active").rows()) == {
        "always": True, "ended": False, "last_day": True, "ends_later": True, "today": True,
    }  # fmt: skip
    assert found.filter(customer_id="ends_later")["until_date"].to_list() == [None]


def test_a_book_that_changes_hands_has_one_owner_a_day(tmp_path):
    rows = ["001,Ann,West,2023-01-01,2024-06-30", "001,Bob,West,2024-07-01,"]
    settings = side_world(tmp_path, {"rep_ownership": rows})
    for cutoff, rep in ((CUTOFF, "Ann"), ("2024-07-31", "Bob")):
        active = built(settings, "rep_ownership", cutoff).filter("is_active")
        assert active["rep"].to_list() == [rep]


def test_an_action_after_the_cutoff_was_not_taken_by_it(tmp_path):
    rows = [
        "001,Simulation,2024-06-01,2024-06-30",
        "002,Simulation,2024-06-01,2024-07-01",
        "003,Simulation,2024-07-01,",
        "004,Simulation,2024-06-01,",
    ]
    found = built(side_world(tmp_path, {"surfacing_log": rows}), "surfacing_log")
    assert found.select("customer_id", "action_date", "is_action_taken").rows() == [
        ("001", day("2024-06-30"), True),
        ("002", None, False),
        ("004", None, False),
    ]


def test_a_yes_no_column_says_whether_it_was_acted_on(tmp_path):
    columns = {"surfacing_log": ["customer_id", "division", "surfaced_date", "is_action_taken"]}
    rows = ["001,Simulation,2024-06-01,Yes", "002,Simulation,2024-06-01,0"]
    found = built(side_world(tmp_path, {"surfacing_log": rows}, columns), "surfacing_log")
    assert found["is_action_taken"].to_list() == [True, False]


def test_contacts_of_one_day_may_repeat_and_later_ones_are_not_known(tmp_path):
    rows = ["0042,2024-06-30,,call", "0042,2024-06-30,,call", "0042,2024-07-01,,call"]
    found = built(side_world(tmp_path, {"crm_contacts": rows}), "crm_contacts")
    assert found["customer_id"].to_list() == ["0042", "0042"]


# What an export at the cutoff says, and what a later one says of the same rows and of new ones.
EXPORTS = {
    "crm_deals": (
        ["d1,001,Simulation,2024-01-05,,demo"],
        ["d1,001,Simulation,2024-01-05,2024-09-01,won", "d2,001,,2024-07-05,,new"],
    ),
    "do_not_contact": (
        ["001,2024-01-05,,asked", "002,,,asked"],
        ["001,2024-01-05,2024-07-01,asked", "002,,,asked", "003,2024-07-05,,"],
    ),
    "rep_ownership": (
        ["001,Ann,West,2024-01-05,"],
        ["001,Ann,West,2024-01-05,2024-07-04", "001,Bob,West,2024-07-05,"],
    ),
    "surfacing_log": (
        ["001,Simulation,2024-01-05,"],
        ["001,Simulation,2024-01-05,2024-07-01", "001,Scanning,2024-07-05,"],
    ),
    "list_outcomes": (
        ["001,Simulation,2024-06-30,called"],
        ["001,Simulation,2024-06-30,called", "001,Simulation,2024-07-01,won"],
    ),
    "crm_contacts": (["001,2024-06-30,,call"], ["001,2024-06-30,,call", "001,2024-07-01,,call"]),
}


def test_the_same_surfaced_twice_on_one_day_is_two_entries_in_any_order_of_rows(tmp_path):
    rows = ["001,Simulation,2024-01-05,", "001,Simulation,2024-01-05,2024-02-01",
            "001,Simulation,2024-01-05,"]  # fmt: skip
    one, other = (
        built(side_world(tmp_path / name, {"surfacing_log": given}), "surfacing_log")
        for name, given in (("a", rows), ("b", rows[::-1]))
    )
    assert one.equals(other)
    assert one["entry_id"].is_unique().all()
    assert one["is_action_taken"].sum() == 1


def outcomes(folder, rows: list[str], mode: str = "fail_soft", **words: list[str]) -> Settings:
    settings = side_world(folder, {"list_outcomes": rows}, mode=mode)
    source = settings.source.list_outcomes.model_copy(update=words)
    changed = settings.source.model_copy(update={"list_outcomes": source})
    return settings.model_copy(update={"source": changed})


def test_outcomes_are_called_won_and_rejected_in_the_words_of_the_settings(tmp_path):
    rows = ["001,Simulation,2024-01-05, Gewonnen ", "002,Simulation,2024-01-05,KEIN BEDARF",
            "003,Simulation,2024-01-05,angerufen"]  # fmt: skip
    words = {"won": ["gewonnen"], "rejected": ["Kein Bedarf"], "called": ["angerufen"]}
    found = built(outcomes(tmp_path, rows, **words), "list_outcomes")
    assert dict(found.select("customer_id", "outcome").rows()) == {
        "001": "won", "002": "rejected", "003": "called",
    }  # fmt: skip


def test_an_outcome_in_other_words_is_a_reject_that_names_the_legal_ones(tmp_path):
    rows = ["001,Simulation,2024-01-05,maybe", "002,Simulation,2024-01-05,won"]
    settings = outcomes(tmp_path, rows)
    assert built(settings, "list_outcomes")["customer_id"].to_list() == ["002"]
    (reason,) = build_source_rejects(read_sources(settings), day(CUTOFF))["reason"]
    assert reason == "outcome 'maybe' is none of called, rejected, won"


def test_a_word_has_one_meaning():
    with pytest.raises(ValidationError, match="named twice: won"):
        OutcomeSource(path="x.csv", won=["won"], rejected=["Won "])


@pytest.mark.parametrize("name", ["surfacing_log", "list_outcomes"])
def test_before_the_first_file_of_a_pattern_the_table_is_empty_and_says_so(tmp_path, name, caplog):
    settings = side_world(tmp_path, {name: []})
    (tmp_path / f"{name}_side.csv").unlink()
    source = getattr(settings.source, name)
    none_yet, missing = (
        settings.model_copy(
            update={
                "source": settings.source.model_copy(
                    update={name: source.model_copy(update={"path": path})}
                )
            }
        )
        for path in ("exports/*/log.csv", f"{name}_side.csv")
    )
    assert built(none_yet, name).is_empty()
    assert "no file matches exports/*/log.csv yet" in caplog.text
    with pytest.raises(SourceError, match="does not exist"):
        built(missing, name)


def test_a_pattern_of_another_source_that_matches_nothing_is_an_error(tmp_path):
    settings = side_world(tmp_path, {"do_not_contact": []})
    source = settings.source.do_not_contact.model_copy(update={"path": "exports/*/dnc.csv"})
    update = {"source": settings.source.model_copy(update={"do_not_contact": source})}
    with pytest.raises(SourceError, match="No file matches"):
        built(settings.model_copy(update=update), "do_not_contact")


@pytest.mark.parametrize("name", EXPORTS)
def test_what_comes_after_the_cutoff_changes_nothing(tmp_path, name):
    now, later = EXPORTS[name]
    then = built(side_world(tmp_path / "now", {name: now}), name)
    assert then.equals(built(side_world(tmp_path / "later", {name: later}), name))
    assert then.height == len(now)


def test_of_exact_copies_one_stays_and_rows_that_contradict_all_go(tmp_path):
    rows = ["d1,001,,2024-01-05,,", "d1,001,,2024-01-05,,", "d2,001,,2024-01-05,,",
            "d2,002,,2024-01-05,,", "d3,001,,2024-01-05,,"]  # fmt: skip
    with pytest.raises(SourceError, match="deal_id 'd2' is there 2 times"):
        built(side_world(tmp_path / "strict", {"crm_deals": rows}), "crm_deals")
    settings = side_world(tmp_path / "soft", {"crm_deals": rows}, mode="fail_soft")
    assert built(settings, "crm_deals")["deal_id"].to_list() == ["d1", "d3"]
    rejects = build_source_rejects(read_sources(settings), day(CUTOFF))
    assert rejects.select("source_row", "reason").rows() == [
        (3, "is an exact copy of crm_deals_side.csv, row 2"),
        (4, "deal_id 'd2' is there 2 times"),
        (5, "deal_id 'd2' is there 2 times"),
    ]


def test_a_contradiction_that_comes_later_takes_nothing_from_an_earlier_cutoff(tmp_path):
    rows = ["d1,001,,2024-01-05,,", "d1,002,,2024-07-05,,"]
    settings = side_world(tmp_path, {"crm_deals": rows}, mode="fail_soft")
    assert built(settings, "crm_deals")["customer_id"].to_list() == ["001"]
    assert built(settings, "crm_deals", "2024-09-30").is_empty()
    sides = read_sources(settings)
    assert build_source_rejects(sides, day(CUTOFF)).is_empty()
    assert build_source_rejects(sides, day("2024-09-30")).height == 2


def test_a_deal_that_closes_before_it_opens_is_refused(tmp_path):
    settings = side_world(tmp_path, {"crm_deals": ["d1,001,,2024-01-05,2023-12-31,"]})
    with pytest.raises(SourceError, match="closed_date is before opened_date"):
        built(settings, "crm_deals")


def test_all_sources_are_judged_at_once(tmp_path):
    tables = {"crm_deals": ["d1,,,2024-01-05,,"], "do_not_contact": [",,,"]}
    with pytest.raises(SourceError) as error:
        read_sources(side_world(tmp_path, tables))
    assert "crm_deals_side.csv, row 2: customer_id is blank" in str(error.value)
    assert "do_not_contact_side.csv, row 2: customer_id is blank" in str(error.value)


def test_raw_values_of_a_reject_are_json_of_its_cells(tmp_path):
    settings = side_world(
        tmp_path, {"do_not_contact": ['001,soon,,"said ""no"""']}, mode="fail_soft"
    )
    raw = build_source_rejects(read_sources(settings), day(CUTOFF))["raw"].str.json_decode(
        pl.Struct(dict.fromkeys(COLUMNS["do_not_contact"], pl.String))
    )
    assert raw.to_list()[0]["reason"] == 'said "no"'
    assert raw.to_list()[0]["from_date"] == "soon"


def test_the_calendar_knows_leap_days_quarters_cutoffs_and_the_label_window(tmp_path):
    settings = side_world(tmp_path, {})
    frame = build_dim_date(day("2023-12-31"), day("2023-01-01"), settings.calendar, 6)
    made = conform(DIM_DATE, frame.lazy()).collect()
    assert judge(DIM_DATE, made).passed
    by_day = {r["date"]: r for r in made.to_dicts()}
    assert len(by_day) == 365 + 182
    assert by_day[day("2024-02-29")]["is_month_end"]
    assert not by_day[day("2024-02-29")]["is_cutoff"]
    assert by_day[day("2023-12-31")]["label_window"] is None
    assert by_day[day("2024-06-30")]["label_window"] == "2023-12-31+6m"
    assert [d.isoformat() for d, r in by_day.items() if r["is_cutoff"]] == [
        "2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31", "2024-03-31", "2024-06-30",
    ]  # fmt: skip
    for date, r in by_day.items():
        assert (r["week_year"], r["week"], r["weekday"]) == tuple(date.isocalendar())
        assert (r["year"], r["month"], r["quarter"]) == (
            date.year, date.month, (date.month + 2) // 3
        )  # fmt: skip
