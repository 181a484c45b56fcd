"""Models, which of them scores, and the scores (SPEC section 4).

What is said of a model (measures, drivers, card) is in `explanations`.
"""

import dataframely as dy

from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.gauntlet import LeakageReport
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.rates import RATE_FORECAST
from gosales_checks.contracts.scored_list import SLICES
from gosales_checks.verdicts.allowed_code import ALLOWED_CODE
from gosales_checks.verdicts.leakage import CAPS_OF_ROWS, NO_LEAK, READS_END, ROWS_END

SEGMENTS = ["warm", "cold", "prospect"]
# A division without a model has the prior rate; a pooled model is fitted, or there is none.
FITTED, PRIOR, NO_MODEL = "fitted", "prior", "none"
STATUSES = [FITTED, PRIOR]
NO_CUTOFF, FEW_OUTCOMES = "no_training_cutoff", "few_outcomes"
NO_FEATURE, NOISE = "no_feature", "noise"
FALLBACKS = [NO_CUTOFF, FEW_OUTCOMES, NO_FEATURE, NOISE]
PROMOTED, KEPT, PINNED = "promoted", "kept", "pinned"
DECISIONS = [PROMOTED, KEPT, PINNED]
COUNT = {"unit": "count"}


def _figure(description: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=f"{description}; mean over validation folds.")


class Model(dy.Schema):
    """What is known of a model; its bundle holds the model itself."""

    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(primary_key=True, description="As-of date.")
    status = dy.String(check=lambda c: c.is_in(STATUSES), description="fitted, or the prior rate.")
    reason = dy.String(min_length=1, description="Why this winner, or why the prior rate.")
    winner = dy.String(description="Candidate that was fitted on all training rows.")
    calibration = dy.String(description="platt, isotonic or none.")
    calibration_reason = dy.String(description="Why this calibration.")
    selection_scheme = dy.String(description="Folds by time, or by customer and why.")
    training_cutoff_count = dy.Int64(min=0, description="Training cutoffs.", metadata=COUNT)
    training_row_count = dy.Int64(min=0, description="Training rows.", metadata=COUNT)
    positive_count = dy.Int64(min=0, description="Of them positive.", metadata=COUNT)
    prior = dy.Float64(
        nullable=True, min=0, max=1, description="Rate given to everyone where there is no model."
    )
    feature_count = dy.Int64(min=0, description="Inputs used.", metadata=COUNT)
    auc = _figure("AUC over all customers")
    auc_whitespace = _figure("AUC on the whitespace slice")
    lift_10 = _figure("Lift@10 over all customers")
    lift_10_whitespace = _figure("Lift@10 on the whitespace slice")
    window_months = dy.Int32(min=1, description="Label window.", metadata={"unit": "months"})
    fallback = dy.String(
        nullable=True,
        check=lambda c: c.is_in(FALLBACKS),
        description="Why the prior rate: no training cutoff yet, too few outcomes, no feature that "
        "varies, or noise (cannot be ranked better than by chance); null for a fitted model.",
    )

    @dy.rule()
    def a_fitted_model_has_features(cls):
        """A fitted model uses at least one feature and was trained on some rows."""
        fitted = cls.status.col == FITTED
        return ~fitted | ((cls.feature_count.col > 0) & (cls.positive_count.col > 0))

    @dy.rule()
    def the_prior_rate_has_a_kind_of_reason(cls):
        """A model is fitted, or says why it is not."""
        return (cls.status.col == FITTED) == cls.fallback.col.is_null()


