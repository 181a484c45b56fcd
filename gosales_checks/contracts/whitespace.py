"""Tables of the whitespace phase (SPEC section 5)."""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.accounts import DIM_CUSTOMER, FACT_ASSETS
from gosales_checks.contracts.challenger import (
    CHALLENGER_STATUSES,
    STATUS_WORDS,
    challenger_contract,
)
from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.crm import (
    CRM_CONTACTS,
    CRM_DEALS,
    DO_NOT_CONTACT,
    LIST_OUTCOMES,
    REP_OWNERSHIP,
    SURFACING_LOG,
)
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.models import FITTED, SCORES
from gosales_checks.contracts.signals import EMBEDDINGS
from gosales_checks.contracts.values import CONDITIONAL_VALUES, VALUE_STATUSES

SEGMENTS = ["warm", "cold", "prospect"]
# Why a candidate is not on the list, in the order the gates are applied: each row has one reason.
GATES = [
    "owned",
    "active_asset",
    "do_not_contact",
    "recent_contact",
    "open_deal",
    "region_mismatch",
    "not_a_customer",
    "no_model",
]
GRADES = list("ABCDF")
# Measure of `list_metrics` -> what its value is, by item.
MEASURES = {
    "candidates": "Rows that passed all gates; the item is ranked or base_rate.",
    "kept_off": "Candidates that the gate kept off the list: each counts at its first gate.",
    "gate_off": "1 for a gate that is off, for want of its table or by the settings.",
    "coverage_frac": "Share of the candidates that have the signal.",
    "weight": "Weight of the signal in the score, after coverage.",
    "within_division": "1 where signals are percentiles within the division, 0 over all.",
    "cooldown_factor": "What the score of a row surfaced lately is multiplied with.",
    "grade_from_score": "Lowest score of the ranked rows that have the grade or a better one.",
    "selected": "Selected rows of the division.",
    "selected_frac": "Their share of the selection.",
    "hybrid_frac": "Its share had divisions been dealt seats in turn.",
    "share_above_max": "1 where its share is above `whitespace.capacity.bias_division_max_share`.",
    "expected_wins_frac": "Share of the expected wins of the whole list in the top (the item).",
    "expected_value_frac": "Share of its expected value in the top.",
    "rfm_overlap_frac": "Share of the top that a plain recency, frequency, money list has too.",
    "challenger_coefficient": "Log-odds per unit of the signal's norm, learnt from earlier lists.",
    "challenger_overlap_frac": "Share of the top of the ranked that the challenger's top has too.",
    "without_rep": "Ranked rows that have no rep.",
    "seats_of_rep": "Selected rows of the rep (optimal).",
    "next_seat_value": "What one more seat of the rep would add, solved anew (optimal, first 20).",
    "optimal_value": "Expected value of the selection, proven the most there is (optimal).",
    "unfilled_floor": "Seats of the division's floor that there were no candidates for (optimal).",
    "arm_families": "Account families of the arm (experiment).",
    "least_visible_effect": "Value that calling must add per account in the label window to be seen "
    "in 4 of 5 experiments; told from the 12 months before, so at the most (experiment).",
}
FRACTION = {"unit": "fraction"}
# Whose spend a wallet goes by.
OF_PEERS, OF_DIVISION = "peers", "division"
# Where a similarity to owners comes from: the customer's own factors, or what stands in for them.
GENUINE, INSTALLED, CENTROID = "genuine", "installed", "centroid"
ALS_SOURCES = (GENUINE, INSTALLED, CENTROID)
SIGNALS = ("p_icp", "lift", "als", "ev")


def _norm(what: str) -> dy.Float64:
    return dy.Float64(
        min=0,
        max=1,
        description=f"Percentile of {what}, over all divisions or within its own "
        "(`whitespace.normalisation`); 0 for a row without it.",
        metadata=FRACTION,
    )


def _part(what: str) -> dy.Float64:
    return dy.Float64(min=0, max=1, description=f"What {what} adds to the score.")


def _als_source() -> dy.String:
    return dy.String(
        nullable=True,
        check=lambda c: c.is_in(ALS_SOURCES),
        description="Where the similarity to owners comes from. genuine: the customer's own factors, as "
        "models see it. installed: its installed base; centroid: its industry's factors; these stand "
        "in, for the order alone, and are not covered.",
    )


