"""Tables of the features phase (SPEC section 3).

Feature columns themselves are declared by the families in `gosales_assets/features`; the contract
holds what is true of every feature table.
"""

import itertools

import dataframely as dy
import polars as pl

from gosales_checks.contracts.accounts import DIM_CUSTOMER, FACT_ASSETS
from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.signals import AFFINITY_RULES, EMBEDDINGS
from gosales_checks.contracts.star import PURCHASE_HISTORY
from gosales_checks.verdicts.allowed_code import ALLOWED_CODE
from gosales_checks.verdicts.leakage import LINEAGE_ENDS, ROWS_END

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
SCOPES = ["all", "div"]
SEGMENTS = ["warm", "cold", "prospect"]


class CustomerFeatures(dy.Schema):
    """Scope `all`: the customer over all divisions."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")


class DivisionFeatures(dy.Schema):
    """Scope `div`: the customer in one target."""

    division = dy.String(
        primary_key=True, description="Target: a division, or a named set of SKUs."
    )
    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    cutoff = dy.Date(description="As-of date.")
    is_whitespace = dy.Bool(description="Never bought the target up to the cutoff.")


class Features(dy.Schema):
    """One target's table, both scopes: what training and scoring both read."""

    customer_id = dy.String(primary_key=True, description="Customer of the population.")
    division = dy.String(description="Target: a division, or a named set of SKUs.")
    cutoff = dy.Date(description="As-of date.")
    segment = dy.String(check=lambda c: c.is_in(SEGMENTS), description="warm, cold or prospect.")
    is_whitespace = dy.Bool(description="Never bought the target up to the cutoff.")


def _quantile(description: str) -> dy.Float64:
    return dy.Float64(nullable=True, description=description)


class FeatureCatalog(dy.Schema):
    """What features there are, and how widely each is known."""

    feature = dy.String(primary_key=True, description="Column name in the feature tables.")
    position = dy.Int32(min=0, description="Place among the features of a target's table.")
    family = dy.String(description="Family; `features.off` turns families off.")
    scope = dy.String(
        check=lambda c: c.is_in(SCOPES),
        description="all: over all divisions; div: within the target.",
    )
    measure = dy.String(description="What is measured.")
    window = dy.String(description="Over which time; asof: at the cutoff.")
    description = dy.String(min_length=1, description="The definition, for people.")
    unit = dy.String(min_length=1, description="Unit of the values.")
    dtype = dy.String(description="Type of the column.")
    absent = dy.String(
        description="What a customer without any row to compute it from has; unknown is null."
    )
    row_count = dy.Int64(
        min=0, description="Customers, of scope div times targets.", metadata={"unit": "count"}
    )
    known_count = dy.Int64(min=0, description="Of them not null.", metadata={"unit": "count"})
    coverage_frac = dy.Float64(
        nullable=True, min=0, max=1, description="Known over all; null of an empty population."
    )

    @dy.rule()
    def known_are_among_all(cls):
        """No more values are known than there are."""
        return cls.known_count.col <= cls.row_count.col


class FeatureStats(dy.Schema):
    """How the values of each feature are spread at the cutoff."""

    feature = dy.String(primary_key=True, description="Column name in the feature tables.")
    division = dy.String(
        primary_key=True, description="Target division; empty for features over all divisions."
    )
    row_count = dy.Int64(
        min=0, description="Customers of the population.", metadata={"unit": "count"}
    )
    known_count = dy.Int64(min=0, description="Of them not null.", metadata={"unit": "count"})
    coverage_frac = dy.Float64(
        nullable=True, min=0, max=1, description="Known over all; null of an empty population."
    )
    zero_count = dy.Int64(
        nullable=True, min=0, description="Zeros; null of categories.", metadata={"unit": "count"}
    )
    min = _quantile("Smallest value; quantiles are values that occur, null of categories.")
    q01 = _quantile("1 % quantile.")
    q05 = _quantile("5 % quantile.")
    q25 = _quantile("25 % quantile.")
    q50 = _quantile("Median.")
    q75 = _quantile("75 % quantile.")
    q95 = _quantile("95 % quantile.")
    q99 = _quantile("99 % quantile.")
    max = _quantile("Largest value.")
    checksum = dy.String(description="Of all values in their order: equal columns have the same.")

    @dy.rule()
    def no_more_known_than_rows(cls):
        """No more values are known than there are."""
        return cls.known_count.col <= cls.row_count.col

    @dy.rule()
    def quantiles_rise(cls):
        """A higher quantile is no smaller value."""
        order = [cls.min, cls.q01, cls.q05, cls.q25, cls.q50, cls.q75, cls.q95, cls.q99, cls.max]
        steps = [a.col <= b.col for a, b in itertools.pairwise(order)]
        return pl.all_horizontal(steps).fill_null(value=True)


CUSTOMER_FEATURES = Contract(
    name="customer_features",
    schema=CustomerFeatures,
    grain="one row per customer of the population",
    group="features",
    made_by="features.scoped_features",
    blocking_checks=(ROWS_END, LINEAGE_ENDS, ALLOWED_CODE),
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
    group="features",
    made_by="features.scoped_features",
    blocking_checks=(ROWS_END, LINEAGE_ENDS, ALLOWED_CODE),
    partitioned_by="cutoff",
    settings=WINDOWS,
    # One target more or less is rows of its own: the others' tables read theirs alone.
    settings_here=("divisions.targets", "divisions.sku_targets"),
    reads=AS_OF,
    description="Features within each target division as of the cutoff, in one pass.",
    open_columns=True,
)
FEATURES = Contract(
    name="features",
    schema=Features,
    grain="one row per customer of the population",
    group="features",
    made_by="features.features",
    blocking_checks=(LINEAGE_ENDS,),
    partitioned_by="target_cutoff",
    settings=("divisions.sku_targets@division",),
    reads=(Read(CUSTOMER_FEATURES), Read(DIVISION_FEATURES)),
    description="One target's feature table: what its model trains on and scores. Features over "
    "all divisions are stored in customer_features alone and joined when the table is read.",
    open_columns=True,
    shares_columns_of=CUSTOMER_FEATURES,
)
FEATURE_CATALOG = Contract(
    name="feature_catalog",
    schema=FeatureCatalog,
    grain="one row per feature",
    group="features",
    made_by="features.feature_figures",
    partitioned_by="cutoff",
    settings_here=("divisions.targets",),
    reads=(Read(CUSTOMER_FEATURES), Read(DIVISION_FEATURES)),
    description="Every feature of the cutoff: name, family, definition, unit, how widely known.",
)
FEATURE_STATS = Contract(
    name="feature_stats",
    schema=FeatureStats,
    grain="one row per feature and target division",
    group="features",
    made_by="features.feature_figures",
    partitioned_by="cutoff",
    settings_here=("divisions.targets",),
    reads=(Read(CUSTOMER_FEATURES), Read(DIVISION_FEATURES)),
    description="Coverage, zeros, quantiles and checksum of every feature at the cutoff.",
)
