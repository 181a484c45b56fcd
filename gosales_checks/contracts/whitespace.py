"""Tables of the whitespace phase (SPEC section 5)."""

import dataframely as dy

from gosales_checks.contracts.accounts import DIM_CUSTOMER
from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.models import SCORES
from gosales_checks.contracts.values import CONDITIONAL_VALUES, VALUE_STATUSES

SEGMENTS = ["warm", "cold", "prospect"]
# Why a candidate is not ranked, in the order the gates are applied: each row has one reason.
GATES = ["owned", "no_model"]
FRACTION = {"unit": "fraction"}


class WhitespaceSignals(dy.Schema):
    """What is known of every candidate of one division, ranked or not."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    is_eligible = dy.Bool(description="Passes all gates.")
    ineligible_reason = dy.String(
        nullable=True, check=lambda c: c.is_in(GATES), description="The first gate that it fails."
    )
    p_icp = dy.Float64(
        nullable=True, min=0, max=1, description="Calibrated purchase probability.",
        metadata=FRACTION,
    )  # fmt: skip
    p_icp_pct = dy.Float64(
        nullable=True, min=0, max=1,
        description="Its percentile among the eligible of the division, average rank; the margin "
        "orders equal probabilities.", metadata=FRACTION,
    )  # fmt: skip
    conditional_value = dy.Float64(
        nullable=True, description="Expected value of a purchase; null without past buyers.",
        metadata=MONEY,
    )  # fmt: skip
    value_status = dy.String(
        check=lambda c: c.is_in(VALUE_STATUSES),
        description="Where the conditional value comes from: learnt, industry_mean, division_mean, "
        "no_buyer.",
    )
    ev = dy.Float64(nullable=True, description="p_icp times the conditional value.", metadata=MONEY)
    model_status = dy.String(description="fitted, or the prior rate.")

    @dy.rule()
    def the_ineligible_have_a_reason(cls):
        """A row is eligible or says why not."""
        return cls.is_eligible.col == cls.ineligible_reason.col.is_null()

    @dy.rule()
    def the_eligible_are_ranked(cls):
        """An eligible row has a probability and its percentile, no other has a percentile."""
        ranked = cls.p_icp.col.is_not_null() & cls.p_icp_pct.col.is_not_null()
        return (cls.is_eligible.col & ranked) | (~cls.is_eligible.col & cls.p_icp_pct.col.is_null())


class Whitespace(dy.Schema):
    """The ranked list: whom to call about what."""

    rank = dy.Int64(min=1, description="Place in the list, 1 is best.")
    customer_id = dy.String(primary_key=True, description="Customer.")
    division = dy.String(primary_key=True, description="What to call about, as a partition key.")
    division_name = dy.String(description="Its name, as people write it.")
    cutoff = dy.Date(description="As-of date.")
    customer_name = dy.String(nullable=True, description="Name.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    industry = dy.String(nullable=True, description="Industry.")
    region = dy.String(nullable=True, description="Region.")
    territory = dy.String(nullable=True, description="Territory.")
    rep = dy.String(nullable=True, description="Who calls.")
    score = dy.Float64(min=0, max=1, description="Weighted sum of the signals' percentiles.")
    p_icp = dy.Float64(min=0, max=1, description="Purchase probability.", metadata=FRACTION)
    p_icp_pct = dy.Float64(
        min=0, max=1, description="Percentile of p_icp in its division.", metadata=FRACTION
    )
    ev = dy.Float64(nullable=True, description="Expected value.", metadata=MONEY)
    ev_norm = dy.Float64(
        nullable=True, min=0, max=1, description="Percentile of the expected value, all divisions.",
        metadata=FRACTION,
    )  # fmt: skip
    conditional_value = dy.Float64(
        nullable=True, description="Expected value of a purchase.", metadata=MONEY
    )
    grade = dy.String(
        check=lambda c: c.is_in(list("ABCDF")), description="By percentile of the score, A is best."
    )
    nba_reason = dy.String(description="Why, from the row's own figures; at most 140 characters.")

    @dy.rule()
    def each_place_is_taken_once(cls):
        """No two rows share a rank."""
        return cls.rank.col.is_unique()

    @dy.rule()
    def reason_is_short(cls):
        """A reason has at most 140 characters."""
        # `max_length` counts bytes: two or more for a letter that is not Latin.
        return cls.nba_reason.col.str.len_chars() <= 140


WHITESPACE_SIGNALS = Contract(
    name="whitespace_signals",
    schema=WhitespaceSignals,
    grain="one row per customer of the population",
    group="whitespace",
    made_by="whitespace.whitespace_signals",
    partitioned_by="target_cutoff",
    reads=(Read(SCORES), Read(CONDITIONAL_VALUES)),
    description="Signals of every candidate of a division, with the reason where it is not ranked.",
)
WHITESPACE = Contract(
    name="whitespace",
    schema=Whitespace,
    grain="one row per eligible customer and division",
    group="whitespace",
    made_by="whitespace.whitespace",
    partitioned_by="cutoff",
    settings=("whitespace", "divisions.target_names"),
    reads=(Read(WHITESPACE_SIGNALS), Read(DIM_CUSTOMER)),
    description="The ranked list over all divisions: whom to call about what.",
)
