"""Tables that hold a list against the one before it: scores, rows, tops (SPEC section 5)."""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.models import MODEL, PROMOTION, SCORES
from gosales_checks.contracts.values import CONDITIONAL_VALUES
from gosales_checks.contracts.whitespace import (
    FRACTION,
    GATES,
    LIST_METRICS,
    SEGMENTS,
    WHITESPACE,
    WHITESPACE_SIGNALS,
)

# Whether data, model and calibrator of a row can be told apart.
APART, TOGETHER = "apart", "together"
# What moves a row, in this order; the first and the last stand outside the average over orders.
CAUSES = (
    "restatement", "data", "model", "calibrator", "value", "order", "rest", "unexplained",
)  # fmt: skip
COMPARED = "compared"
NO_EARLIER, NEW_CUSTOMER, GONE = "no_earlier_list", "new_customer", "gone"
NEW_DIVISION, DIVISION_GONE = "new_division", "division_gone"
GATE_THEN, GATE_NOW = "gate_then", "gate_now"
NOT_RANKED, RESTATED = "not_ranked", "restated"
MOVEMENTS = [
    COMPARED, NO_EARLIER, NEW_CUSTOMER, GONE, NEW_DIVISION, DIVISION_GONE, GATE_THEN, GATE_NOW,
    NOT_RANKED, RESTATED,
]  # fmt: skip
ENTERED, LEFT, STAYED, OUT = "entered", "left", "stayed", "out"
TOPS = ("25", "100", "300", "5 %", "10 %", "20 %")
RANKS = {"unit": "ranks"}


def _then(description: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=f"{description}, as published then.")


def _crossed(data: str, model: str, calibrator: str) -> dy.Float64:
    return dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description=f"Probability from data of {data}, model of {model}, calibrator of {calibrator}.",
        metadata=FRACTION,
    )


def _margin(data: str, model: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=f"Margin from data of {data}, model of {model}.")


def _ranks(what: str) -> dy.Int64:
    return dy.Int64(
        nullable=True,
        description=f"Ranks that it rose (above 0) or fell by {what}; null unless compared.",
        metadata=RANKS,
    )


class ScoreChanges(dy.Schema):
    """What candidates of the list before were then, and what the models say across."""

    customer_id = dy.String(primary_key=True, description="Customer of the population then.")
    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    previous_cutoff = dy.Date(description="Of the list before: `then`; `now` is the cutoff.")
    split = dy.String(
        check=lambda c: c.is_in([APART, TOGETHER]),
        description="apart; together where data and model cannot be told apart: the model of then is "
        "not stored any more, features of then and now are others, or the customer is gone.",
    )
    segment_then = dy.String(check=lambda c: c.is_in(SEGMENTS), description="Segment then.")
    is_cooling_then = dy.Bool(description="Surfaced lately and not acted on, then.")
    ineligible_reason_then = dy.String(
        nullable=True, check=lambda c: c.is_in(GATES), description="The first gate it failed then."
    )
    p_then = _then("Probability")
    margin_then = _then("Margin")
    lift_then = _then("Market basket, largest lift")
    als_then = _then("Similarity to owners")
    value_then = _then("Conditional value")
    value_12m_then = _then("Net value of 12 months, all divisions")
    value_restated = dy.Float64(
        nullable=True, description="Conditional value of then, as stored now.", metadata=MONEY
    )
    p_then_then_then = _crossed("then as stored now", "then", "then")
    p_then_then_now = _crossed("then", "then", "now")
    p_then_now_then = _crossed("then", "now", "then")
    p_then_now_now = _crossed("then", "now", "now")
    p_now_then_then = _crossed("now", "then", "then")
    p_now_then_now = _crossed("now", "then", "now")
    p_now_now_then = _crossed("now", "now", "then")
    margin_then_then = _margin("then as stored now", "then")
    margin_then_now = _margin("then", "now")
    margin_now_then = _margin("now", "then")

    @dy.rule()
    def then_is_before(cls):
        """What is compared with was before."""
        return cls.previous_cutoff.col < cls.cutoff.col


