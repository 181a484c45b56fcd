"""The page of a list says what its tables say, of all that is stored and of what is not."""

import csv
import datetime as dt
import io

import polars as pl
import pytest

from gosales_assets.delivery.columns import shown_columns
from gosales_assets.delivery.listed import Listed
from gosales_assets.delivery.report import MOST_BYTES
from gosales_assets.delivery.spreadsheet_csv import write_spreadsheet_csv
from gosales_checks.contracts.calls import LIST_CALLS
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.contracts.experiment import EXPERIMENT_READOUT
from gosales_checks.contracts.explanations import MODEL_CARD
from gosales_checks.contracts.models import PROMOTION
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG_REJECTS
from gosales_checks.contracts.validation import LIST_VALIDATION
from gosales_checks.contracts.whitespace import LIST_METRICS
from gosales_resources.markdown import visible
from gosales_resources.settings.delivery import DeliverySettings
from gosales_resources.settings.source import CoverageSettings
from tests.worlds.list_page import ATTACKS, Markup, page_of, rows_of, tables_of
from tests.worlds.lists import BASE_RATE, DAY, HOSTILE, TERMS, list_of

LIST = list_of(
    {"customer_name": "Öl & Söhne", "industry": "Food", "territory": "N1"},
    {"customer_name": None, "rep": " ", "region": None},
    {"rep": "ben", "p_icp": 0.5, "p_low": None, "p_high": None, "ev": None, "grade": "B"},
    BASE_RATE,
    {"is_selected": False, "customer_name": "Beyond"},
)


def test_figures_and_texts_are_those_of_the_csv():
    rows = Markup(page_of(tables_of(LIST))).listed
    settings = DeliverySettings()
    columns = shown_columns(settings.columns, TERMS.currency, TERMS.months)
    text = write_spreadsheet_csv(Listed.of(LIST, TERMS, "selected").rows, columns, "comma", 0)
    told = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert len(rows) == len(told) == 3
    for row, line in zip(rows, told, strict=True):
        rank, customer, division, grade, chance, value, why, rep = row
        assert (rank, division, grade) == (line["Rank"], line["Division"], line["Grade"])
        assert (why, rep) == (line["Why"], line["Rep"])
        # Who has no name is called by the id.
        named = ["Customer", "Customer id"] if line["Customer"] else ["Customer id"]
        names = [line[one] for one in (*named, "Segment", "Industry", "Region", "Territory")]
        assert customer.replace(" · ", "|").split("|") == [one for one in names if one]
        figures = [
            float(one.split()[0]) for one in chance.split("|")[1:] for one in one.split("to")
        ]
        ends = [
            line[f"Chance{what} (%)"] for what in (" within 6 months", ", low end", ", high end")
        ]
        assert figures == [float(one) for one in ends if one]
        money = [one.removeprefix("If bought ").replace(",", "") for one in value.split("|")[1:]]
        both = [line["Expected value (EUR)"], line["Value if bought (EUR)"]]
        assert [one for one in money if one] == [one for one in both if one]


@pytest.mark.parametrize("text", [*ATTACKS, *HOSTILE])
def test_names_from_data_are_text_as_they_are(text):
    table = list_of({"customer_name": text, "rep": text, "nba_reason": text, "division_name": text})
    page = Markup(page_of(tables_of(table)))
    (row,) = page.listed
    assert row[1].split("|")[0] == (visible(text) if text.strip() else "0001")
    assert row[2] == row[6] == visible(text)
    # Elements are those of a page of a harmless list.
    harmless = list_of({"customer_name": "a", "rep": "b", "nba_reason": "c", "division_name": "d"})
    usual = [name for name, _ in Markup(page_of(tables_of(harmless))).elements]
    assert [name for name, _ in page.elements] == usual


def test_what_cannot_be_ranked_stands_apart():
    page = Markup(page_of(tables_of(LIST)))
    assert "Services: 1 customer at the base rate of 12.0 %, not ranked" in page.text
    assert "0004" not in str(page.listed)


