"""Tables of the validation phase (SPEC section 6)."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import SCORES
from gosales_checks.contracts.scored_list import ScoredListRows

STATUSES = ["ok", "censored", "no_model", "one_class", "empty"]


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