class ListMovement(dy.Schema):
    """Why rows rose, fell, came and went since the list before: the newest that is stored of an earlier cutoff."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    division = dy.String(primary_key=True, description="Division, as a partition key.")
    cutoff = dy.Date(description="As-of date.")
    previous_cutoff = dy.Date(nullable=True, description="Of the list before; null without one.")
    status = dy.String(
        check=lambda c: c.is_in(MOVEMENTS),
        description="compared: ranked on both lists. no_earlier_list. not_ranked: on both, but at the "
        "base rate of its division on one of them. On the new list alone: new_customer, "
        "new_division, gate_then (kept off then). On the old list alone: gone (no customer of the "
        "population any more), division_gone, gate_now (kept off now). restated: on one alone, and its "
        "signals, made anew since, do not say why.",
    )
    gate = dy.String(
        nullable=True, check=lambda c: c.is_in(GATES), description="Which gate, then or now."
    )
    split = dy.String(
        nullable=True,
        check=lambda c: c.is_in([APART, TOGETHER]),
        description="together where `data_ranks` holds what model and calibrator moved too; null "
        "unless compared.",
    )
    rank_then = dy.Int64(nullable=True, min=1, description="Rank on the list before.")
    rank_now = dy.Int64(nullable=True, min=1, description="Rank on this list.")
    selection = dy.String(
        nullable=True,
        check=lambda c: c.is_in([ENTERED, LEFT, STAYED, OUT]),
        description="Of the rows within the capacity: entered, left, stayed; out of both. Null "
        "without an earlier list.",
    )
    ranks_up = _ranks("all of it: rank_then less rank_now")
    restatement_ranks = _ranks("corrections of what was known then, first of all")
    data_ranks = _ranks("what is known of customers now")
    model_ranks = _ranks("the division's model, before calibration")
    calibrator_ranks = _ranks("the calibration and the forecast level of the model")
    value_ranks = _ranks("what a purchase is worth")
    order_ranks = _ranks("weights in force, normalisation and cooldown of the settings")
    rest_ranks = _ranks("who else is on the list")
    unexplained_ranks = _ranks("what the other figures do not explain; 0 as a rule")
    moved = dy.String(description="The same in words; at most 140 characters.")

    @dy.rule()
    def causes_add_up(cls):
        """The causes sum to the ranks that the row rose, to the rank."""
        total = sum((pl.col(f"{cause}_ranks") for cause in CAUSES), pl.lit(0))
        moved = cls.ranks_up.col == cls.rank_then.col - cls.rank_now.col
        is_compared = cls.status.col == COMPARED
        return ~is_compared | ((total == cls.ranks_up.col) & moved).fill_null(value=False)

    @dy.rule()
    def only_the_compared_have_causes(cls):
        """A row on one list alone has not moved."""
        return (cls.status.col == COMPARED) == cls.ranks_up.col.is_not_null()

    @dy.rule()
    def kept_off_by_a_gate(cls):
        """Whoever was or is kept off has the gate that did it."""
        return cls.status.col.is_in([GATE_THEN, GATE_NOW]) == cls.gate.col.is_not_null()

    @dy.rule()
    def movement_is_short(cls):
        """What is said has at most 140 characters."""
        return cls.moved.col.str.len_chars() <= 140


class ListStability(dy.Schema):
    """How much of the head of the list was there before."""

    top = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(list(TOPS)),
        description="The first so many ranked rows of each list, or so much of it.",
    )
    cutoff = dy.Date(description="As-of date.")
    previous_cutoff = dy.Date(description="Of the list before.")
    row_count = dy.Int64(min=0, description="Rows in the top.", metadata={"unit": "rows"})
    previous_row_count = dy.Int64(
        min=0, description="In the one before.", metadata={"unit": "rows"}
    )
    shared_count = dy.Int64(min=0, description="Rows in both.", metadata={"unit": "rows"})
    jaccard_previous = dy.Float64(
        nullable=True, min=0, max=1,
        description="Rows in both over rows in either; null where both are empty.",
        metadata=FRACTION,
    )  # fmt: skip

    @dy.rule()
    def shared_are_in_both(cls):
        """No more rows are in both than in either."""
        return cls.shared_count.col <= pl.min_horizontal(
            cls.row_count.col, cls.previous_row_count.col
        )


# Which list is the one before; none is made for it.
_LISTS, _FIGURES = (
    Read(table, "up_to_cutoff", may_be_missing=True, is_loaded=False, is_own_made=True)
    for table in (WHITESPACE, LIST_METRICS)
)


def _behind_lists(table: Contract) -> Read:
    """Look at what is stored of a table at the two cutoffs: it comes before their lists."""
    return Read(table, "up_to_cutoff", may_be_missing=True, is_loaded=False, is_drawn=False)


SCORE_CHANGES = Contract(
    name="score_changes",
    schema=ScoreChanges,
    grain="one row per division and customer of the list before's population",
    group="models",
    made_by="models.score_changes",
    partitioned_by="cutoff",
    reads=(
        _LISTS,
        *map(
            _behind_lists,
            (FEATURES, MODEL, PROMOTION, SCORES, WHITESPACE_SIGNALS, CONDITIONAL_VALUES),
        ),
    ),
    description="Signals of the list before as they were published, and what models of then and "
    "now say of the data of then and now. Empty where there is none, or it lacks the division.",
)
MOVEMENT_READS = (
    Read(SCORE_CHANGES),
    Read(WHITESPACE_SIGNALS),
    _LISTS,
    _FIGURES,
)
MOVEMENT_TERMS = ("divisions.target_names", "divisions.division_names")
LIST_MOVEMENT = Contract(
    name="list_movement",
    schema=ListMovement,
    grain="one row per customer and division on this list or the one before",
    group="whitespace",
    made_by="whitespace.list_movement",
    partitioned_by="cutoff",
    settings=MOVEMENT_TERMS,
    reads=MOVEMENT_READS,
    description="Why each row of the list rose or fell since the list before, the newest that is "
    "stored, came or went. None is made for it.",
)
LIST_STABILITY = Contract(
    name="list_stability",
    schema=ListStability,
    grain="one row per top",
    group="whitespace",
    made_by="whitespace.list_movement",
    partitioned_by="cutoff",
    reads=MOVEMENT_READS,
    description="How much of the head of the list is the same as in the list before; empty "
    "without an earlier list.",
)
