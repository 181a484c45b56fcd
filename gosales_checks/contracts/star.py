"""Tables of the star phase (SPEC section 1)."""

import dataframely as dy

from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.verdicts.ledger import RECONCILES
from gosales_checks.verdicts.reject_shares import WITHIN_BOUNDS
from gosales_checks.verdicts.restatement import AS_STORED

# How a raw row becomes lines, and in which increment. The list of divisions is not among them: a
# line's division is the taxonomy's (docs/adr/0007).
PARSING = ("source.sales_log", "source.taxonomy", "calendar.start", "calendar.cadence_months")
COUNT = {"unit": "count"}
SOURCE_AMOUNT = {"unit": "source currency"}


def _money(description: str) -> dy.Decimal:
    # Exact decimals: float sums depend on the order of addition, so on threads.
    return dy.Decimal(18, 2, nullable=True, description=description, metadata=MONEY)


def _cents(description: str) -> dy.Int64:
    return dy.Int64(nullable=True, description=description, metadata={"unit": "cents"})


def _source_amount(description: str) -> dy.Decimal:
    return dy.Decimal(18, 2, nullable=True, description=description, metadata=SOURCE_AMOUNT)


class SalesLog(dy.Schema):
    """Typed lines of the sales log that became visible in one increment."""

    transaction_id = dy.String(
        primary_key=True, description="Stable hash of the business key of the line."
    )
    customer_id = dy.String(description="Customer as in the source, leading zeros kept.")
    customer_name = dy.String(nullable=True, description="Name the row gives the customer.")
    order_date = dy.Date(description="Date of the order or invoice.")
    recorded_at = dy.Datetime(
        time_unit="us",
        nullable=True,
        description="When the source recorded the row; null if it does not say.",
    )
    visible_cutoff = dy.Date(description="First cutoff at which the line was known: its increment.")
    invoice_id = dy.String(description="Invoice or order number.")
    sku = dy.String(description="Article.")
    division = dy.String(description="Division by taxonomy and routes, as a slug.")
    family = dy.String(nullable=True, description="Product family of the taxonomy.")
    sale_type = dy.String(nullable=True, description="Sale type of the taxonomy.")
    quantity = dy.Decimal(
        18, 3, nullable=True, description="Units; negative for returns.", metadata={"unit": "units"}
    )
    revenue = _money("Revenue in home currency; null where the source has none.")
    gross_profit = _money("Gross profit in home currency; null where the source has none.")
    is_return = dy.Bool(
        description="Quantity below zero, or the amount where there is no quantity."
    )
    is_reversal = dy.Bool(
        description="Takes back an earlier version of a line that the source restated."
    )
    rep = dy.String(nullable=True, description="Sales representative.")
    branch = dy.String(nullable=True, description="Branch or store.")
    region = dy.String(nullable=True, description="Sales region.")
    zip = dy.String(nullable=True, description="Zip or postal code, as far as the source gives it.")
    currency = dy.String(nullable=True, description="Currency the row was written in.")
    revenue_source = _source_amount("Revenue as written, before conversion.")
    gross_profit_source = _source_amount("Gross profit as written, before conversion.")
    source_file = dy.String(description="File the line came from, relative to source.base_dir.")

    @dy.rule()
    def visible_not_before_ordered(cls):
        """No line is known before its order date."""
        return cls.visible_cutoff.col >= cls.order_date.col

    @dy.rule()
    def visible_not_before_recorded(cls):
        """No line is known before the source recorded it."""
        recorded = cls.recorded_at.col
        return recorded.is_null() | (recorded.dt.date() <= cls.visible_cutoff.col)

    @dy.rule()
    def some_amount(cls):
        """A line has a quantity or an amount."""
        return (
            cls.quantity.col.is_not_null()
            | cls.revenue.col.is_not_null()
            | cls.gross_profit.col.is_not_null()
        )


