"""What a purchase is worth: the value model, and the values of customers (SPEC section 4)."""

import dataframely as dy

from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import COUNT, FITTED, NO_MODEL, POOLED_ROWS
from gosales_checks.verdicts.leakage import READS_END, ROWS_END

# Where a conditional value comes from, most that is known of the customer first.
LEARNT, INDUSTRY_MEAN, DIVISION_MEAN, NO_BUYER = (
    "learnt", "industry_mean", "division_mean", "no_buyer",
)  # fmt: skip
VALUE_STATUSES = [LEARNT, INDUSTRY_MEAN, DIVISION_MEAN, NO_BUYER]


class ValueModel(dy.Schema):
    """What is known of a value model; its bundle holds the model itself."""

    cutoff = dy.Date(primary_key=True, description="As-of date.")
    status = dy.String(
        check=lambda c: c.is_in([FITTED, NO_MODEL]), description="fitted, or none and why."
    )
    reason = dy.String(min_length=1, description="How it was fitted, or why it was not.")
    training_cutoff_count = dy.Int64(min=0, description="Training cutoffs.", metadata=COUNT)
    buyer_count = dy.Int64(min=0, description="Rows of past buyers.", metadata=COUNT)
    division_count = dy.Int64(min=0, description="Divisions in them.", metadata=COUNT)
    learnt_division_count = dy.Int64(
        min=0, description="Of them priced by the model, not by means.", metadata=COUNT
    )
    input_count = dy.Int64(min=0, description="Inputs used.", metadata=COUNT)
    deviance = dy.Float64(
        nullable=True,
        min=0,
        description="Mean Poisson deviance of value over industry mean, customers left out in turn; "
        "null without a fit.",
    )
    deviance_of_means = dy.Float64(
        nullable=True, min=0, description="The same of the industry means alone."
    )


class ConditionalValues(dy.Schema):
    """What a purchase in the window would be worth, by customer."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    conditional_value = dy.Float64(
        nullable=True,
        description="Expected value in the label window of who buys, at most the cap of past buyers; "
        "null without past buyers.",
        metadata=MONEY,
    )
    value_status = dy.String(
        check=lambda c: c.is_in(VALUE_STATUSES),
        description="learnt from the customer's size; industry_mean or division_mean of past buyers "
        "where it could not be (brought to those of owners or of the whitespace as far as known); "
        "no_buyer where there is none.",
    )

    @dy.rule()
    def a_value_has_past_buyers(cls):
        """There is a finite value wherever somebody has bought."""
        value = cls.conditional_value.col
        known = value.is_not_null() & value.is_finite().fill_null(value=False)
        return known == (cls.value_status.col != NO_BUYER)


VALUE_MODEL = Contract(
    name="value_model",
    schema=ValueModel,
    grain="one bundle",
    group="models",
    made_by="models.value_model",
    blocking_checks=(ROWS_END, READS_END),
    is_bundle=True,
    partitioned_by="cutoff",
    settings=("whitespace.ev_cap_quantile", "whitespace.ev_shrinkage_buyers"),
    reads=(Read(POOLED_ROWS, "training", may_be_missing=True),),
    description="How a buyer's value compares with its industry's in the division, by the "
    "customer's size: one regression over all divisions, on label windows that had ended by the "
    "cutoff.",
)
CONDITIONAL_VALUES = Contract(
    name="conditional_values",
    schema=ConditionalValues,
    grain="one row per customer of the population",
    group="models",
    made_by="models.conditional_values",
    blocking_checks=(ROWS_END, READS_END),
    partitioned_by="target_cutoff",
    settings=("whitespace.ev_cap_quantile", "whitespace.ev_shrinkage_buyers"),
    reads=(Read(VALUE_MODEL), Read(FEATURES), Read(LABELS, "training", may_be_missing=True)),
    description="What a purchase in the label window would be worth, customer by customer: means of "
    "past buyers of the division and industry, times what the value model says of the customer.",
)