class Promotion(dy.Schema):
    """Which model scores, and why."""

    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(primary_key=True, description="As-of date of the scores.")
    decision = dy.String(
        check=lambda c: c.is_in(DECISIONS),
        description="promoted: the new model scores; kept: an earlier one stays; pinned: a person "
        "chose.",
    )
    reason = dy.String(min_length=1, description="Why, in words.")
    model_cutoff = dy.Date(description="Cutoff of the model that scores.")
    model_id = dy.String(description="The model that scores.")
    challenger_id = dy.String(description="The model trained for this cutoff.")
    champion_id = dy.String(
        nullable=True, description="The best earlier model it was compared with; null without any."
    )
    judged_at = dy.Date(
        nullable=True, description="Latest cutoff whose window had ended: what both are judged on."
    )
    judged_slice = dy.String(
        nullable=True, check=lambda c: c.is_in(SLICES), description="Customers."
    )
    judged_count = dy.Int64(min=0, description="Customers judged on.", metadata=COUNT)
    judged_positives = dy.Int64(min=0, description="Of them buyers.", metadata=COUNT)
    auc_challenger = dy.Float64(nullable=True, description="AUC of its held-out predictions.")
    auc_champion = dy.Float64(nullable=True, description="AUC of the champion's scores.")
    difference = dy.Float64(nullable=True, description="Challenger less champion.")
    difference_low = dy.Float64(
        nullable=True, description="Lower end of its 95 % interval (paired customer bootstrap)."
    )
    difference_high = dy.Float64(nullable=True, description="Upper end.")
    pinned_to = dy.Date(
        nullable=True, description="Cutoff of the model that a person chose; null otherwise."
    )
    pin_reason = dy.String(nullable=True, description="What that person gave as reason.")

    @dy.rule()
    def no_model_of_the_future(cls):
        """What scores was trained at this cutoff or before."""
        return cls.model_cutoff.col <= cls.cutoff.col

    @dy.rule()
    def what_is_pinned_scores(cls):
        """A pin holds, and nothing else is called pinned."""
        pinned = cls.pinned_to.col.is_not_null()
        holds = cls.pinned_to.col.is_null() | (cls.pinned_to.col == cls.model_cutoff.col)
        return holds & (pinned == (cls.decision.col == PINNED))


