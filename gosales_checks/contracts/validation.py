"""Tables of the validation phase (SPEC section 6)."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import SCORES
from gosales_checks.contracts.scored_list import ScoredListRows
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS

STATUSES = ["ok", "censored", "no_model", "one_class", "empty"]
LIST, REP, GATE, SCENARIO = "list", "rep", "gate", "scenario"
# Columns of the list by which its customers fall into parts.
PARTS = ("segment", "industry", "region", "territory", "division_name")
# The list as it was published; what it is held against.
PUBLISHED = "published"
CHALLENGER = "challenger"
ORDERS = [PUBLISHED, "p", "ev", "percentile", CHALLENGER, "popularity", "rfm", "last_year"]
WINS, MONEY_WON = "wins", "money"


class ForwardValidation(ScoredListRows):
    """Measures of the scores as they stood at the cutoff, against what happened after it."""

    n = dy.Int64(min=0, description="Customers.", metadata={"unit": "count"})
    positives = dy.Int64(min=0, description="Of them buyers.", metadata={"unit": "count"})
    status = dy.String(
        check=lambda c: c.is_in(STATUSES), description="ok, or why there is no figure."
    )

    @dy.rule()
    def censored_shows_no_outcome(cls):
        """What is not mature shows no figure at all."""
        mature = ~cls.status.col.is_in(["censored", "no_model", "empty"])
        return mature | (cls.value.col.is_null() & (cls.positives.col == 0))


FORWARD_VALIDATION = Contract(
    name="forward_validation",
    schema=ForwardValidation,
    grain="one row per slice, measure and bin",
    group="validation",
    made_by="validation.forward_validation",
    partitioned_by="target_cutoff",
    settings=("validation.bootstrap_draws", "validation.seed"),
    reads=(Read(SCORES), Read(LABELS)),
    description="How good the scores were on the time after their cutoff, for all customers and "
    "for the whitespace, with intervals.",
)


class ListValidation(dy.Schema):
    """What the list as it was published would have brought, against other orders of the same rows."""

    scope = dy.String(
        primary_key=True,
        check=lambda c: c.is_in([LIST, REP, GATE, SCENARIO, *PARTS]),
        description="list: tops of the list, by each order; rep: what was selected for one; gate: "
        "what a gate kept off the list; scenario: another way to deal the seats; segment, industry, "
        "region, territory, division_name: the list's top in that part of the rows.",
    )
    item = dy.String(
        primary_key=True,
        description="The rep, gate, scenario or part; empty for the list.",
    )
    order = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(ORDERS),
        description="published: by place. p: by probability alone. ev: by expected value alone. "
        "percentile: by the probability's percentile within the division. challenger: by "
        "what earlier lists' outcomes make of the signals; no row where nothing was learnt. popularity: by the share "
        "of customers that own the division. rfm: recency, frequency and money times popularity. "
        "last_year: by the value of the last 12 months.",
    )
    kind = dy.String(
        primary_key=True,
        check=lambda c: c.is_in([WINS, MONEY_WON]),
        description="wins: label 1; money: net value in the label window, home currency.",
    )
    top = dy.String(
        primary_key=True,
        description="How much of the list: a number of rows, a percentage, `selected`, or `all`.",
    )
    cutoff = dy.Date(description="As-of date.")
    row_count = dy.Int64(min=0, description="Rows in the top.", metadata={"unit": "rows"})
    captured = dy.Float64(nullable=True, description="Wins, or money, in the top.")
    total = dy.Float64(nullable=True, description="The same in all rows: of the list, book, gate.")
    chance = dy.Float64(
        nullable=True, description="What so many rows at random would have captured."
    )
    share = dy.Float64(nullable=True, description="captured over total; null where that is 0.")
    low = dy.Float64(nullable=True, description="Low end of its 95 % interval, by customer.")
    high = dy.Float64(nullable=True, description="High end.")
    below_published = dy.Float64(
        nullable=True, description="Share that the published order captures less the share of this."
    )
    below_low = dy.Float64(
        nullable=True, description="Low end of its 95 % interval, customers drawn for both alike."
    )
    below_high = dy.Float64(nullable=True, description="High end.")
    status = dy.String(
        check=lambda c: c.is_in(["ok", "censored", "empty"]),
        description="ok; censored: no window has ended; empty: there is no list.",
    )

    @dy.rule()
    def shares_lie_in_their_interval_order(cls):
        """An interval has its ends in order."""
        return cls.low.col.is_null() | (cls.low.col <= cls.high.col)

    @dy.rule()
    def no_figure_before_the_outcome(cls):
        """What is not mature shows no figure."""
        return (cls.status.col == "ok") | cls.captured.col.is_null()


LIST_VALIDATION = Contract(
    name="list_validation",
    schema=ListValidation,
    grain="one row per scope, item, order, kind and top",
    group="validation",
    made_by="validation.list_validation",
    partitioned_by="cutoff",
    settings=("validation.list_draws", "validation.seed"),
    reads=(Read(WHITESPACE), Read(WHITESPACE_SIGNALS), Read(LABELS)),
    description="Whom the list as published would have won, in wins and money, beside what plain "
    "orders of the same rows, each rep's calls and the gated rows would have brought.",
)


class ValidationSummary(dy.Schema):
    """What a cutoff's validation comes to over its divisions."""

    cutoff = dy.Date(primary_key=True, description="As-of date.")
    slice = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(["all", "whitespace"]),
        description="all customers, or those who never bought in the division.",
    )
    measure = dy.String(
        primary_key=True, min_length=1,
        description="A measure of `forward_validation`, or of `drift` (feature_psi: the largest of "
        "a division's features).",
    )  # fmt: skip
    mean = dy.Float64(description="Mean over the divisions that have it, each counting once.")
    worst = dy.Float64(
        nullable=True, description="The worst of them; null for a measure that is not good or bad."
    )
    worst_division = dy.String(nullable=True, description="Whose it is.")
    division_count = dy.Int64(min=1, description="Divisions that have it.")


VALIDATION_SUMMARY = Contract(
    name="validation_summary",
    schema=ValidationSummary,
    grain="one row per slice and measure",
    group="validation",
    made_by="validation.validation_summary",
    partitioned_by="cutoff",
    # Of the divisions that are stored: it asks for none.
    reads=(
        Read(FORWARD_VALIDATION, may_be_missing=True, is_loaded=False),
        Read(DRIFT, may_be_missing=True, is_loaded=False),
    ),
    description="Mean and worst division of what validation and drift measured at the cutoff, of the "
    "divisions that are stored: what a person looks at first. Empty until a window has ended and a model was trained.",
)