@pytest.mark.parametrize(
    ("table", "told", "todo"),
    [
        (list_of(), "Nobody is on the list", "Look below at the models"),
        (list_of(BASE_RATE), "Nothing can be ranked", "Look below at the models"),
        (list_of({"is_selected": False}), "None of the 1 ranked rows is selected", "Give it seats"),
    ],
    ids=["empty", "base rates", "no seat"],
)
def test_an_empty_list_says_why_and_what_to_do(table, told, todo):
    page = Markup(page_of(tables_of(table)))
    assert told in page.text
    assert todo in page.text
    assert not any(name.startswith("Whom") for name in page.tables)


def test_what_is_not_stored_is_said_with_the_command_that_makes_it():
    text = Markup(page_of(tables_of(LIST))).text
    for told in (
        "No earlier list has met its outcome yet",
        "gosales materialize --select list_validation --upstream --cutoffs DATE",
        "No model card is stored for this date",
        f"gosales materialize --cutoffs {DAY}",
        "What came in of the sales log is not stored",
    ):
        assert told in text


def long_list(
    rows: int, reason: str = "bought CAD 3 times in 24 months, 12,345 EUR"
) -> pl.DataFrame:
    one = list_of({"nba_reason": reason, "customer_name": "Quite Usual Engineering GmbH & Co. KG"})
    numbers = pl.int_range(1, rows + 1, eager=True)
    digits = numbers.cast(pl.String).str.zfill(8)
    return pl.concat([one] * rows).with_columns(
        place=numbers, rank=numbers, seat=numbers, customer_id=digits,
        rep=pl.when(numbers > rows - 10).then(pl.lit("Zoe")).otherwise(pl.lit("Ann")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "most"),
    [(long_list(5_000), 5_000), (long_list(5_020), 5_000), (long_list(5_000, "x" * 900), 4_999)],
    ids=["all", "more rows", "no room"],
)
def test_a_long_list_takes_5_mb_and_says_which_rows_are_there(table, most):
    words = pl.lit(
        "up 120 ranks: spends more, 300 to 2,100 EUR in 12 months (+95), models made anew (+25)"
    )
    movement = table.select("customer_id", "division", selection=pl.lit("stayed"), moved=words)
    text = page_of(tables_of(table, {LIST_MOVEMENT: movement.lazy()}))
    assert len(text.encode()) <= MOST_BYTES
    page = Markup(text)
    there, is_all = len(page.listed), len(page.listed) == table.height
    assert there <= most
    assert there == most or "x" * 900 in text
    told = f"The first {there:,} of {table.height:,} rows, by rank"
    for sentence in (told, "All are in list.csv", "Zoe (0 of 10)"):
        assert (sentence in page.text) != is_all
    # Whoever has rows that are not here is told so.
    assert ("Zoe (10)" in page.text) == is_all


def test_where_no_file_has_all_rows_the_command_that_shows_them_is_named():
    text = Markup(page_of(tables_of(long_list(5_001)), kinds=["workbook"])).text
    assert f"See all: gosales list --format csv --cutoff {DAY}" in text


def test_the_same_tables_in_any_order_of_rows_give_the_same_page():
    shuffled = LIST.sample(fraction=1.0, shuffle=True, seed=1)
    assert page_of(tables_of(shuffled)) == page_of(tables_of(LIST))


def test_columns_that_the_settings_leave_out_are_left_out_and_others_have_their_titles():
    columns = ["rank", "customer_id", "p_icp", "score", "wallet_basis"]
    page = Markup(page_of(tables_of(LIST.with_columns(region=pl.lit("Hidden"))), columns=columns))
    assert "Hidden" not in page.text
    assert page.listed[0][1] == "0001"
    assert page.listed[0][-1] == "Score: 0.500"


def moved(at: int, selection: str, words: str) -> dict:
    key = {"customer_id": f"{at:04d}", "division": "scanning"}
    return key | {"selection": selection, "moved": words}


def test_what_became_of_a_row_since_the_last_list_is_told_and_filtered_by():
    rows = [moved(1, "entered", "up 3: spends more"), moved(2, "stayed", "no change")]
    page = Markup(page_of(tables_of(LIST, {LIST_MOVEMENT: rows_of(LIST_MOVEMENT, *rows)})))
    assert page.listed[0][6].endswith("Since the last list: up 3: spends more")
    assert "new on the list (1)" in page.text
    assert "on the last list too (1)" in page.text
    keys = [at["data-k"].split(",")[3] for name, at in page.elements if "data-k" in at]
    assert keys == ["0", "1", "x"]


