"""Tables of the enrichment (SPEC section 1, "Enrichment"), part of the star schema."""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.star import SALES_LOG

SETTINGS = ("source.enrichment", "source.customers")
METHODS = ["pin", "id", "name", "fuzzy"]
DECIDERS = ["zip", "form"]
REASONS = [
    "no_name",
    "no_candidate",
    "below_threshold",
    "margin",
    "ambiguous",
    "conflict",
    "forbidden",
]
CENTS = {"unit": "cents"}
COUNT = {"unit": "count"}


def _score(description: str) -> dy.Float64:
    return dy.Float64(nullable=True, min=0, max=1, description=description)


def _value() -> dy.Int64:
    return dy.Int64(
        nullable=True,
        description="The configured value measure, all lines up to the cutoff; null if unknown.",
        metadata=CENTS,
    )


def _lines() -> dy.Int64:
    return dy.Int64(min=0, description="Lines up to the cutoff.", metadata=COUNT)


class CustomerEnrichment(dy.Schema):
    """Customers that were found in the directory."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    customer_name = dy.String(nullable=True, description="Name that was looked up.")
    enrichment_key = dy.String(description="Entry of the directory; one may serve several.")
    enrichment_name = dy.String(nullable=True, description="Name the entry has.")
    method = dy.String(
        check=lambda c: c.is_in(METHODS),
        description="How it was found: pin (by hand), id, name (equal in normal form), fuzzy.",
    )
    decided_by = dy.String(
        nullable=True,
        check=lambda c: c.is_in(DECIDERS),
        description="What decided between entries equally near: zip or legal form; else null.",
    )
    score = _score("Likeness of the names, 1 is equal; null where no name was compared.")
    runner_up_score = _score("Likeness of the next best entry that might be it; null if none.")
    industry = dy.String(nullable=True, description="Industry.")
    sub_industry = dy.String(nullable=True, description="Sub-industry.")
    value_cents = _value()
    line_count = _lines()

    @dy.rule()
    def scored_where_names_were_compared(cls):
        """A match by name has a score, one by hand or by id has none."""
        return cls.method.col.is_in(["name", "fuzzy"]) == cls.score.col.is_not_null()

    @dy.rule()
    def fuzzy_is_not_worse_than_its_runner_up_unless_something_decides(cls):
        """A fuzzy match is above its runner-up unless the zip or the legal form decided."""
        above = cls.score.col > cls.runner_up_score.col
        return (
            (cls.method.col != "fuzzy")
            | cls.decided_by.col.is_not_null()
            | cls.runner_up_score.col.is_null()
            | above
        )


class EnrichmentUnmatched(dy.Schema):
    """Customers that were not found, the most valuable first."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    customer_name = dy.String(nullable=True, description="Name that was looked up.")
    zip = dy.String(nullable=True, description="Zip or postal code that was looked up.")
    value_cents = _value()
    line_count = _lines()
    reason = dy.String(
        check=lambda c: c.is_in(REASONS),
        description="no_name; no_candidate; below_threshold; margin and ambiguous (several entries "
        "like it, or named like it, and no zip or legal form decides); conflict (near, but "
        "numbers, words, or zip and legal form tell them apart); forbidden (by hand).",
    )
    candidate_key = dy.String(nullable=True, description="Best entry that was looked at.")
    candidate_name = dy.String(nullable=True, description="Its name.")
    candidate_score = _score("Its likeness.")


CUSTOMER_ENRICHMENT = Contract(
    name="customer_enrichment",
    schema=CustomerEnrichment,
    grain="one row per customer found in the directory",
    group="enrichment",
    made_by="enrichment.enrichment",
    partitioned_by="cutoff",
    settings=SETTINGS,
    # What a customer is worth is shown and read by nobody.
    settings_here=("value",),
    reads=(Read(SALES_LOG, "up_to_cutoff"),),
    sources=("enrichment", "customers"),
    description="Which entry of the company directory a customer is, how that was found, and "
    "what the entry says. Empty without source.enrichment.",
    open_columns=True,
)
ENRICHMENT_UNMATCHED = Contract(
    name="enrichment_unmatched",
    schema=EnrichmentUnmatched,
    grain="one row per customer not found in the directory",
    group="enrichment",
    made_by="enrichment.enrichment",
    partitioned_by="cutoff",
    settings=SETTINGS,
    # What a customer is worth is shown and read by nobody.
    settings_here=("value",),
    reads=(Read(SALES_LOG, "up_to_cutoff"),),
    sources=("enrichment", "customers"),
    description="The customers that were not found, with the best candidate and the reason; the "
    "most valuable first. Empty without source.enrichment.",
)
