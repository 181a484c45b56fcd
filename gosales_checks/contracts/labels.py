"""Tables of the labels phase (SPEC section 2)."""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.accounts import DIM_CUSTOMER
from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.star import FACT_TRANSACTIONS, SALES_LEDGER

# How long a label window is, and can become.
WINDOW = ("labels.window_months", "labels.min_positive_target", "labels.max_window_months")
COUNT = {"unit": "count"}
COHORTS = ("is_new_logo", "is_expansion", "is_renewal_like")


class CutoffMetadata(dy.Schema):
    """One row: what is known of a cutoff's label window."""

    cutoff = dy.Date(primary_key=True, description="As-of date; its day is history.")
    window_months = dy.Int32(
        min=1, description="Length of the label window.", metadata={"unit": "months"}
    )
    window_end = dy.Date(description="Last day of the label window, not widened.")
    widest_window_end = dy.Date(
        description="Last day of the widest window that a target may have; the same unless "
        "labels.min_positive_target is set."
    )
    data_through = dy.Date(
        nullable=True,
        description="Latest day up to the end of the widest window that the log is known to "
        "cover; null without any data.",
    )
    is_censored = dy.Bool(description="The data ends before the label window, not widened, does.")
    customer_count = dy.Int64(
        min=0, description="Customers on the roster.", metadata={"unit": "count"}
    )
    buyer_count = dy.Int64(
        min=0, description="Of them with any purchase up to the cutoff.", metadata={"unit": "count"}
    )

    @dy.rule()
    def window_ends_after_cutoff(cls):
        """A label window lies after its cutoff."""
        return cls.window_end.col > cls.cutoff.col

    @dy.rule()
    def widest_is_no_narrower(cls):
        """A widened window ends no earlier."""
        return cls.widest_window_end.col >= cls.window_end.col

    @dy.rule()
    def buyers_are_on_the_roster(cls):
        """No more buyers than customers."""
        return cls.buyer_count.col <= cls.customer_count.col


class Labels(dy.Schema):
    """Whether a customer bought a target after the cutoff."""

    customer_id = dy.String(
        primary_key=True, description="Customer of the population at the cutoff."
    )
    division = dy.String(description="Target: a division, or a named set of SKUs.")
    cutoff = dy.Date(description="As-of date.")
    label = dy.Int8(
        is_in=[0, 1],
        description="1 if the net value of the target over the window exceeds the threshold; "
        "counts what was known when the window ended, or so far if censored.",
    )
    net_value_window = dy.Float64(
        description="Net value in the window, returns netted, denylisted SKUs left out.",
        metadata=MONEY,
    )
    first_purchase_date = dy.Date(
        nullable=True, description="First purchase in the window; null if none."
    )
    is_new_logo = dy.Bool(description="Bought nothing up to the cutoff.")
    is_expansion = dy.Bool(description="Bought before, never this target: the whitespace.")
    is_renewal_like = dy.Bool(description="Bought this target before.")
    is_censored = dy.Bool(
        description="The data ends before the window does: never train or validate on it."
    )
    window_months = dy.Int32(
        min=1,
        description="Length of the window, widened where there were too few positives.",
        metadata={"unit": "months"},
    )
    window_end = dy.Date(
        description="Last day of the label window: learnt from at a cutoff on or after it."
    )

    @dy.rule()
    def exactly_one_cohort(cls):
        """Each customer is in one cohort."""
        return (
            cls.is_new_logo.col.cast(int)
            + cls.is_expansion.col.cast(int)
            + cls.is_renewal_like.col.cast(int)
        ) == 1

    @dy.rule()
    def first_purchase_lies_in_the_window(cls):
        """The first purchase of the window is after the cutoff and not after its end."""
        day = cls.first_purchase_date.col
        return day.is_null() | ((day > cls.cutoff.col) & (day <= cls.window_end.col))