class Scores(dy.Schema):
    """The probability of every customer of the population."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    is_whitespace = dy.Bool(description="Never bought in the division up to the cutoff.")
    p_icp = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="Calibrated probability of a purchase in the label window; null where no "
        "training cutoff is mature yet.",
    )
    p_low = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="Lower end of the interval (90 % unless set) that holds the rate of customers "
        "with such a score; null without a model or with too few buyers to tell.",
    )
    p_high = dy.Float64(nullable=True, min=0, max=1, description="Upper end.")
    margin = dy.Float64(
        nullable=True, description="Logit before calibration: orders rows of equal p_icp."
    )
    drivers = dy.String(
        nullable=True,
        description="Strongest contributions to the margin, `feature +0.42; other -0.17`; null "
        "below the best share of the slice, and without a model.",
    )
    model_status = dy.String(check=lambda c: c.is_in(STATUSES), description="fitted or prior.")
    model_id = dy.String(description="The model it was made with: division, cutoff, content.")

    @dy.rule()
    def the_interval_holds_p(cls):
        """Low, p and high are in order."""
        return cls.p_low.col.is_null() | (
            (cls.p_low.col <= cls.p_icp.col) & (cls.p_icp.col <= cls.p_high.col)
        )


class PooledRows(dy.Schema):
    """Feature rows and outcomes of all targets at one cutoff: what a pooled model is fitted on."""

    customer_id = dy.String(primary_key=True, description="Customer, drawn by the hash of its id.")
    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    is_whitespace = dy.Bool(description="Never bought in the division up to the cutoff.")
    label = dy.Int8(min=0, max=1, description="Bought in the label window.")
    net_value_window = dy.Float64(
        description="Net value in the label window: for the value model, never an input of a "
        "purchase model.",
        metadata=MONEY,
    )
    window_end = dy.Date(description="Last day of the label window, widened or not.")
    is_censored = dy.Bool(description="The data ends before the label window: not trained on.")


class PooledModel(dy.Schema):
    """What is known of a pooled model; its bundle holds the model itself."""

    cutoff = dy.Date(primary_key=True, description="As-of date.")
    status = dy.String(
        check=lambda c: c.is_in([FITTED, NO_MODEL]), description="fitted, or none and why."
    )
    reason = dy.String(min_length=1, description="How it was fitted, or why it was not.")
    training_cutoff_count = dy.Int64(min=0, description="Training cutoffs.", metadata=COUNT)
    division_count = dy.Int64(min=0, description="Divisions in its rows.", metadata=COUNT)
    training_row_count = dy.Int64(min=0, description="Training rows.", metadata=COUNT)
    positive_count = dy.Int64(min=0, description="Of them positive.", metadata=COUNT)
    feature_count = dy.Int64(min=0, description="Inputs used.", metadata=COUNT)
    fold_count = dy.Int64(
        min=0,
        description="Folds that were left out in turn, for honest validation.",
        metadata=COUNT,
    )


POOLED_ROWS = Contract(
    name="pooled_rows",
    schema=PooledRows,
    grain="one row per target and customer of the sample",
    group="models",
    made_by="models.pooled_rows",
    partitioned_by="cutoff",
    settings=("models.pooled_rows", "models.training_cutoffs", "divisions.targets"),
    reads=(Read(FEATURES), Read(LABELS)),
    description="Features and labels of all targets for a sample of customers: what the pooled "
    "model is fitted on.",
    open_columns=True,
)
POOLED_MODEL = Contract(
    name="pooled_model",
    schema=PooledModel,
    grain="one bundle",
    group="models",
    made_by="models.pooled_model",
    is_bundle=True,
    blocking_checks=(ROWS_END, READS_END, CAPS_OF_ROWS),
    partitioned_by="cutoff",
    settings=("models", "divisions.slugs"),
    reads=(Read(POOLED_ROWS, "training", may_be_missing=True),),
    description="One model over (customer, division) pairs, trained on labels whose window had "
    "ended by the cutoff; divisions blend it with their own where it helps.",
)
MODEL = Contract(
    name="model",
    schema=Model,
    grain="one bundle",
    group="models",
    made_by="models.model",
    is_bundle=True,
    blocking_checks=(ALLOWED_CODE, ROWS_END, READS_END),
    partitioned_by="target_cutoff",
    settings=("models", "labels.window_months"),
    # The first cutoffs have no training cutoff: the model says so.
    reads=(
        Read(FEATURES, "training", may_be_missing=True),
        Read(LABELS, "training", may_be_missing=True),
        Read(POOLED_MODEL),
        Read(RATE_FORECAST),
    ),
    description="The calibrated model of one division, trained on labels whose window had ended "
    "by the cutoff.",
)
LEAKAGE_REPORT = Contract(
    name="leakage_report",
    schema=LeakageReport,
    grain="one row per test",
    group="models",
    made_by="models.leakage_report",
    partitioned_by="target_cutoff",
    settings=("models",),
    blocking_checks=(NO_LEAK,),
    reads=(
        Read(MODEL, is_gated=False),
        Read(FEATURES, "training", may_be_missing=True),
        Read(LABELS, "training", may_be_missing=True),
        Read(POOLED_MODEL),
    ),
    description="Whether a model has seen what it must not: labels known by the cutoff, folds with "
    "an embargo, calibration on other customers, caps and levels of its own rows. A FAIL stops "
    "promotion.",
)
PROMOTION = Contract(
    name="promotion",
    schema=Promotion,
    grain="one row",
    group="models",
    made_by="models.promotion",
    partitioned_by="target_cutoff",
    blocking_checks=(READS_END,),
    settings=("promotion",),
    reads=(
        # Earlier models are looked at where they are; none is made for it.
        Read(MODEL, "incumbents", may_be_missing=True, is_loaded=False, is_gated=False),
        Read(LEAKAGE_REPORT),
        Read(FEATURES, "training", may_be_missing=True),
        Read(LABELS, "training", may_be_missing=True),
    ),
    description="Which model scores the division at the cutoff: the new one, or an earlier one that "
    "ranks the latest known outcomes better.",
)
SCORES = Contract(
    name="scores",
    schema=Scores,
    grain="one row per customer of the population",
    group="models",
    made_by="models.scores",
    partitioned_by="target_cutoff",
    blocking_checks=(READS_END,),
    settings=(
        "explanation.scored_frac",
        "explanation.drivers_shown",
        "explanation.interval_level",
    ),
    # A model that failed its check scores nothing: promotion keeps an earlier one.
    reads=(Read(MODEL, is_gated=False), Read(PROMOTION), Read(FEATURES)),
    description="Calibrated purchase probabilities of the division as of the cutoff.",
)
