"""All contracts, in graph order.

The one list that definitions, checks, documents and the command line go by.
"""

from gosales_checks.contracts.accounts import (
    DIM_CUSTOMER,
    DIM_CUSTOMER_HISTORY,
    DIM_DATE,
    FACT_ASSETS,
    SOURCE_LEDGER,
    SOURCE_REJECTS,
)
from gosales_checks.contracts.crm import (
    CRM_CONTACTS,
    CRM_DEALS,
    DO_NOT_CONTACT,
    REP_OWNERSHIP,
    SURFACING_LOG,
)
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT, ENRICHMENT_UNMATCHED
from gosales_checks.contracts.explanations import (
    MODEL_CARD,
    MODEL_DRIVERS,
    MODEL_EVALUATION,
    MODEL_SHAP_SAMPLE,
)
from gosales_checks.contracts.features import (
    CUSTOMER_FEATURES,
    DIVISION_FEATURES,
    FEATURE_CATALOG,
    FEATURE_STATS,
    FEATURES,
)
from gosales_checks.contracts.labels import (
    CUTOFF_METADATA,
    LABEL_AUDIT,
    LABELS,
    PREVALENCE,
)
from gosales_checks.contracts.models import MODEL, POOLED_MODEL, POOLED_ROWS, PROMOTION, SCORES
from gosales_checks.contracts.quality import violations_contract
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_checks.contracts.star import (
    DIM_PRODUCT,
    FACT_TRANSACTIONS,
    PURCHASE_HISTORY,
    SALES_LEDGER,
    SALES_LOG,
    SALES_LOG_REJECTS,
)
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS

TABLES_OF_PHASES = (
    SALES_LOG,
    SALES_LOG_REJECTS,
    SALES_LEDGER,
    DIM_PRODUCT,
    CUSTOMER_ENRICHMENT,
    ENRICHMENT_UNMATCHED,
    DIM_DATE,
    CRM_CONTACTS,
    CRM_DEALS,
    DO_NOT_CONTACT,
    REP_OWNERSHIP,
    SURFACING_LOG,
    SOURCE_REJECTS,
    SOURCE_LEDGER,
    FACT_ASSETS,
    DIM_CUSTOMER_HISTORY,
    DIM_CUSTOMER,
    CUTOFF_METADATA,
    FACT_TRANSACTIONS,
    PURCHASE_HISTORY,
    AFFINITY_RULES,
    EMBEDDINGS,
    CUSTOMER_FEATURES,
    DIVISION_FEATURES,
    FEATURE_CATALOG,
    FEATURE_STATS,
    LABELS,
    PREVALENCE,
    LABEL_AUDIT,
    FEATURES,
    POOLED_ROWS,
    POOLED_MODEL,
    MODEL,
    MODEL_EVALUATION,
    MODEL_DRIVERS,
    MODEL_SHAP_SAMPLE,
    MODEL_CARD,
    PROMOTION,
    SCORES,
    WHITESPACE_SIGNALS,
    FORWARD_VALIDATION,
    WHITESPACE,
)
# Over all of them, so it comes last.
VIOLATIONS = violations_contract(TABLES_OF_PHASES)
CONTRACTS = {contract.name: contract for contract in (*TABLES_OF_PHASES, VIOLATIONS)}
# Stored as bundles of files, not as Parquet tables.
BUNDLE_CONTRACTS = (POOLED_MODEL, MODEL)
TABLE_CONTRACTS = tuple(c for c in CONTRACTS.values() if c not in BUNDLE_CONTRACTS)
# What the staging step makes of the raw sales log (`gosales materialize --staging-only`).
STAGING = ("sales_log", "sales_log_rejects", "sales_ledger")