class Prevalence(dy.Schema):
    """How many buy, by target and cohort, at one cutoff."""

    division = dy.String(primary_key=True, description="Target: a division, or a set of SKUs.")
    cohort = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(["all", *COHORTS]),
        description="Customers of one cohort, or all.",
    )
    cutoff = dy.Date(description="As-of date.")
    population = dy.Int64(min=0, description="Customers.", metadata=COUNT)
    positives = dy.Int64(min=0, description="Of them with label 1.", metadata=COUNT)
    prevalence_frac = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="Share of them; null without customers.",
        metadata={"unit": "fraction"},
    )
    net_value_window = dy.Float64(description="Net value of their windows.", metadata=MONEY)
    is_censored = dy.Bool(
        nullable=True,
        description="The data ends before the window does: these are figures so far; null without "
        "customers, like the two columns after it.",
    )
    window_months = dy.Int32(
        nullable=True, min=1, description="Length of the window.", metadata={"unit": "months"}
    )
    window_end = dy.Date(nullable=True, description="Last day of the label window.")

    @dy.rule()
    def positives_are_of_the_population(cls):
        """No more positives than customers."""
        return cls.positives.col <= cls.population.col

    @dy.rule()
    def cohorts_add_up(cls):
        """The cohorts make up all customers and all positives."""
        part = pl.when(cls.cohort.col == "all").then(1).otherwise(-1)
        counts = (cls.population.col, cls.positives.col)
        return pl.all_horizontal((part * n).sum().over(cls.division.col) == 0 for n in counts)


class LabelAudit(dy.Schema):
    """Labels beside a recount of the raw sales log by another way."""

    division = dy.String(primary_key=True, description="Target: a division, or a set of SKUs.")
    cutoff = dy.Date(description="As-of date.")
    population = dy.Int64(min=0, description="Customers that have a label.", metadata=COUNT)
    positives = dy.Int64(min=0, description="Of them with label 1.", metadata=COUNT)
    positives_recounted = dy.Int64(
        nullable=True,
        min=0,
        description="Of them positive by the raw log; null where there is nothing to compare.",
        metadata=COUNT,
    )
    net_value_window = dy.Float64(
        nullable=True, description="Sum of the labels' net values.", metadata=MONEY
    )
    net_value_recounted = dy.Float64(
        nullable=True, description="The same by the raw log.", metadata=MONEY
    )
    rounded_line_count = dy.Int64(
        min=0,
        description="Lines that were converted, or written with fractions of a cent: each may be "
        "off by a cent.",
        metadata=COUNT,
    )
    differing_customers = dy.Int64(
        min=0, description="Customers whose value or label differs beyond that.", metadata=COUNT
    )
    example = dy.String(nullable=True, description="The first of them, with both values.")
    status = dy.String(
        check=lambda c: c.is_in(["agrees", "differs", "censored", "empty", "off"]),
        description="The outcome; off, or why there is nothing to compare.",
    )

    @dy.rule()
    def who_differs_is_told(cls):
        """A difference has its status and an example, and nothing else has."""
        differs = cls.status.col == "differs"
        return (differs == (cls.differing_customers.col > 0)) & (
            differs == cls.example.col.is_not_null()
        )


CUTOFF_METADATA = Contract(
    name="cutoff_metadata",
    schema=CutoffMetadata,
    grain="one row",
    group="labels",
    made_by="labels.cutoff_metadata",
    partitioned_by="cutoff",
    settings=(
        *WINDOW,
        "source.sales_log.complete_through@window",
        # Ledgers after it do not exist.
        "calendar.end@window",
    ),
    reads=(Read(SALES_LEDGER, "label_window", may_be_missing=True), Read(DIM_CUSTOMER)),
    description="The label window of a cutoff and whether the data covers it.",
)
LABELS = Contract(
    name="labels",
    schema=Labels,
    grain="one row per customer of the population",
    group="labels",
    made_by="labels.labels",
    partitioned_by="target_cutoff",
    settings=(
        *WINDOW,
        "value",
        "labels.mode",
        "labels.gp_min_threshold",
        "labels.denylist@division",
        "divisions.sku_targets@division",
    ),
    reads=(
        Read(FACT_TRANSACTIONS, "up_to_window_end", may_be_missing=True),
        Read(CUTOFF_METADATA),
        Read(DIM_CUSTOMER),
    ),
    description="Leakage-safe labels: who bought the target in (cutoff, cutoff + window].",
)
PREVALENCE = Contract(
    name="prevalence",
    schema=Prevalence,
    grain="one row per target and cohort, and one per target over all cohorts",
    group="labels",
    made_by="labels.prevalence",
    partitioned_by="cutoff",
    settings=("divisions.targets",),
    reads=(Read(LABELS),),
    description="How many customers buy each target after the cutoff, by cohort.",
)
LABEL_AUDIT = Contract(
    name="label_audit",
    schema=LabelAudit,
    grain="one row per target",
    group="labels",
    made_by="labels.label_audit",
    partitioned_by="cutoff",
    settings=("divisions.targets", "labels.audit"),
    reads=(
        Read(LABELS),
        # What is recounted is the raw log itself: it is stale when the rows that came in are others.
        Read(SALES_LEDGER, "label_window", may_be_missing=True, is_loaded=False),
    ),
    description="The labels recounted straight from the raw sales log by another way.",
)
