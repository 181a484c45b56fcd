"""Tables that say what a model is worth and what it goes by (SPEC section 4).

What is made of a model afterwards: measures of its held-out predictions, drivers, the card. The model
itself, what is promoted and the scores are in `models`.
"""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.models import MODEL
from gosales_checks.contracts.scored_list import ScoredListRows

NO_PREDICTIONS = "no_predictions"
EVALUATED = ["ok", "one_class", NO_PREDICTIONS]
USED, DROPPED = "used", "dropped"


class ModelEvaluation(ScoredListRows):
    """Measures of what a training predicted of rows that it did not fit."""

    n = dy.Int64(
        min=0, description="Rows: customers at each validation cutoff.", metadata={"unit": "count"}
    )
    positives = dy.Int64(min=0, description="Of them buyers.", metadata={"unit": "count"})
    status = dy.String(
        check=lambda c: c.is_in(EVALUATED), description="ok, or why there is no figure."
    )

    @dy.rule()
    def nothing_tried_shows_no_figure(cls):
        """Where nothing was predicted there is no figure."""
        return (cls.status.col != NO_PREDICTIONS) | cls.value.col.is_null()


class ModelDrivers(dy.Schema):
    """What a model goes by, over its population."""

    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(primary_key=True, description="As-of date.")
    input = dy.String(
        primary_key=True, description="Model input: a feature, or `feature=level` of a category."
    )
    feature = dy.String(description="Feature it comes from.")
    status = dy.String(
        check=lambda c: c.is_in([USED, DROPPED]), description="used, or dropped at training."
    )
    dropped_because = dy.String(
        nullable=True, description="Constant, twin of another, or a leak; null where it is used."
    )
    shap_rank = dy.Int64(
        nullable=True, min=1, description="Place by mean absolute contribution, 1 the strongest."
    )
    shap_mean_abs = dy.Float64(
        nullable=True,
        min=0,
        description="Mean absolute contribution to the margin (SHAP), over a sample of the "
        "population that is scored.",
    )
    shap_frac = dy.Float64(
        nullable=True, min=0, max=1, description="Its share of all contributions."
    )
    direction = dy.Float64(
        nullable=True,
        min=-1,
        max=1,
        description="Rank correlation of value and contribution: above 0 more is likelier; null "
        "where either is the same for all.",
    )
    coefficient = dy.Float64(
        nullable=True,
        description="Coefficient of the logistic regression on the standardised input; null "
        "without one.",
    )
    gain_frac = dy.Float64(
        nullable=True, min=0, max=1, description="Share of the trees' gain; null without trees."
    )

    @dy.rule()
    def the_used_are_ranked_and_the_dropped_have_a_reason(cls):
        """An input is used and has a place, or was dropped for a reason."""
        used = cls.status.col == USED
        return (used == cls.shap_rank.col.is_not_null()) & (
            used == cls.dropped_because.col.is_null()
        )


class ModelShapSample(dy.Schema):
    """Contributions of inputs to single customers' margins."""

    customer_id = dy.String(primary_key=True, description="Customer of the sample.")
    input = dy.String(primary_key=True, description="Model input.")
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    value = dy.Float64(nullable=True, description="Value of the input; null where it is missing.")
    contribution = dy.Float64(description="What it adds to the margin.")
    base = dy.Float64(description="Margin that contributions are added to.")
    margin = dy.Float64(description="Logit before calibration: base plus all contributions.")


class ModelCard(dy.Schema):
    """A model in words."""

    division = dy.String(primary_key=True, description="Target division.")
    cutoff = dy.Date(primary_key=True, description="As-of date.")
    model_id = dy.String(description="Division, cutoff and content of the bundle.")
    headline = dy.String(min_length=1, description="What it is worth, in one sentence.")
    card = dy.String(min_length=1, description="The model card, Markdown.")


MODEL_EVALUATION = Contract(
    name="model_evaluation",
    schema=ModelEvaluation,
    grain="one row per slice, measure and bin",
    group="models",
    made_by="models.model_evaluation",
    partitioned_by="target_cutoff",
    settings=("explanation.bootstrap_draws", "explanation.seed"),
    reads=(Read(MODEL),),
    description="How good a model was on rows that its training did not fit: measures with "
    "intervals, gains, calibration, thresholds.",
)
MODEL_DRIVERS = Contract(
    name="model_drivers",
    schema=ModelDrivers,
    grain="one row per model input",
    group="models",
    made_by="models.model_explanation",
    partitioned_by="target_cutoff",
    settings=("explanation.sample_rows",),
    reads=(Read(MODEL), Read(FEATURES)),
    description="What a model goes by: coefficients, gain, and SHAP over its population.",
)
MODEL_SHAP_SAMPLE = Contract(
    name="model_shap_sample",
    schema=ModelShapSample,
    grain="one row per customer of the sample and input",
    group="models",
    made_by="models.model_explanation",
    partitioned_by="target_cutoff",
    settings=("explanation.sample_rows", "explanation.shown_customers"),
    reads=(Read(MODEL), Read(FEATURES)),
    description="SHAP contributions of single customers, drawn by the hash of their id.",
)
MODEL_CARD = Contract(
    name="model_card",
    schema=ModelCard,
    grain="one row",
    group="models",
    made_by="models.model_card",
    partitioned_by="target_cutoff",
    reads=(Read(MODEL), Read(MODEL_EVALUATION), Read(MODEL_DRIVERS)),
    description="The model in words: what it predicts, how good it was, what it goes by, what it "
    "must not be used for.",
)
