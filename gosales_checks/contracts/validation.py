"""Tables of the validation phase (SPEC section 6)."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import SCORES

SLICES = ["all", "whitespace"]
STATUSES = ["ok", "censored", "no_model", "one_class", "empty"]


class ForwardValidation(dy.Schema):
    """Measures of the scores as they stood at the cutoff, against what happened after it."""

    slice = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(SLICES),
        description="all customers, or the whitespace: those who never bought in the division.",
    )
    measure = dy.String(
        primary_key=True, description="Measure; `none` where there is nothing to measure."
    )
    bin = dy.Int32(
        primary_key=True,
        min=0,
        description="0 for a measure of the slice; 1..10 for gains (best first) and calibration "
        "bins (lowest probability first); the percentage of the list for thresholds.",
    )
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date of the scores.")
    value = dy.Float64(nullable=True, description="The measure; null where it is not defined.")
    low = dy.Float64(
        nullable=True, description="Lower end of the 95 % interval (customer bootstrap)."
    )
    high = dy.Float64(nullable=True, description="Upper end.")
    n = dy.Int64(min=0, description="Customers.", metadata={"unit": "count"})
    positives = dy.Int64(min=0, description="Of them buyers.", metadata={"unit": "count"})
    status = dy.String(
        check=lambda c: c.is_in(STATUSES), description="ok, or why there is no figure."
    )

    @dy.rule()
    def intervals_are_ordered(cls):
        """An interval has its ends in order."""
        return cls.low.col.is_null() | cls.high.col.is_null() | (cls.low.col <= cls.high.col)

    @dy.rule()
    def censored_shows_no_outcome(cls):
        """What is not mature shows no figure at all."""
        mature = ~cls.status.col.is_in(["censored", "no_model", "empty"])
        return mature | (cls.value.col.is_null() & (cls.positives.col == 0))


FORWARD_VALIDATION = Contract(
    name="forward_validation",
    schema=ForwardValidation,
    grain="one row per slice, measure and bin",
    phase="validation",
    partitioned_by="target_cutoff",
    settings=("validation.bootstrap_draws", "validation.seed"),
    reads=(Read(SCORES), Read(LABELS)),
    description="How good the scores were on the time after their cutoff, for all customers and "
    "for the whitespace, with intervals.",
)
