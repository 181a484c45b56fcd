"""What was done with a list and what came of it, by those who called (SPEC section 5)."""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.crm import LIST_OUTCOMES
from gosales_checks.contracts.whitespace import WHITESPACE

OFF, OPEN, DONE = "off", "so far", "ok"
ROWS = {"unit": "rows"}


class ListCalls(dy.Schema):
    """Selected rows of a list, and how many of them were called, won, rejected in the window."""

    rep = dy.String(primary_key=True, description="Who calls; `no rep` for nobody.")
    cutoff = dy.Date(description="Of the list.")
    selected_count = dy.Int64(min=0, description="Rows to be called.", metadata=ROWS)
    called_count = dy.Int64(min=0, description="Of them with any outcome.", metadata=ROWS)
    won_count = dy.Int64(min=0, description="Of them won.", metadata=ROWS)
    rejected_count = dy.Int64(min=0, description="Of them rejected.", metadata=ROWS)
    status = dy.String(
        check=lambda c: c.is_in([OFF, OPEN, DONE]),
        description="ok; so far: the window has not ended, or later outcomes are not read yet; off: "
        "source.list_outcomes is not configured.",
    )

    @dy.rule()
    def outcomes_are_of_selected_rows(cls):
        """No more rows have an outcome than are selected, and no more one of them than any."""
        most = pl.max_horizontal(cls.won_count.col, cls.rejected_count.col)
        return (cls.called_count.col <= cls.selected_count.col) & (most <= cls.called_count.col)


LIST_CALLS = Contract(
    name="list_calls",
    schema=ListCalls,
    grain="one row per rep",
    group="validation",
    made_by="validation.list_calls",
    partitioned_by="cutoff",
    settings_here=("labels.window_months", "source.list_outcomes"),
    reads=(Read(WHITESPACE), Read(LIST_OUTCOMES, "label_window", may_be_missing=True)),
    description="What was made of the list: of the rows to be called those called, won and rejected "
    "within the label window, by rep.",
)
