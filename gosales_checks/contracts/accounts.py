"""Customers, their history, the calendar, the installed base, and what came in (SPEC section 1).

The CRM's tables are in `crm`.

Columns that are read from a source have the name of a field of its `columns` settings; the others
are derived. Metadata tells the reader that a text column names a division (it is read as a slug)
and that a column which is never null may be blank in the source (the table fills it).
"""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.enrichment import CUSTOMER_ENRICHMENT
from gosales_checks.contracts.star import SALES_LOG
from gosales_checks.verdicts.attributes import ATTRIBUTES_AS_STORED

SEGMENTS = ["warm", "cold", "prospect"]
DIVISION = {"kind": "division"}
FILLED = {"blank": "filled"}
COUNT = {"unit": "count"}


class DimCustomer(dy.Schema):
    """The roster as of the cutoff: sales log, asset register and CRM accounts."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    cutoff = dy.Date(description="As-of date.")
    customer_name = dy.String(nullable=True, description="CRM name, else the latest in the log.")
    segment = dy.String(
        check=lambda c: c.is_in(SEGMENTS),
        description="warm: bought within the warm window; cold: bought before or has an asset; "
        "prospect: neither.",
    )
    is_buyer = dy.Bool(description="Bought anything up to the cutoff, by the sales log.")
    has_asset = dy.Bool(description="An asset was purchased by the cutoff, expired ones too.")
    first_seen_date = dy.Date(nullable=True, description="First order; null without one.")
    last_seen_date = dy.Date(nullable=True, description="Latest order; null without one.")
    industry = dy.String(nullable=True, description="CRM industry, else of the directory.")
    sub_industry = dy.String(nullable=True, description="CRM sub-industry, else of the directory.")
    region = dy.String(nullable=True, description="CRM region, else of the latest line.")
    territory = dy.String(nullable=True, description="Territory.")
    rep = dy.String(nullable=True, description="CRM owner, else of the latest line.")

    @dy.rule()
    def seen_up_to_the_cutoff(cls):
        """Nothing after the cutoff is known."""
        return cls.last_seen_date.col.is_null() | (cls.last_seen_date.col <= cls.cutoff.col)

    @dy.rule()
    def prospects_have_nothing(cls):
        """A prospect has neither purchase nor asset, everyone else has one of them."""
        return (cls.segment.col == "prospect") == ~(cls.is_buyer.col | cls.has_asset.col)

    @dy.rule()
    def warm_customers_bought(cls):
        """A warm customer has a purchase."""
        return (cls.segment.col != "warm") | cls.is_buyer.col


class DimCustomerHistory(dy.Schema):
    """Versions of every customer's attributes as known at the cutoff."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    version_number = dy.Int32(
        primary_key=True, min=1, description="Counts the versions of a customer, oldest first."
    )
    cutoff = dy.Date(description="As-of date.")
    valid_from = dy.Date(nullable=True, description="First day; null from the beginning.")
    valid_to = dy.Date(nullable=True, description="First day no longer; null for the current one.")
    customer_name = dy.String(nullable=True, description="CRM name, else of the log by then.")
    industry = dy.String(nullable=True, description="Industry.")
    sub_industry = dy.String(nullable=True, description="Sub-industry.")
    region = dy.String(nullable=True, description="CRM region, else of the log by then.")
    territory = dy.String(nullable=True, description="Territory.")
    rep = dy.String(nullable=True, description="CRM owner, else of the log by then.")

    @dy.rule()
    def one_begins_a_day(cls):
        """No two versions of a customer begin on one day."""
        return ~pl.struct("customer_id", "valid_from").is_duplicated()

    @dy.rule()
    def one_current_version(cls):
        """Every customer has exactly one current version."""
        return cls.valid_to.col.is_null().sum().over("customer_id") == 1

    @dy.rule()
    def begins_before_it_ends(cls):
        """A version holds for at least a day."""
        return cls.valid_to.col > cls.valid_from.col

    @dy.rule()
    def known_at_the_cutoff(cls):
        """No version begins or ends after the cutoff."""
        days = pl.max_horizontal(cls.valid_from.col, cls.valid_to.col)
        return days <= cls.cutoff.col