def _wallet() -> dy.Float64:
    return dy.Float64(
        nullable=True,
        min=0,
        description="What peers spend in the division in 12 months (`whitespace.wallet_quantile`) less "
        "the customer's own spend there; null where it is off or not known.",
        metadata=MONEY,
    )


def _wallet_basis() -> dy.String:
    return dy.String(
        nullable=True,
        check=lambda c: c.is_in([OF_PEERS, OF_DIVISION]),
        description="peers: buyers of the same industry and size; division: too few of those, all "
        "buyers. Null without a wallet.",
    )


class WhitespaceSignals(dy.Schema):
    """What is known of every candidate of one division, on the list or not."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    is_whitespace = dy.Bool(description="Never bought in the division up to the cutoff.")
    is_eligible = dy.Bool(description="Passes all gates.")
    ineligible_reason = dy.String(
        nullable=True, check=lambda c: c.is_in(GATES), description="The first gate that it fails."
    )
    is_cooling = dy.Bool(
        description="Surfaced within `whitespace.cooldown_days` and not acted on: the score is cut."
    )
    p_icp = dy.Float64(
        nullable=True, min=0, max=1, description="Calibrated purchase probability.",
        metadata=FRACTION,
    )  # fmt: skip
    p_low = dy.Float64(
        nullable=True, min=0, max=1, description="Low end of its interval; null without a model.",
        metadata=FRACTION,
    )  # fmt: skip
    p_high = dy.Float64(nullable=True, min=0, max=1, description="High end.", metadata=FRACTION)
    margin = dy.Float64(
        nullable=True, description="Orders rows of equal p_icp within the division; null without."
    )
    p_icp_pct = dy.Float64(
        nullable=True, min=0, max=1,
        description="Percentile of p_icp among the eligible of the division, average rank; the "
        "margin orders equal probabilities.", metadata=FRACTION,
    )  # fmt: skip
    mb_lift_max = dy.Float64(
        nullable=True, min=0,
        description="Market basket: largest lift of an article held towards the division; null "
        "without one.", metadata={"unit": "ratio"},
    )  # fmt: skip
    mb_lift_mean = dy.Float64(
        nullable=True, min=0, description="The mean of such lifts.", metadata={"unit": "ratio"}
    )
    als_similarity = dy.Float64(
        nullable=True, min=-1, max=1,
        description="Cosine similarity to the division's owners. For a customer without factors what "
        "customers with an installed base like its own have, else the mean of its industry's, capped "
        "below the best genuine one of an eligible candidate; null without any.",
        metadata={"unit": "cosine"},
    )  # fmt: skip
    als_source = _als_source()
    conditional_value = dy.Float64(
        nullable=True,
        description="Expected value of a purchase; null without past buyers.",
        metadata=MONEY,
    )
    value_status = dy.String(
        check=lambda c: c.is_in(VALUE_STATUSES),
        description="Where the conditional value comes from: learnt, industry_mean, division_mean, "
        "no_buyer.",
    )
    ev = dy.Float64(nullable=True, description="p_icp times the conditional value.", metadata=MONEY)
    rfm_score = dy.Float64(
        nullable=True, min=0, max=1,
        description="Mean percentile of recency, invoices and value of the last 12 months, all "
        "divisions: the heuristic that `list_validation` holds the list against.",
        metadata=FRACTION,
    )  # fmt: skip
    value_12m = dy.Float64(
        nullable=True, description="Net value of the last 12 months, all divisions.", metadata=MONEY
    )
    wallet = _wallet()
    wallet_basis = _wallet_basis()
    model_status = dy.String(description="fitted, or the prior rate.")
    drivers = dy.String(nullable=True, description="As `scores` names them.")
    reason = dy.String(
        nullable=True, description="Facts of the row, in words; null for rows not on the list."
    )

    @dy.rule()
    def the_ineligible_have_a_reason(cls):
        """A row is eligible or says why not."""
        return cls.is_eligible.col == cls.ineligible_reason.col.is_null()

    @dy.rule()
    def a_similarity_has_a_source(cls):
        """A similarity says where it comes from."""
        return cls.als_similarity.col.is_null() == cls.als_source.col.is_null()

    @dy.rule()
    def what_stands_in_is_below_the_best_genuine(cls):
        """No similarity that stands in reaches the best genuine one of an eligible candidate."""
        is_genuine = cls.als_source.col.eq_missing(GENUINE)
        best = cls.als_similarity.col.filter(is_genuine & cls.is_eligible.col).max()
        stands_in = cls.als_source.col.is_in([INSTALLED, CENTROID])
        return ~stands_in | (cls.als_similarity.col < best).fill_null(value=False)

    @dy.rule()
    def the_eligible_are_ranked(cls):
        """An eligible row has a probability and its percentile, no other has a percentile."""
        ranked = cls.p_icp.col.is_not_null() & cls.p_icp_pct.col.is_not_null()
        return (cls.is_eligible.col & ranked) | (~cls.is_eligible.col & cls.p_icp_pct.col.is_null())


class Whitespace(dy.Schema):
    """The list: whom to call about what."""

    place = dy.Int64(
        min=1,
        description="Place among all rows. A division at its base rate stands as a block, where its "
        "rate puts it and after the ranked rows of the same score.",
    )
    rank = dy.Int64(
        nullable=True, min=1,
        description="Place among the rows that can be ranked, 1 is best; null where the model of the "
        "division cannot rank its customers.",
    )  # fmt: skip
    customer_id = dy.String(primary_key=True, description="Customer.")
    division = dy.String(primary_key=True, description="What to call about, as a partition key.")
    division_name = dy.String(description="Its name, as people write it.")
    cutoff = dy.Date(description="As-of date.")
    customer_name = dy.String(nullable=True, description="Name.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    industry = dy.String(nullable=True, description="Industry.")
    region = dy.String(nullable=True, description="Region.")
    territory = dy.String(nullable=True, description="Territory.")
    rep = dy.String(nullable=True, description="Who calls: the book's owner, else of dim_customer.")
    model_status = dy.String(description="fitted, or the prior rate: such a row has no rank.")
    grade = dy.String(
        nullable=True, check=lambda c: c.is_in(GRADES),
        description="The worse of two: by percentile of the score among the ranked, and of p_low, so "
        "that a wide interval costs it. A is best; null without a rank.",
    )  # fmt: skip
    grade_p_icp = dy.String(
        nullable=True, check=lambda c: c.is_in(GRADES),
        description="By percentile of p_icp among the ranked.",
    )  # fmt: skip
    p_icp = dy.Float64(min=0, max=1, description="Purchase probability.", metadata=FRACTION)
    p_low = dy.Float64(
        nullable=True, min=0, max=1, description="Low end of its interval; null without a rank.",
        metadata=FRACTION,
    )  # fmt: skip
    p_high = dy.Float64(nullable=True, min=0, max=1, description="High end.", metadata=FRACTION)
    p_icp_pct = dy.Float64(
        min=0, max=1, description="Percentile of p_icp in its division.", metadata=FRACTION
    )
    conditional_value = dy.Float64(
        nullable=True, description="Expected value of a purchase.", metadata=MONEY
    )
    ev = dy.Float64(nullable=True, description="Expected value: p_icp times it.", metadata=MONEY)
    wallet = _wallet()
    wallet_basis = _wallet_basis()
    p_icp_norm = _norm("p_icp")
    lift_norm = _norm("the market basket's largest lift")
    als_norm = _norm("the similarity to owners, or of what stands in for it")
    als_source = _als_source()
    ev_norm = _norm("the expected value")
    p_icp_part = _part("p_icp")
    lift_part = _part("the market basket")
    als_part = _part("the similarity to owners")
    ev_part = _part("the expected value")
    cooldown_factor = dy.Float64(
        min=0, max=1, description="1, or less where the row was surfaced lately without action."
    )
    score = dy.Float64(
        min=0, max=1, description="Sum of the four parts times cooldown_factor; orders the list."
    )
    score_challenger = dy.Float64(
        nullable=True, min=0, max=1,
        description="What earlier lists' outcomes make of the four norms (`list_challenger`): beside "
        "the order, never the order; null where nothing was learnt, and without a rank.",
        metadata=FRACTION,
    )  # fmt: skip
    challenger_status = dy.String(
        check=lambda c: c.is_in(CHALLENGER_STATUSES), description=STATUS_WORDS + "."
    )
    is_selected = dy.Bool(description="Within the capacity (`whitespace.capacity`): to be called.")
    seat = dy.Int64(
        nullable=True, min=1,
        description="Its number among the selected, of its rep where seats are by rep.",
    )  # fmt: skip
    nba_reason = dy.String(description="Why, in facts of the row; at most 140 characters.")
    drivers = dy.String(
        nullable=True,
        description="Strongest features behind p_icp, as `scores` names them; null below the best "
        "share of the division.",
    )

    @dy.rule()
    def each_place_is_taken_once(cls):
        """No two rows share a place."""
        return cls.place.col.is_unique()

    @dy.rule()
    def what_cannot_be_ranked_is_not_ranked(cls):
        """Only rows of a fitted model have a rank, a grade, or are selected."""
        fitted = cls.model_status.col == FITTED
        ranked = cls.rank.col.is_not_null() & cls.grade.col.is_not_null()
        nothing = cls.rank.col.is_null() & cls.grade.col.is_null() & ~cls.is_selected.col
        return pl.when(fitted).then(ranked).otherwise(nothing)

    @dy.rule()
    def parts_add_up(cls):
        """The parts, in their order, sum to the score."""
        parts = cls.p_icp_part.col + cls.lift_part.col + cls.als_part.col + cls.ev_part.col
        return cls.score.col == parts * cls.cooldown_factor.col

    @dy.rule()
    def the_unranked_have_no_challenger(cls):
        """Only a row with a rank has a score of the challenger."""
        return cls.rank.col.is_not_null() | cls.score_challenger.col.is_null()

    @dy.rule()
    def the_selected_have_a_seat(cls):
        """A row has a seat if it is selected, and only then."""
        return cls.is_selected.col == cls.seat.col.is_not_null()

    @dy.rule()
    def reason_is_short(cls):
        """A reason has at most 140 characters."""
        # `max_length` counts bytes: two or more for a letter that is not Latin.
        return cls.nba_reason.col.str.len_chars() <= 140


class ListMetrics(dy.Schema):
    """Figures of a list that are known when it is made."""

    measure = dy.String(
        primary_key=True, check=lambda c: c.is_in(list(MEASURES)), description="See `MEASURES`."
    )
    item = dy.String(
        primary_key=True, description="What it is about: a division, gate, signal, grade or rep."
    )
    cutoff = dy.Date(description="As-of date.")
    value = dy.Float64(nullable=True, description="The figure; null where it is not defined.")


WHITESPACE_SIGNALS = Contract(
    name="whitespace_signals",
    schema=WhitespaceSignals,
    grain="one row per customer of the population",
    group="whitespace",
    made_by="whitespace.whitespace_signals",
    partitioned_by="listed_cutoff",
    settings=(
        "whitespace.gates",
        "whitespace.cooldown_days",
        "whitespace.wallet_quantile",
        "whitespace.wallet_min_peers",
        "divisions.target_names",
        "divisions.division_names",
    ),
    reads=(
        Read(SCORES),
        Read(CONDITIONAL_VALUES),
        Read(FEATURES),
        Read(EMBEDDINGS),
        Read(FACT_ASSETS),
        Read(DIM_CUSTOMER),
        Read(DO_NOT_CONTACT),
        Read(CRM_CONTACTS),
        Read(CRM_DEALS),
        Read(REP_OWNERSHIP),
        Read(SURFACING_LOG),
        Read(LIST_OUTCOMES),
    ),
    description="Signals of every candidate of a division, with the gate that it fails where it is "
    "not on the list.",
)
LIST_CHALLENGER = challenger_contract(WHITESPACE_SIGNALS)
LIST_READS = (
    Read(WHITESPACE_SIGNALS),
    Read(LIST_CHALLENGER),
    Read(DIM_CUSTOMER),
    Read(REP_OWNERSHIP),
)
WHITESPACE = Contract(
    name="whitespace",
    schema=Whitespace,
    grain="one row per eligible customer and division",
    group="whitespace",
    made_by="whitespace.whitespace",
    partitioned_by="cutoff",
    settings=("whitespace", "divisions.target_names"),
    reads=LIST_READS,
    description="The list over all divisions: whom to call about what, in order; what the models "
    "cannot rank stands in it without a rank.",
)
LIST_METRICS = Contract(
    name="list_metrics",
    schema=ListMetrics,
    grain="one row per measure and item",
    group="whitespace",
    made_by="whitespace.whitespace",
    partitioned_by="cutoff",
    settings=("whitespace",),
    settings_here=("labels.window_months",),
    reads=LIST_READS,
    description="Figures of the list: who was kept off, coverage and weights of the signals, grades, "
    "shares of the selection, what it is expected to bring.",
)
