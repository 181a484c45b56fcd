"""Side tables of the features phase: what goes with what, and vectors of customers and SKUs.

Both look across divisions, so they are made once per cutoff; families of features read them.
"""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.accounts import FACT_ASSETS
from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.star import PURCHASE_HISTORY
from gosales_checks.verdicts.leakage import ROWS_END

COUNT = {"unit": "customers"}
FRACTION = {"unit": "fraction"}
KINDS = ["customer", "sku", "installed"]
# What their rows depend on beside their own settings; a family that is off has no rows.
SHARED = ("features.off", "labels.denylist")


class AffinityRules(dy.Schema):
    """SKU -> division, over the customers that had bought by the cutoff less the lag."""

    sku = dy.String(primary_key=True, description="Article bought.")
    division = dy.String(
        primary_key=True, description="Division, or set of SKUs, bought too; not the SKU's own."
    )
    cutoff = dy.Date(description="As-of date.")
    customer_count = dy.Int64(min=1, description="All customers.", metadata=COUNT)
    sku_customer_count = dy.Int64(min=1, description="Those with the SKU.", metadata=COUNT)
    division_customer_count = dy.Int64(
        min=1, description="Those with the division.", metadata=COUNT
    )
    both_customer_count = dy.Int64(min=1, description="Those with both.", metadata=COUNT)
    support = dy.Float64(min=0, max=1, description="P(sku and division).", metadata=FRACTION)
    confidence = dy.Float64(min=0, max=1, description="P(division | sku).", metadata=FRACTION)
    lift = dy.Float64(
        min_exclusive=0,
        description="P(division | sku) / P(division).",
        metadata={"unit": "ratio"},
    )
    leverage = dy.Float64(
        min=-1,
        max=1,
        description="P(sku and division) - P(sku) P(division).",
        metadata=FRACTION,
    )
    p_value = dy.Float64(
        min=0, max=1, description="One-sided Fisher exact test of lift above 1.", metadata=FRACTION
    )
    q_value = dy.Float64(
        min=0,
        max=1,
        description="Benjamini-Hochberg, over the rules of the division.",
        metadata=FRACTION,
    )
    is_significant = dy.Bool(description="q is at most `features.basket.max_q`: features use it.")

    @dy.rule()
    def both_are_some_of_each(cls):
        """Customers with both are among those with either."""
        either = pl.min_horizontal(cls.sku_customer_count.col, cls.division_customer_count.col)
        return cls.both_customer_count.col <= either

    @dy.rule()
    def q_is_not_below_p(cls):
        """Correcting for many tests never makes a rule more significant."""
        return cls.q_value.col >= cls.p_value.col


class Embeddings(dy.Schema):
    """Implicit-feedback factors, fitted anew at each cutoff."""

    kind = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(KINDS),
        description="customer, sku, or installed: a customer by what it has installed.",
    )
    id = dy.String(primary_key=True, description="customer_id, or SKU.")
    cutoff = dy.Date(description="As-of date.")
    factors = dy.List(
        dy.Float32(),
        description="Vector; not comparable across cutoffs, nor that of `installed` with the others.",
    )


AFFINITY_RULES = Contract(
    name="affinity_rules",
    schema=AffinityRules,
    grain="one row per SKU and other division that enough customers have both of",
    group="features",
    made_by="features.affinity_rules",
    blocking_checks=(ROWS_END,),
    partitioned_by="cutoff",
    settings=(*SHARED, "features.basket", "divisions.slugs"),
    settings_here=("divisions.sku_targets",),
    reads=(Read(PURCHASE_HISTORY, "up_to_cutoff"),),
    description="Market basket: which SKUs go with which divisions, and whether by chance. Empty "
    "where the family `basket` is off.",
)
EMBEDDINGS = Contract(
    name="embeddings",
    schema=Embeddings,
    grain="one row per customer or SKU with a purchase in the look-back window, and one per customer "
    "with an asset",
    group="features",
    made_by="features.embeddings",
    blocking_checks=(ROWS_END,),
    partitioned_by="cutoff",
    settings=(*SHARED, "features.als", "value"),
    reads=(Read(PURCHASE_HISTORY, "up_to_cutoff"), Read(FACT_ASSETS)),
    description="Factors of customers and SKUs from alternating least squares, and of customers by "
    "their installed base. Empty where the family `als` is off.",
)