class DimDate(dy.Schema):
    """The calendar as seen from one cutoff: the days behind it and those of its label window."""

    date = dy.Date(primary_key=True, description="Day.")
    cutoff = dy.Date(description="As-of date the days are seen from.")
    year = dy.Int32(description="Calendar year.")
    quarter = dy.Int8(min=1, max=4, description="Quarter.")
    month = dy.Int8(min=1, max=12, description="Month.")
    month_end = dy.Date(description="Last day of the month.")
    week = dy.Int8(min=1, max=53, description="ISO week.")
    week_year = dy.Int32(description="Year the ISO week belongs to.")
    weekday = dy.Int8(min=1, max=7, description="ISO day of the week; Monday is 1.")
    is_month_end = dy.Bool(description="Last day of its month.")
    is_quarter_end = dy.Bool(description="Last day of its quarter.")
    is_cutoff = dy.Bool(description="A cutoff of the calendar.")
    label_window = dy.String(
        nullable=True,
        description="`<cutoff>+<months>m` for days of the cutoff's label window; null before it.",
    )


class FactAssets(dy.Schema):
    """The installed base as known at the cutoff."""

    asset_id = dy.String(
        primary_key=True,
        description="Stable hash of the register's values, numbered among exact copies.",
    )
    customer_id = dy.String(description="Customer, leading zeros kept.")
    item = dy.String(description="What it is.")
    item_rollup = dy.String(
        description="What items are summed up to; the item where there is none.", metadata=FILLED
    )
    division = dy.String(description="Division, as a slug.", metadata=DIVISION)
    quantity = dy.Decimal(
        18, 3, nullable=True, min=0, description="Units.", metadata={"unit": "units"}
    )
    purchase_date = dy.Date(nullable=True, description="As the register says; may be unusable.")
    expiration_date = dy.Date(
        nullable=True, description="End of the term; known when the contract is signed."
    )
    is_on_subscription = dy.Bool(nullable=True, description="Bought as a subscription.")
    recorded_at = dy.Datetime(
        time_unit="us", nullable=True, description="When the register recorded it."
    )
    effective_purchase_date = dy.Date(
        nullable=True,
        description="Purchase date; where it is unusable, the median of the rollup as known at "
        "the cutoff, else of all assets; null where none is known.",
    )
    is_purchase_date_imputed = dy.Bool(description="The register's own date is unusable.")

    @dy.rule()
    def imputed_exactly_where_unusable(cls):
        """A date that is not imputed is the register's own."""
        own = cls.effective_purchase_date.col.eq_missing(cls.purchase_date.col)
        return cls.is_purchase_date_imputed.col | (own & cls.purchase_date.col.is_not_null())


class SourceRejects(dy.Schema):
    """Rows of the tables beside the sales log that cannot be used."""

    source = dy.String(primary_key=True, description="Setting of the source, as `crm_deals`.")
    source_file = dy.String(primary_key=True, description="File, relative to source.base_dir.")
    source_row = dy.Int64(
        primary_key=True, min=1, description="Row in the file; the header is row 1 of a CSV."
    )
    reason = dy.String(min_length=1, description="What is wrong, all findings.")
    raw = dy.String(description="The raw row: JSON of its columns, or the text.")