class SalesLogRejects(dy.Schema):
    """Raw rows, or lines of them, that could not be loaded, with reason and raw values."""

    source_file = dy.String(primary_key=True, description="File the row came from.")
    source_row = dy.Int64(
        primary_key=True, min=1, description="Row in the file; the header is row 1 of a CSV."
    )
    line = dy.String(
        primary_key=True, description="SKU of the rejected line; empty where the whole row is."
    )
    reject_id = dy.String(
        description="Names the row by its raw values; corrections refer to it, wherever it lies."
    )
    reason = dy.String(min_length=1, description="What is wrong, all findings.")
    raw = dy.String(description="The raw row: JSON of its filled columns, or the text.")
    line_count = dy.Int64(min=0, description="Lines rejected with it.", metadata=COUNT)
    quantity = dy.Decimal(
        18,
        3,
        nullable=True,
        description="Sum of its readable quantities.",
        metadata={"unit": "units"},
    )
    revenue_source = _source_amount("Sum of its readable revenue, as written.")
    gross_profit_source = _source_amount("Sum of its readable gross profit, as written.")


class SalesLedger(dy.Schema):
    """What came in and what became of it, per file and increment."""

    source_file = dy.String(primary_key=True, description="Raw file.")
    rows_in = dy.Int64(min=0, description="Raw rows booked in this increment.", metadata=COUNT)
    rows_loaded = dy.Int64(min=0, description="Rows with a loaded line.", metadata=COUNT)
    rows_rejected = dy.Int64(min=0, description="Rows without one.", metadata=COUNT)
    rows_duplicate = dy.Int64(
        min=0, description="Exact copies of an earlier row, left out.", metadata=COUNT
    )
    rows_left_out = dy.Int64(
        min=0,
        description="Rows that the settings leave out: not where, or of no customer.",
        metadata=COUNT,
    )
    lines_in = dy.Int64(min=0, description="Lines of all raw rows.", metadata=COUNT)
    lines_loaded = dy.Int64(min=0, description="Lines loaded.", metadata=COUNT)
    lines_rejected = dy.Int64(min=0, description="Lines rejected.", metadata=COUNT)
    lines_duplicate = dy.Int64(min=0, description="Lines of duplicate rows.", metadata=COUNT)
    lines_left_out = dy.Int64(min=0, description="Lines of rows that are left out.", metadata=COUNT)
    lines_reversal = dy.Int64(
        min=0, description="Lines that take back restated ones.", metadata=COUNT
    )
    quantity_in = dy.Decimal(18, 3, description="Readable quantity of all raw rows.")
    quantity_duplicate = dy.Decimal(18, 3, description="Of it in duplicate rows.")
    quantity_left_out = dy.Decimal(18, 3, description="Of it in rows that are left out.")
    quantity_reversal = dy.Decimal(18, 3, description="Quantity of lines taken back.")
    revenue_in = dy.Decimal(
        18, 2, description="Readable revenue of all raw rows, as written.", metadata=SOURCE_AMOUNT
    )
    revenue_duplicate = dy.Decimal(
        18, 2, description="Of it in duplicate rows.", metadata=SOURCE_AMOUNT
    )
    revenue_left_out = dy.Decimal(
        18, 2, description="Of it in rows that are left out.", metadata=SOURCE_AMOUNT
    )
    revenue_reversal = dy.Decimal(
        18, 2, description="Revenue of lines taken back.", metadata=SOURCE_AMOUNT
    )
    gross_profit_in = dy.Decimal(
        18,
        2,
        description="Readable gross profit of all raw rows, as written.",
        metadata=SOURCE_AMOUNT,
    )
    gross_profit_duplicate = dy.Decimal(
        18, 2, description="Of it in duplicate rows.", metadata=SOURCE_AMOUNT
    )
    gross_profit_left_out = dy.Decimal(
        18, 2, description="Of it in rows that are left out.", metadata=SOURCE_AMOUNT
    )
    gross_profit_reversal = dy.Decimal(
        18, 2, description="Gross profit of lines taken back.", metadata=SOURCE_AMOUNT
    )
    data_through = dy.Date(
        nullable=True,
        description="Latest day up to the cutoff that a row of the file became known.",
    )
    log_through = dy.Date(
        nullable=True,
        description="Latest day up to the cutoff that the log as a whole is known to cover: the "
        "cutoff itself where a later row shows that the log goes on. The same for all files.",
    )


