"""Where raw data lies and how its columns map to ours; no code per source."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gosales_resources.settings.accounts import (
    AssetSource,
    ContactSource,
    DealSource,
    DoNotContactSource,
    OutcomeSource,
    RepOwnershipSource,
    SurfacingSource,
)
from gosales_resources.settings.base import StrictModel
from gosales_resources.settings.enrichment import (
    CoverageSettings,
    DirectoryColumns,
    MatchSettings,
    OverrideColumns,
)
from gosales_resources.settings.inputs import DateFormat, FileSource, TimeZone

# What an exact copy of a row is.
Duplicates = Literal["drop", "keep", "number"]


class LogColumns(StrictModel):
    """Source column of each identifier of the sales log; None where the source has none."""

    customer_id: str = Field(description="Customer identifier, kept as text.")
    order_date: str = Field(description="Date of the order or invoice.")
    invoice_id: str = Field(description="Invoice or order number.")
    recorded_at: str | None = Field(
        default=None, description="When the row was recorded in the source."
    )
    source_division: str | None = Field(
        default=None, description="The source's own division, for routes."
    )
    customer_name: str | None = Field(
        default=None,
        description="Name of the customer; its id in front, as in '497588 Crayola', is cut.",
    )
    line_number: str | None = Field(
        default=None, description="Number of the line in its invoice, where the source has one."
    )
    rep: str | None = Field(default=None, description="Sales representative.")
    branch: str | None = Field(default=None, description="Branch or store.")
    region: str | None = Field(default=None, description="Sales region.")
    zip: str | None = Field(default=None, description="Zip or postal code, or its first digits.")
    currency: str | None = Field(
        default=None, description="ISO currency code of the row's amounts."
    )
    conversion_rate: str | None = Field(default=None, description="The row's own conversion rate.")


class LongColumns(LogColumns):
    """Columns of a long log: one row per line."""

    sku: str = Field(description="Article number.")
    quantity: str | None = Field(default=None, description="Units; negative for returns.")
    revenue: str | None = Field(default=None, description="Revenue of the line.")
    gross_profit: str | None = Field(default=None, description="Gross profit of the line.")
    unit_price: str | None = Field(
        default=None,
        description="Price of one unit, where the source has no revenue: revenue is then unit price "
        "x quantity, less the discount, to the cent (half to even).",
    )
    discount: str | None = Field(
        default=None, description="Discount of the line, in discount_unit; with unit_price."
    )

    @model_validator(mode="after")
    def _some_amount(self) -> "LongColumns":
        if not (self.quantity or self.revenue or self.gross_profit):
            raise ValueError("name at least one of quantity, revenue, gross_profit")
        if self.unit_price and self.revenue:
            raise ValueError("name revenue or unit_price: a line has one revenue")
        if self.unit_price and not self.quantity:
            raise ValueError("unit_price needs quantity: revenue is unit price x quantity")
        if self.discount and not self.unit_price:
            raise ValueError("discount needs unit_price: a revenue as written has it in it already")
        return self


# As programs write that there is nothing. Not NA, NONE, - or 0, which are somebody's codes.
NULL_VALUES = (
    "NULL", "(null)", "<null>", "N/A", "#N/A", "<NA>", "NaN", "NaT", "(blank)", "#NULL!",
)  # fmt: skip


class SignSettings(StrictModel):
    """Which rows are returns where amounts are written without a sign."""

    column: str = Field(description="Column that says so, such as a document type.")
    negative: list[str] = Field(
        min_length=1,
        description="Its values for returns, in any case: their amounts and quantities are turned "
        "negative where they are positive.",
    )


class LogSource(FileSource):
    """What wide and long sales logs share."""

    date_formats: list[DateFormat] = Field(
        default=["%Y-%m-%d"],
        min_length=1,
        description="strptime formats; two that read one text as different dates make it a reject. "
        "One without a day (%Y-%m, %b %Y) stands for the last day of its month, one with %z for the "
        "day in the zone written, `serial` for the days that spreadsheets count.",
    )
    time_zone: TimeZone | None = Field(
        default=None,
        description="IANA zone that moments with an offset are told in before their day is taken; "
        "without it the day is that of each row's own offset.",
    )
    null_values: list[str] = Field(
        default=list(NULL_VALUES),
        description="Words that stand for nothing, in any case. In amounts one that begins with # "
        "is a failed formula and stays unreadable.",
    )
    sign: SignSettings | None = Field(
        default=None, description="Rows that are returns by a column's value."
    )
    not_customers: list[str] = Field(
        default_factory=list,
        description="Ids that are no customers, such as one of all walk-in sales; '' for a blank "
        "one. Their rows are counted in the ledger and in no fact.",
    )
    duplicates: Duplicates = Field(
        default="drop",
        description="What an exact copy of a row is: drop, the same row delivered twice; keep, one "
        "more row; number, one more row within a file, and the same row again in another file.",
    )
    decimal: Literal[".", ","] = Field(
        default=".", description="Decimal mark of money and quantities."
    )
    home_currency: str = Field(
        default="USD", description="Currency of all amounts after conversion."
    )
    conversion: Literal["divide", "multiply"] = Field(
        default="divide",
        description="How a row's rate turns its currency into the home currency: divide when the "
        "rate is foreign units per home unit (1.35 CAD per USD), multiply when the reverse.",
    )
    complete_through: dt.date | None = Field(
        default=None,
        description="Day up to which the log is known to be complete; without it, its latest date. "
        "A label window that ends later is censored.",
    )
    min_order_date: dt.date = Field(
        default=dt.date(1990, 1, 1), description="An earlier order date is a reject."
    )
    line_key: list[Literal["customer_id", "invoice_id", "sku", "order_date", "line_number"]] = (
        Field(
            default_factory=list,
            description="What names a line in all its versions, where the source keeps them: a row of "
            "the same key recorded later restates the earlier, which is taken back in the increment "
            "of the later. Needs columns.recorded_at.",
        )
    )
    corrections: str | None = Field(
        default=None,
        description="CSV of corrected cells of rejected rows: reject_id, column, value; relative "
        "to source.base_dir. They are loaded as if the source had said so.",
    )

    @model_validator(mode="after")
    def _versions_need_a_time(self) -> "LogSource":
        columns = getattr(self, "columns", None)
        if self.line_key and columns is not None:
            if columns.recorded_at is None:
                raise ValueError("line_key needs columns.recorded_at: which version is the later?")
            if "line_number" in self.line_key and columns.line_number is None:
                raise ValueError("line_key names line_number; map columns.line_number")
        return self


class WideLog(LogSource):
    """The ERP's own export: one row per invoice line group, a pair of columns for each SKU."""

    layout: Literal["wide"]
    columns: LogColumns
    quantity_suffix: str = Field(default="_Qty", description="Suffix of a SKU's quantity column.")
    amount: Literal["gross_profit", "revenue"] = Field(
        default="gross_profit", description="What a SKU's amount column holds."
    )
    aliases: dict[str, str] = Field(
        default_factory=dict, description="Amount column header -> SKU, where they differ."
    )
    ignored_columns: list[str] = Field(
        default_factory=list, description="Columns that are neither identifiers nor SKUs."
    )