class SourceLedger(dy.Schema):
    """What came in from the tables beside the sales log and what became of it."""

    source = dy.String(primary_key=True, description="Setting of the source, as `crm_deals`.")
    rows_in = dy.Int64(min=0, description="Rows of its files.", metadata=COUNT)
    rows_kept = dy.Int64(min=0, description="Used at the cutoff.", metadata=COUNT)
    rows_rejected = dy.Int64(min=0, description="In source_rejects at it.", metadata=COUNT)
    rows_later = dy.Int64(
        min=0,
        description="Known only after it, or with nothing to say they were there by it.",
        metadata=COUNT,
    )

    @dy.rule()
    def nothing_is_lost(cls):
        """Every row of the files is accounted for."""
        known = cls.rows_kept.col + cls.rows_rejected.col + cls.rows_later.col
        return cls.rows_in.col == known


# Which rows name a division that there is: under fail_soft the others are left out.
DIVISIONS = ("divisions.slugs",)
SIDE_SOURCES = (
    "customers",
    "assets",
    "crm_contacts",
    "crm_deals",
    "do_not_contact",
    "rep_ownership",
    "surfacing_log",
    "list_outcomes",
)

FACT_ASSETS = Contract(
    name="fact_assets",
    schema=FactAssets,
    grain="one row per row of the asset register",
    group="accounts",
    made_by="accounts.fact_assets",
    partitioned_by="cutoff",
    settings=("source.assets",),
    settings_here=DIVISIONS,
    sources=("assets",),
    description="The installed base as known at the cutoff; empty without an asset register.",
)
DIM_CUSTOMER_HISTORY = Contract(
    name="dim_customer_history",
    schema=DimCustomerHistory,
    grain="one row per customer and span of days in which its attributes did not change",
    group="accounts",
    made_by="accounts.dim_customer_history",
    blocking_checks=(ATTRIBUTES_AS_STORED,),
    partitioned_by="cutoff",
    settings=("source.customers",),
    reads=(
        Read(SALES_LOG, "up_to_cutoff"),
        Read(FACT_ASSETS),
        Read(CUSTOMER_ENRICHMENT),
    ),
    sources=("customers",),
    description="Attribute history (type 2) as known at the cutoff; valid_from counts, valid_to "
    "does not.",
    open_columns=True,
)
DIM_CUSTOMER = Contract(
    name="dim_customer",
    schema=DimCustomer,
    grain="one row per customer",
    group="accounts",
    made_by="accounts.dim_customer",
    partitioned_by="cutoff",
    settings=("labels.warm_window_months",),
    reads=(
        Read(SALES_LOG, "up_to_cutoff"),
        Read(FACT_ASSETS),
        Read(DIM_CUSTOMER_HISTORY),
    ),
    description="The roster as of the cutoff, with attributes and segment.",
    open_columns=True,
)
DIM_DATE = Contract(
    name="dim_date",
    schema=DimDate,
    grain="one row per day, from the earliest legal order date to the end of the label window",
    group="star",
    made_by="accounts.dim_date",
    partitioned_by="cutoff",
    settings=(
        "source.sales_log.min_order_date",
        "labels.window_months",
        "calendar.start",
        "calendar.cadence_months",
        "calendar.end@window",
    ),
    description="The calendar as seen from one cutoff.",
)
SOURCE_REJECTS = Contract(
    name="source_rejects",
    schema=SourceRejects,
    grain="one row per unusable row of a table beside the sales log",
    group="raw",
    made_by="accounts.source_intake",
    partitioned_by="cutoff",
    settings=(*(f"source.{name}" for name in SIDE_SOURCES), *DIVISIONS),
    # It tells row numbers.
    sources=tuple(f"{name}@order" for name in SIDE_SOURCES),
    description="What could not be used of the tables beside the sales log, why, and the raw "
    "values. A row that no date places is there at every cutoff.",
)
SOURCE_LEDGER = Contract(
    name="source_ledger",
    schema=SourceLedger,
    grain="one row per configured source beside the sales log",
    group="raw",
    made_by="accounts.source_intake",
    partitioned_by="cutoff",
    settings=(*(f"source.{name}" for name in SIDE_SOURCES), *DIVISIONS),
    sources=SIDE_SOURCES,
    description="Rows in, kept, rejected and later, of every table beside the sales log.",
)
