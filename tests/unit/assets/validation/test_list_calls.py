"""What was made of a list, by rep."""

import datetime as dt

import polars as pl

from gosales_assets.validation.list_calls import count_calls
from gosales_checks.contracts.calls import LIST_CALLS
from gosales_checks.contracts.contract import judge
from gosales_resources.dates import label_window
from tests.worlds.lists import DAY, list_of

WINDOW = label_window(DAY, 6)
LIST = list_of(
    {"rep": "Ann"}, {"rep": "Ann"}, {"rep": "Ann"}, {"rep": "Ben"}, {"rep": None},
    {"rep": "Ben", "is_selected": False},
)  # fmt: skip


def counted(*outcomes: tuple[str, str, str], status: str = "ok") -> dict[str, tuple]:
    rows = [(c, "scanning", dt.date.fromisoformat(d), o) for c, d, o in outcomes]
    frame = pl.LazyFrame(
        rows,
        schema={
            "customer_id": pl.String, "division": pl.String, "outcome_date": pl.Date,
            "outcome": pl.String,
        },
        orient="row",
    )  # fmt: skip
    table = count_calls(LIST.lazy(), frame, WINDOW, status)
    assert judge(LIST_CALLS, table).violations == {}
    assert set(table["status"]) == {status}
    return {row[0]: row[2:6] for row in table.rows()}


def test_each_selected_row_counts_once_for_each_of_its_outcomes():
    found = counted(
        ("0001", "2024-07-05", "called"), ("0001", "2024-07-20", "called"),
        ("0001", "2024-08-01", "won"), ("0002", "2024-09-01", "rejected"),
        ("0004", "2024-07-02", "won"), ("0006", "2024-07-02", "won"),
    )  # fmt: skip
    assert found == {"Ann": (3, 2, 1, 1), "Ben": (1, 1, 1, 0), "no rep": (1, 0, 0, 0)}


def test_only_days_of_the_window_count():
    found = counted(("0001", "2024-06-30", "won"), ("0002", "2025-01-01", "won"),
                    ("0003", "2024-12-31", "won"))  # fmt: skip
    assert found["Ann"] == (3, 1, 1, 0)


def test_without_outcomes_nobody_was_called():
    assert counted(status="off")["Ann"] == (3, 0, 0, 0)
