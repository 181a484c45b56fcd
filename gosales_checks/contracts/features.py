"""Tables of the features phase (SPEC section 3).

Feature columns themselves are declared by the families in `gosales_assets/features`; the contract
holds what is true of every feature table.
"""

import dataframely as dy

from gosales_checks.contracts.accounts import DIM_CUSTOMER, FACT_ASSETS
from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_checks.contracts.star import PURCHASE_HISTORY

# What the windows of features are made with; SKUs on the denylist count in none of them.
WINDOWS = ("features", "labels.window_months", "labels.denylist", "labels.mode")
# The world as it was known at the cutoff: what every family may look at.
AS_OF = (
    Read(PURCHASE_HISTORY, "up_to_cutoff"),
    Read(DIM_CUSTOMER),
    Read(FACT_ASSETS),
    Read(AFFINITY_RULES),
    Read(EMBEDDINGS),
)
SEGMENTS = ["warm", "cold", "prospect"]


class CustomerFeatures(dy.Schema):
    """Scope `all`: the customer over all divisions."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")


class DivisionFeatures(dy.Schema):
    """Scope `div`: the customer in one division."""

    division = dy.String(primary_key=True, description="Target division.")
    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    cutoff = dy.Date(description="As-of date.")
    is_whitespace = dy.Bool(description="Never bought in the division up to the cutoff.")


class Features(dy.Schema):
    """One target's table, both scopes: what training and scoring both read."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    is_whitespace = dy.Bool(description="Never bought in the division up to the cutoff.")


CUSTOMER_FEATURES = Contract(
    name="customer_features",
    schema=CustomerFeatures,
    grain="one row per customer of the population",
    phase="features",
    partitioned_by="cutoff",
    settings=(*WINDOWS, "divisions.slugs"),
    reads=AS_OF,
    description="Features over all divisions as of the cutoff, shared by all targets.",
    open_columns=True,
)
DIVISION_FEATURES = Contract(
    name="division_features",
    schema=DivisionFeatures,
    grain="one row per target division and customer of the population",
    phase="features",
    partitioned_by="cutoff",
    settings=WINDOWS,
    # One target more or less is rows of its own: the others' tables read theirs alone.
    settings_here=("divisions.targets",),
    reads=AS_OF,
    description="Features within each target division as of the cutoff, in one pass.",
    open_columns=True,
)
FEATURES = Contract(
    name="features",
    schema=Features,
    grain="one row per customer of the population",
    phase="features",
    partitioned_by="target_cutoff",
    reads=(Read(CUSTOMER_FEATURES), Read(DIVISION_FEATURES)),
    description="One target's feature table: what its model trains on and scores.",
    open_columns=True,
)