VALIDATED = [
    {"scope": "list", "item": "", "order": order, "kind": kind, "top": "10 %", "row_count": 120,
     "captured": captured, "total": 500.0, "chance": 50.25, "share": share, "low": share - 0.05,
     "high": share + 0.05, "status": "ok"}
    for order, kind, captured, share in (
        ("published", "wins", 168.0, 0.336), ("published", "money", 170.6, 0.341),
        ("ev", "wins", 100.0, 0.2), ("ev", "money", 210.4, 0.421),
    )
]  # fmt: skip
BY_REP = [
    {"scope": "rep", "item": rep, "order": "published", "kind": kind, "top": "selected",
     "row_count": 54, "captured": captured, "total": 25.0, "chance": 2.09, "status": "ok"}
    for rep, kind, captured in (("Ann", "wins", 7.0), ("Ann", "money", 12840.27))
]  # fmt: skip


def test_what_the_last_list_brought_is_told_in_its_figures_with_intervals():
    validated = rows_of(LIST_VALIDATION, *VALIDATED, *BY_REP)
    page = Markup(page_of(tables_of(LIST, earlier={LIST_VALIDATION: validated})))
    assert "The list of 2023-12-31" in page.text
    assert page.tables["The tops of the list"][1] == [
        "first 10 %", "120", "168", "50.2", "33.6 % (28.6 to 38.6)", "171", "50", "34.1 % (29.1 to 39.1)",
    ]  # fmt: skip
    reps = page.tables["By rep: the rows that were to be called"]
    assert reps[1] == ["Ann", "54", "7", "2.1", "12,840"]
    assert "by expected value" in page.text
    assert "What was called is not known" in page.text


def test_calls_and_the_experiment_are_told_where_there_are_any():
    called = {"rep": "Ann", "status": "ok", "called_count": 9, "won_count": 4, "rejected_count": 2}
    readout = {
        "status": "ok", "verdict": "works", "treated_accounts": 80, "control_accounts": 20,
        "effect": 120.4, "effect_low": 10.2, "effect_high": 230.6, "cost_per_account": 40.0,
    }  # fmt: skip
    earlier = {
        LIST_VALIDATION: rows_of(LIST_VALIDATION, *VALIDATED, *BY_REP),
        LIST_CALLS: rows_of(LIST_CALLS, called),
        EXPERIMENT_READOUT: rows_of(EXPERIMENT_READOUT, readout),
    }
    page = Markup(page_of(tables_of(LIST, earlier=earlier)))
    reps = page.tables["By rep: the rows that were to be called"]
    assert reps[1][-3:] == ["9", "4", "2"]
    for told in ("Did calling help?", "works", "120 (10 to 231)", "Cost per account (EUR)"):
        assert told in page.text


def test_each_model_has_its_card_and_why_it_scores():
    cards = [
        {"division": name, "headline": f"**{name} is good.** So so.",
         "card": f"# {name}\n\n**{name} is good.**\n\n## What it says\n\n- 1 < 2\n"}
        for name in ("services", "scanning", "elsewhere")
    ]  # fmt: skip
    kept = {
        "division": "scanning", "decision": "kept", "reason": "it ranks better",
        "model_cutoff": dt.date(2024, 3, 31),
    }  # fmt: skip
    beside = {MODEL_CARD: rows_of(MODEL_CARD, *cards), PROMOTION: rows_of(PROMOTION, kept)}
    page = Markup(page_of(tables_of(LIST, beside)))
    assert "An earlier model goes on scoring (of 2024-03-31): it ranks better." in page.text
    assert page.text.count("What it says") == 2
    assert page.text.index("scanning is good.") < page.text.index("services is good.")
    assert "elsewhere" not in page.text