class LongLog(LogSource):
    """One row per line."""

    layout: Literal["long"]
    columns: LongColumns
    discount_unit: Literal["fraction", "percent", "amount"] = Field(
        default="fraction",
        description="What columns.discount holds: a fraction (0.1), a percentage (10), or money "
        "taken off the line. A cell written with % is a percentage.",
    )


class TaxonomyColumns(StrictModel):
    """Source column of each taxonomy field."""

    sku: str = "sku"
    division: str = "division"
    family: str | None = "family"
    sale_type: str | None = "sale_type"


class DivisionRoute(StrictModel):
    """Send one SKU to a division depending on the source's own division column."""

    sku: str = Field(description="The SKU that is routed.")
    when_source_division: str = Field(description="The source's division (compared as slugs).")
    division: str = Field(description="The division the line then belongs to.")


class TaxonomySource(FileSource):
    """Maps each SKU to its division, family and sale type."""

    columns: TaxonomyColumns = Field(default_factory=TaxonomyColumns)
    routes: list[DivisionRoute] = Field(default_factory=list)


class CustomerColumns(StrictModel):
    """Source column of each customer field."""

    customer_id: str = "customer_id"
    customer_name: str | None = None
    industry: str | None = None
    sub_industry: str | None = None
    region: str | None = None
    territory: str | None = None
    rep: str | None = None
    zip: str | None = None
    known_since: str | None = Field(
        default=None,
        description="Date from which the account was known. Without it an account that has not "
        "bought yet is taken as known at every cutoff.",
    )
    valid_from: str | None = Field(
        default=None,
        description="First day on which the row's attributes hold: the table then has several "
        "dated versions of an account. Blank: from the beginning.",
    )


class CustomerSource(FileSource):
    """CRM accounts: the roster beyond the sales log, and attributes for features."""

    columns: CustomerColumns = Field(default_factory=CustomerColumns)
    date_formats: list[DateFormat] = Field(default=["%Y-%m-%d"], min_length=1)
    numeric_attributes: list[str] = Field(
        default_factory=list,
        description="Columns used as numbers. Map only what was known at the cutoff: never a last "
        "order year or a lifetime total.",
    )
    categorical_attributes: list[str] = Field(
        default_factory=list, description="Columns used as categories (top-N indicators)."
    )


class OverrideSource(FileSource):
    """Matches by hand: one row per customer and entry; action is pin or forbid."""

    columns: OverrideColumns = Field(default_factory=OverrideColumns)


class EnrichmentSource(FileSource):
    """A company directory: industry and more of companies, found by id or by name."""

    columns: DirectoryColumns = Field(default_factory=DirectoryColumns)
    numeric_attributes: list[str] = Field(
        default_factory=list, description="Further columns carried along as numbers."
    )
    categorical_attributes: list[str] = Field(
        default_factory=list, description="Further columns carried along as text."
    )
    overrides: OverrideSource | None = Field(
        default=None, description="A file of matches that are pinned or forbidden by hand."
    )
    match: MatchSettings = Field(default_factory=MatchSettings)
    coverage: CoverageSettings = Field(default_factory=CoverageSettings)


class SourceSettings(StrictModel):
    """All raw inputs."""

    base_dir: str = Field(default=".", description="Folder that relative paths start from.")
    sales_log: Annotated[WideLog | LongLog, Field(discriminator="layout")]
    taxonomy: TaxonomySource
    customers: CustomerSource | None = None
    enrichment: EnrichmentSource | None = Field(
        default=None, description="A company directory that customers are looked up in by name."
    )
    assets: AssetSource | None = None
    crm_contacts: ContactSource | None = None
    crm_deals: DealSource | None = None
    do_not_contact: DoNotContactSource | None = None
    rep_ownership: RepOwnershipSource | None = None
    surfacing_log: SurfacingSource | None = None
    list_outcomes: OutcomeSource | None = None
