"""What the UI shows of a partition: in place where it fits, rounded, of all files together."""

import datetime as dt

import polars as pl
import pytest

from gosales_assets.star.shown import summarise_ledger
from gosales_assets.validation.assets import lines_of_divisions, summarise, summarise_cutoff
from gosales_assets.whitespace.shown import SHOWN_ROWS, summarise_list
from gosales_checks.contracts.star import SALES_LEDGER
from gosales_checks.contracts.validation import FORWARD_VALIDATION, VALIDATION_SUMMARY
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.markdown import IN_PLACE
from gosales_resources.store.io_managers import _readable

DAY = dt.date(2024, 6, 30)


def listed(rows: int) -> pl.DataFrame:
    made = {
        "rank": range(1, rows + 1),
        "customer_id": [f"{n:08d}" for n in range(rows)],
        "customer_name": [f"Consolidated Engineering Works and Sons {n}" for n in range(rows)],
        "rep": ["Wilhelmina Featherstonehaugh"] * rows,
        "division": ["success_plan"] * rows,
        "division_name": ["Success Plan"] * rows,
        "grade": ["A"] * rows,
        "p_icp": [0.5] * rows,
        "ev": [1234.5] * rows,
        "nba_reason": ["Last order 48 days ago; 4 orders in 12 months, 3,596 USD; bought PDM"]
        * rows,
        "is_selected": [True] * rows,
    }
    nothing = WHITESPACE.schema.create_empty()
    return pl.concat([nothing, pl.DataFrame(made, strict=False)], how="diagonal_relaxed")


def test_the_top_of_the_list_stands_in_place_and_the_reasons_beside_it():
    told = summarise_list(listed(30))
    who, why = (told[name].value for name in ("top_of_the_list", "top_of_the_list_and_why"))
    assert len(who) <= IN_PLACE
    assert (
        "| 1 | Consolidated Engineering Wo… | Wilhelmina Featherstonehaugh | Success Plan |" in who
    )
    assert why.count("\n") == SHOWN_ROWS + 1
    assert why.count("3,596 USD; bought PDM") == SHOWN_ROWS
    assert "00000009" in why


def test_a_list_without_ranks_says_so():
    assert summarise_list(listed(0))["top_of_the_list"].value == "No division can be ranked."


def ledger(*files: tuple[int, int, dt.date | None]) -> pl.DataFrame:
    rows = [
        {"source_file": f"{n}.csv", "rows_in": came, "rows_loaded": came - bad, "rows_rejected": bad,
         "rows_duplicate": 0, "rows_left_out": 0, "data_through": newest}
        for n, (came, bad, newest) in enumerate(files)
    ]  # fmt: skip
    nothing = SALES_LEDGER.schema.create_empty()
    made = pl.DataFrame(rows, schema_overrides={"data_through": pl.Date})
    return pl.concat([nothing, made], how="diagonal_relaxed") if rows else nothing


def test_the_raw_log_shows_its_rows_and_the_age_of_the_newest_at_the_cutoff():
    told = summarise_ledger(ledger((7, 2, dt.date(2024, 5, 1)), (3, 0, dt.date(2024, 6, 20))), DAY)
    assert told == {
        "rows_in": 10, "rows_loaded": 8, "rows_rejected": 2, "rows_duplicate": 0, "rows_left_out": 0,
        "newest_day": "2024-06-20", "newest_day_age_days": 10,
    }  # fmt: skip


@pytest.mark.parametrize("files", [[], [(0, 0, None)]], ids=["no file", "no row"])
def test_an_increment_without_rows_has_no_age(files):
    told = summarise_ledger(ledger(*files), DAY)
    assert told["rows_in"] == 0
    assert "newest_day_age_days" not in told


def test_a_validation_shows_its_figures_with_their_ends_in_place():
    row = {
        "slice": "whitespace", "measure": "auc", "value": 0.74296, "low": 0.68, "high": 0.8,
        "status": "ok",
    }  # fmt: skip
    nothing = FORWARD_VALIDATION.schema.create_empty()
    told = summarise(
        pl.concat([nothing, pl.DataFrame([row])], how="diagonal_relaxed"), "2024-06-30|a"
    )
    assert "| whitespace | auc | 0.743 | 0.680 | 0.800 |" in told["result"].value
    assert len(told["result"].value) <= IN_PLACE


def test_a_summary_plots_the_mean_and_the_worst_division():
    row = {"slice": "all", "measure": "auc", "mean": 0.8, "worst": 0.6, "worst_division": "pdm"}
    nothing = VALIDATION_SUMMARY.schema.create_empty()
    told = summarise_cutoff(pl.concat([nothing, pl.DataFrame([row])], how="diagonal_relaxed"))
    assert (told["auc_all"], told["auc_all_worst"]) == (0.8, 0.6)


def test_a_summary_plots_a_line_for_each_division_and_none_where_nothing_is_known():
    figures = {"cutoff": DAY, "lift_10": 2.5, "cal_mae": None, "feature_psi": 0.2}
    metrics = pl.DataFrame(
        [
            {**figures, "division": name, "slice": part}
            for name in ("pdm", "cad")
            for part in ("all", "whitespace")
        ]
    )
    assert list(lines_of_divisions(metrics).items()) == [
        ("lift_10_whitespace: cad", 2.5),
        ("lift_10_whitespace: pdm", 2.5),
        ("feature_psi_all: cad", 0.2),
        ("feature_psi_all: pdm", 0.2),
    ]


def test_figures_are_shown_with_four_digits():
    assert _readable({"auc": 0.848599216, "money": 1234567.89, "rows": 123456, "on": True}) == {
        "auc": 0.8486, "money": 1234568.0, "rows": 123456, "on": True,
    }  # fmt: skip
