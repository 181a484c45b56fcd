"""Everything decided about a source, ready to be written: one value object and what asks of it."""

from dataclasses import dataclass, field

from gosales.onboarding.accounts import AccountsFinding
from gosales.onboarding.finding import Finding
from gosales.onboarding.period import Period
from gosales.onboarding.sample import Sample
from gosales.onboarding.taxonomy import Taxonomy
from gosales.onboarding.wide import WideColumns

# Roles in the order they are written.
WRITTEN = (
    "customer_id",
    "customer_name",
    "order_date",
    "recorded_at",
    "invoice_id",
    "sku",
    "quantity",
    "revenue",
    "gross_profit",
    "unit_price",
    "discount",
    "rep",
    "branch",
    "region",
    "source_division",
    "currency",
    "conversion_rate",
)
# Of a long log the taxonomy says the division; the log's own is for routes.
WIDE_ALONE = ("source_division",)
LONG_ALONE = ("sku", "quantity", "revenue", "gross_profit", "unit_price", "discount")
MONEY_RULES = ("currency", "conversion_rate")


def written_roles(*, is_wide: bool, uses_currency: bool) -> list[str]:
    """List the roles that settings have columns for, in the order they are written.

    Examples
    --------
    >>> "currency" in written_roles(is_wide=True, uses_currency=False)
    False
    """
    dropped = set(LONG_ALONE if is_wide else WIDE_ALONE)
    dropped |= set() if uses_currency else set(MONEY_RULES)
    return [role for role in WRITTEN if role not in dropped]


@dataclass(frozen=True)
class InspectedFiles:
    """The files, and what a person has already decided about them."""

    log: str
    taxonomy: str | None = None
    customers: str | None = None
    rows: int = 5000
    given: dict[str, str] = field(default_factory=dict)
    """Role -> column."""
    date_formats: list[str] = field(default_factory=list)
    decimal: str | None = None
    home_currency: str | None = None
    sheet: str | None = None
    """Of a workbook; the first where not given."""
    table: str | None = None
    """Of a database file; its only one where not given."""
    leave_out: dict[str, list[str]] = field(default_factory=dict)
    """Column -> values of rows that are no sales."""
    negative: dict[str, list[str]] = field(default_factory=dict)
    """Column -> values of rows that take sales back."""
    keep: list[str] = field(default_factory=list)
    """Columns of kinds of rows that are all sales."""
    not_customers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Proposal:
    """What was found in the inputs."""

    inputs: InspectedFiles
    log: Sample
    looked_at: int
    """Rows whose dates, SKUs and divisions were counted: all."""
    layout: str | None
    """None where undecided; a long one is written then."""
    roles: dict[str, Finding]
    date_formats: Finding
    formats: list[str]
    decimal: Finding
    uses_currency: bool
    value: Finding
    amount: str
    """Of a wide log: what its amount columns hold."""
    wide: WideColumns | None
    ignored: list[str]
    period: Period | None
    taxonomy: Taxonomy
    taxonomy_sample: Sample | None
    accounts: AccountsFinding | None
    accounts_sample: Sample | None
    notes: list[Finding] = field(default_factory=list)
    """Everything else worth a line."""

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order a person reads them."""
        return [
            *self.roles.values(),
            self.date_formats,
            self.decimal,
            self.value,
            *self.notes,
            *(self.wide.findings if self.wide else []),
            *self.taxonomy.findings,
            *(self.accounts.findings if self.accounts else []),
        ]

    @property
    def open_decisions(self) -> list[Finding]:
        """What a person must decide before the settings are legal."""
        return [finding for finding in self.findings if finding.blocks]

    def column(self, role: str) -> str | None:
        """Return the column of a role."""
        finding = self.roles.get(role)
        return finding.value if finding and finding.certainty != "left out" else None
