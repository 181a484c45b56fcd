"""What earlier lists taught: the challenger of the list's order (SPEC section 5).

`whitespace` declares the table from it: the list's signals are what it is learnt from, and its
scores stand in the list.
"""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.labels import LABELS

LEARNT, NO_EARLIER_LIST, FEW_WINS = "learnt", "no_earlier_list", "few_wins"
CHALLENGER_STATUSES = [LEARNT, NO_EARLIER_LIST, FEW_WINS]
STATUS_WORDS = (
    "learnt; no_earlier_list: no signals of all its divisions are stored of a cutoff whose label "
    "window had ended; few_wins: too few of their candidates bought, or did not"
)
INTERCEPT = "intercept"
# The signals as `whitespace.SIGNALS` has them.
TERMS = [INTERCEPT, "p_icp", "lift", "als", "ev"]
COUNT = {"unit": "count"}


class ListChallenger(dy.Schema):
    """A logistic regression of realised wins on the four norms of a list's signals."""

    term = dy.String(
        primary_key=True, check=lambda c: c.is_in(TERMS), description="intercept, or the signal."
    )
    cutoff = dy.Date(description="As-of date.")
    status = dy.String(check=lambda c: c.is_in(CHALLENGER_STATUSES), description=STATUS_WORDS + ".")
    coefficient = dy.Float64(
        nullable=True,
        description="Log-odds per unit of the norm, of a signal never below 0; null unless learnt.",
        metadata={"unit": "log-odds"},
    )
    list_count = dy.Int64(min=0, description="Earlier cutoffs learnt from.", metadata=COUNT)
    row_count = dy.Int64(min=0, description="Their ranked candidates, drawn.", metadata=COUNT)
    win_count = dy.Int64(min=0, description="Of them buyers.", metadata=COUNT)
    first_cutoff = dy.Date(nullable=True, description="Oldest of the earlier cutoffs.")
    last_window_end = dy.Date(
        nullable=True, description="Latest end of a label window that was learnt from."
    )

    @dy.rule()
    def a_coefficient_if_learnt(cls):
        """There are coefficients if something was learnt, and only then."""
        return (cls.status.col == LEARNT) == cls.coefficient.col.is_not_null()

    @dy.rule()
    def no_signal_counts_against(cls):
        """More of a signal never lowers the score."""
        return (cls.term.col == INTERCEPT) | cls.coefficient.col.fill_null(0.0).ge(0.0)

    @dy.rule()
    def no_outcome_of_the_future(cls):
        """Every window that was learnt from had ended by the cutoff."""
        return cls.last_window_end.col.is_null() | (cls.last_window_end.col <= cls.cutoff.col)


def challenger_contract(signals: Contract) -> Contract:
    """Declare `list_challenger` over the signals of a list."""
    return Contract(
        name="list_challenger",
        schema=ListChallenger,
        grain="one row per term",
        group="whitespace",
        made_by="whitespace.list_challenger",
        partitioned_by="cutoff",
        settings=("whitespace.divisions", "whitespace.normalisation"),
        after_own="training",
        reads=(
            Read(signals, may_be_missing=True, is_loaded=False),
            # Looked at where they are: no earlier list is made for it. They come first by way of this
            # table's own earlier partitions: a cutoff has no arrow to divisions of other cutoffs.
            Read(signals, "training", may_be_missing=True, is_loaded=False, is_drawn=False,
                 is_gated=False),
            # By way of the models and scores behind the signals they come first.
            Read(LABELS, "training", may_be_missing=True, is_loaded=False, is_drawn=False),
        ),
        description="What realised outcomes of earlier lists say of the four signals: coefficients "
        "of `score_challenger`, which stands beside the list's own order and never is it.",
    )  # fmt: skip