class DimProduct(dy.Schema):
    """The taxonomy."""

    sku = dy.String(primary_key=True, description="Article.")
    division = dy.String(description="Division, as a slug; routes may send a line elsewhere.")
    family = dy.String(nullable=True, description="Product family.")
    sale_type = dy.String(nullable=True, description="Sale type.")
    is_target = dy.Bool(description="Its division gets a model.")


class FactTransactions(SalesLog):
    """Lines of one division that became visible in one increment."""


class PurchaseHistory(dy.Schema):
    """One increment aggregated: what features are summed from."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    sku = dy.String(primary_key=True, description="Article.")
    division = dy.String(primary_key=True, description="Division.")
    invoice_id = dy.String(primary_key=True, description="Invoice.")
    order_date = dy.Date(primary_key=True, description="Day of the order.")
    rep = dy.String(
        primary_key=True, description="Sales representative; empty where the source names none."
    )
    branch = dy.String(
        primary_key=True, description="Branch or store; empty where the source names none."
    )
    visible_cutoff = dy.Date(description="Increment in which it became known.")
    quantity = dy.Decimal(18, 3, nullable=True, description="Units, returns netted.")
    line_count = dy.Int64(description="Lines, those taken back deducted.", metadata=COUNT)
    return_count = dy.Int64(description="Of them returns, alike.", metadata=COUNT)
    revenue_cents = _cents("Revenue.")
    gross_profit_cents = _cents("Gross profit.")
    value_cents = _cents("The configured value measure.")
    returned_cents = _cents("Of it on return lines, so mostly negative.")
    margin_revenue_cents = _cents("Revenue of the lines that have a gross profit too.")
    margin_profit_cents = _cents("Gross profit of the lines that have a revenue too.")


SALES_LOG = Contract(
    name="sales_log",
    schema=SalesLog,
    grain="one row per line of the raw log, in the increment it became visible in",
    group="raw",
    made_by="star.sales_log_ingest",
    partitioned_by="cutoff",
    settings=PARSING,
    sources=("sales_log",),
    # Who reads the whole log does not read the division of its lines.
    settings_here=("source.taxonomy.routes@division",),
    description="The raw sales log as typed lines, wide and long sources alike.",
)
SALES_LOG_REJECTS = Contract(
    name="sales_log_rejects",
    schema=SalesLogRejects,
    grain="one row per rejected raw row or line",
    group="raw",
    made_by="star.sales_log_ingest",
    partitioned_by="cutoff",
    settings=PARSING,
    sources=("sales_log",),
    description="What could not be loaded, why, and the raw values.",
)
SALES_LEDGER = Contract(
    name="sales_ledger",
    schema=SalesLedger,
    grain="one row per raw file known by the cutoff",
    group="raw",
    made_by="star.sales_log_ingest",
    blocking_checks=(RECONCILES, WITHIN_BOUNDS, AS_STORED),
    partitioned_by="cutoff",
    settings=PARSING,
    sources=("sales_log",),
    description="Rows, lines, quantity and money in, loaded, rejected, duplicate and left out.",
)
DIM_PRODUCT = Contract(
    name="dim_product",
    schema=DimProduct,
    grain="one row per SKU",
    group="star",
    made_by="star.dim_product",
    partitioned_by="cutoff",
    # Sets of SKUs change no row; a SKU that is not there is told when it is made.
    settings=("source.taxonomy", "divisions.predictor_only", "divisions.sku_targets"),
    sources=("taxonomy",),
    description="The taxonomy: which division, family and sale type a SKU belongs to.",
)
FACT_TRANSACTIONS = Contract(
    name="fact_transactions",
    schema=FactTransactions,
    grain="one row per line of the division, in the increment it became visible in",
    group="star",
    made_by="star.fact_transactions",
    partitioned_by="division_cutoff",
    settings=("source.taxonomy.routes@division",),
    reads=(Read(SALES_LOG),),
    description="The fact table: lines by division and increment; returns stay as negative lines.",
)
PURCHASE_HISTORY = Contract(
    name="purchase_history",
    schema=PurchaseHistory,
    grain="one row per customer, SKU, division, invoice, day, rep and branch of the increment",
    group="star",
    made_by="star.purchase_history",
    partitioned_by="cutoff",
    settings=("value", "divisions.slugs"),
    reads=(Read(FACT_TRANSACTIONS),),
    description="The increment aggregated: what features are summed from.",
)
