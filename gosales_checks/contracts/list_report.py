"""The list as one page that opens without a network (SPEC section 7).

It stands on all phases: the list itself, and what is stored beside it of models, validation and data.
"""

from gosales_checks.contracts.accounts import SOURCE_LEDGER, SOURCE_REJECTS
from gosales_checks.contracts.calls import LIST_CALLS
from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.delivery import ListExports
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.contracts.experiment import EXPERIMENT_READOUT
from gosales_checks.contracts.explanations import MODEL_CARD, MODEL_EVALUATION
from gosales_checks.contracts.models import PROMOTION
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.star import SALES_LEDGER, SALES_LOG_REJECTS
from gosales_checks.contracts.validation import LIST_VALIDATION
from gosales_checks.contracts.whitespace import LIST_METRICS, WHITESPACE


class ListReport(ListExports):
    """What is known of the page; its bundle holds it."""


# Of the cutoff itself: the page says what is not there.
BESIDE_THE_LIST = (
    LIST_METRICS,
    LIST_MOVEMENT,
    PROMOTION,
    MODEL_CARD,
    MODEL_EVALUATION,
    DRIFT,
    SALES_LEDGER,
    SALES_LOG_REJECTS,
    SOURCE_LEDGER,
    SOURCE_REJECTS,
    CUSTOMER_ENRICHMENT,
    ENRICHMENT_UNMATCHED,
)
# Of the newest earlier list whose label window had ended by the cutoff.
OF_EARLIER_LISTS = (LIST_VALIDATION, EXPERIMENT_READOUT, LIST_CALLS)


def _looked_at(table: Contract, *, is_earlier: bool) -> Read:
    # None is made for the page, and a list is not held back by what is told beside it: the page
    # judges each by its own checks.
    span = "training" if is_earlier else "cutoff"
    return Read(table, span, may_be_missing=True, is_loaded=False, is_gated=False)


LIST_REPORT = Contract(
    name="list_report",
    schema=ListReport,
    grain="one bundle; its card has one row, for the page",
    group="delivery",
    made_by="delivery.list_report",
    is_bundle=True,
    partitioned_by="cutoff",
    settings_here=(
        "delivery",
        "labels.window_months",
        "source.sales_log.home_currency",
        "source.sales_log.complete_through@cutoff",
        "contracts.freshness_days",
        "source.enrichment",
        "divisions.target_names",
    ),
    reads=(
        Read(WHITESPACE),
        *(_looked_at(table, is_earlier=False) for table in BESIDE_THE_LIST),
        *(_looked_at(table, is_earlier=True) for table in OF_EARLIER_LISTS),
    ),
    description="The list as one HTML file that opens without a network: filter and sort, what the "
    "last list brought, models, data. `gosales export` puts it beside the other files.",
)