def test_the_data_are_told_in_the_ledgers_figures_and_reasons_without_rows():
    ledger = {
        "source_file": "log.csv", "rows_in": 3083, "rows_loaded": 3044, "rows_rejected": 15,
        "rows_duplicate": 24, "rows_left_out": 0, "data_through": DAY, "log_through": DAY,
    }  # fmt: skip
    rejects = [
        {
            "source_file": "log.csv",
            "source_row": at,
            "line": "",
            "reason": "no amount",
            "raw": "SECRET",
        }
        for at in (1, 2)
    ]
    metrics = [
        {"measure": "kept_off", "item": "owned", "value": 5401.0},
        {"measure": "gate_off", "item": "open_deal", "value": 1.0},
        {"measure": "coverage_frac", "item": "als", "value": 0.9044},
    ]
    beside = {
        SALES_LEDGER: rows_of(SALES_LEDGER, ledger),
        SALES_LOG_REJECTS: rows_of(SALES_LOG_REJECTS, *rejects),
        LIST_METRICS: rows_of(LIST_METRICS, *metrics),
    }
    page = Markup(page_of(tables_of(LIST, beside)))
    assert page.tables["The sales log, file by file"][1] == [
        "log.csv", "3,083", "3,044", "15", "24", "0", f"{DAY}",
    ]  # fmt: skip
    assert page.tables["Why rows of the sales log were rejected"][1] == ["no amount", "2"]
    for told in ("5,401 own it already", "open deal", "90.4 %"):
        assert told in page.text
    assert "SECRET" not in page.text


def ledger_through(day: dt.date) -> pl.LazyFrame:
    counts = dict.fromkeys(("rows_in", "rows_loaded", "rows_rejected"), 1)
    counts |= dict.fromkeys(("rows_duplicate", "rows_left_out"), 0)
    return rows_of(SALES_LEDGER, {"source_file": "a", "log_through": day, **counts})


FOUND = {
    CUSTOMER_ENRICHMENT: rows_of(CUSTOMER_ENRICHMENT, {"customer_id": "1", "value_cents": 1}),
    ENRICHMENT_UNMATCHED: rows_of(ENRICHMENT_UNMATCHED, {"customer_id": "2", "value_cents": 9}),
}


@pytest.mark.parametrize(
    ("beside", "told", "todo"),
    [
        (
            {SALES_LEDGER: ledger_through(dt.date(2024, 1, 31))},
            "The log ends 2024-01-31, 151 days before the cutoff",
            f"gosales materialize --cutoffs {DAY}",
        ),
        (
            {DRIFT: rows_of(DRIFT, {"division": "scanning", "measure": "feature_psi", "is_alarm": True})},
            "In 1 of 2 divisions what models go by has moved since they were trained (Scanning)",
            f"gosales metrics --cutoffs {DAY}",
        ),
        (
            {LIST_METRICS: rows_of(
                LIST_METRICS,
                {"measure": "selected_frac", "item": "services", "value": 0.72},
                {"measure": "share_above_max", "item": "services", "value": 1.0},
            )},
            "Services has 72 % of the selected rows",
            "whitespace.capacity.mode: hybrid",
        ),
        (FOUND, "0.100 of their value found in the directory, floor 0.900",
         f"gosales show enrichment_unmatched --cutoff {DAY}"),
    ],
    ids=["late", "drift", "one division", "coverage"],
)  # fmt: skip
def test_what_a_check_warns_of_is_a_banner_with_its_remedy(beside, told, todo):
    floors = CoverageSettings(customers_min=0.5, value_min=0.9)
    page = page_of(tables_of(LIST, beside), coverage=floors)
    text = Markup(page).text
    assert told in text
    assert todo in text


def test_nothing_is_warned_of_where_all_is_well():
    no_alarm = {"division": "scanning", "measure": "feature_psi", "is_alarm": False}
    beside = {SALES_LEDGER: ledger_through(DAY), DRIFT: rows_of(DRIFT, no_alarm)}
    assert "banner warning" not in page_of(tables_of(LIST, beside))


def test_the_page_says_what_it_was_made_from_and_has_no_clock():
    page = Markup(page_of(tables_of(LIST)))
    made = page.tables["What this page was made from"]
    assert made[1:] == [[f"whitespace[{DAY}]", "abc"]]
    assert f"{dt.date.today():%Y-%m-%d}" not in page.text  # noqa: DTZ011
