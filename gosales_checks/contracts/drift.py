"""What has moved since a model was trained (SPEC section 6)."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import MODEL, PROMOTION, SCORES
from gosales_checks.contracts.values import CONDITIONAL_VALUES

FEATURE_PSI, SCORE_KS = "feature_psi", "score_ks"
PRIOR_SHIFT, VALUE_PSI, CAL_MAE = "prior_shift", "value_psi", "cal_mae"
DRIFT_MEASURES = {
    FEATURE_PSI: "Population stability index of a feature (the item): the population of the cutoff "
    "against the rows that the model was fitted on, in their bins.",
    SCORE_KS: "Largest distance between the distributions of p_icp at the cutoff and of the "
    "probabilities that training rows have from models fitted on other customers.",
    PRIOR_SHIFT: "Log-odds of the rate of buyers in the window after the cutoff, less those of the "
    "rows held out at training.",
    VALUE_PSI: "Stability index between where money was expected, over tenths by expected value, "
    "and where it came from.",
    CAL_MAE: "Mean distance between stated and observed rates over tenths by probability.",
}
DRIFT_STATUSES = ["ok", "no_model", "no_reference", "censored", "one_class", "empty", "no_value"]


class Drift(dy.Schema):
    """Each shift beside its threshold and what chance alone shows."""

    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(primary_key=True, description="As-of date.")
    measure = dy.String(
        primary_key=True, check=lambda c: c.is_in(list(DRIFT_MEASURES)), description="What."
    )
    slice = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(["all", "whitespace"]),
        description="all customers, or those who never bought in the division.",
    )
    item = dy.String(primary_key=True, description="The feature; empty for other measures.")
    value = dy.Float64(nullable=True, description="The shift; null where it cannot be told.")
    threshold = dy.Float64(min=0, description="Effect that matters (`validation`).")
    null_high = dy.Float64(
        nullable=True, description="What 99 of 100 cases of chance stay below at this size."
    )
    usual = dy.Float64(
        nullable=True,
        description="What the model's training cutoffs showed among themselves, drawn out to the "
        "distance of this one; null where it is not known. A basket's lifts are new at every cutoff, "
        "a tenure only grows.",
    )
    q_value = dy.Float64(
        nullable=True, min=0, max=1,
        description="Of a feature: chance of such a shift, adjusted for all features looked at.",
    )  # fmt: skip
    is_alarm = dy.Bool(
        description="At the threshold or above, beyond chance, and more than is usual."
    )
    reference_count = dy.Int64(
        min=0, description="Rows of the reference.", metadata={"unit": "rows"}
    )
    row_count = dy.Int64(min=0, description="Customers at the cutoff.", metadata={"unit": "rows"})
    status = dy.String(
        check=lambda c: c.is_in(DRIFT_STATUSES), description="ok, or why there is no figure."
    )

    @dy.rule()
    def an_alarm_has_a_figure(cls):
        """Only a figure above its threshold is an alarm."""
        return ~cls.is_alarm.col | (cls.value.col.abs() >= cls.threshold.col)

    @dy.rule()
    def a_figure_is_ok(cls):
        """A figure is there where the status says so."""
        return cls.value.col.is_not_null() == (cls.status.col == "ok")


DRIFT = Contract(
    name="drift",
    schema=Drift,
    grain="one row per measure, slice and item",
    group="validation",
    made_by="models.drift",
    partitioned_by="target_cutoff",
    settings=("validation.seed",),
    settings_here=(
        "validation.psi_max",
        "validation.ks_max",
        "validation.prior_shift_max",
        "validation.value_psi_max",
        "validation.cal_mae_max",
    ),
    # The model that was promoted is the one that is judged.
    reads=(
        Read(MODEL, is_gated=False),
        Read(PROMOTION),
        Read(FEATURES),
        Read(SCORES),
        Read(CONDITIONAL_VALUES),
        Read(LABELS),
    ),
    description="What has moved since the model was trained: its inputs, its probabilities, the "
    "rate of buyers, where the money comes from, and how far stated rates are off; each beside "
    "what chance shows.",
)
