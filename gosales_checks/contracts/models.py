"""Tables of the models phase (SPEC section 4)."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS

SEGMENTS = ["warm", "cold", "prospect"]
STATUSES = ["fitted", "prior"]
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

    @dy.rule()
    def a_fitted_model_has_features(cls):
        """A fitted model uses at least one feature and was trained on some rows."""
        fitted = cls.status.col == "fitted"
        return ~fitted | ((cls.feature_count.col > 0) & (cls.positive_count.col > 0))


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
    margin = dy.Float64(
        nullable=True, description="Logit before calibration: orders rows of equal p_icp."
    )
    model_status = dy.String(check=lambda c: c.is_in(STATUSES), description="fitted or prior.")


MODEL = Contract(
    name="model",
    schema=Model,
    grain="one bundle",
    phase="models",
    partitioned_by="target_cutoff",
    settings=("models", "labels.window_months"),
    # The first cutoffs have no training cutoff: the model says so.
    reads=(
        Read(FEATURES, "training", may_be_missing=True),
        Read(LABELS, "training", may_be_missing=True),
    ),
    description="The calibrated model of one division, trained on labels whose window had ended "
    "by the cutoff.",
)
SCORES = Contract(
    name="scores",
    schema=Scores,
    grain="one row per customer of the population",
    phase="models",
    partitioned_by="target_cutoff",
    reads=(Read(MODEL), Read(FEATURES)),
    description="Calibrated purchase probabilities of the division as of the cutoff.",
)
