"""What a sample tells: layout, roles, SKU columns; and what has to be counted over all rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from gosales.onboarding.amounts import settle_amount
from gosales.onboarding.finding import Finding
from gosales.onboarding.id_spellings import weigh_spellings
from gosales.onboarding.measures import MONEY
from gosales.onboarding.profile import Profile, profile
from gosales.onboarding.proposal import InspectedFiles
from gosales.onboarding.relations import HOLDS, determines
from gosales.onboarding.roles import GIVEN_ROLES, IDENTIFIERS, LONG_ROLES, assign_roles
from gosales.onboarding.sample import Sample
from gosales.onboarding.taxonomy import MOST_DIVISIONS
from gosales.onboarding.totals import Totals
from gosales.onboarding.wide import FEWEST_SPARSE, WideColumns, find_sku_columns, find_suffix
from gosales.onboarding.words import decoy_of
from gosales_resources.errors import SettingsError, nearest
from gosales_resources.sources.cells import text

PRODUCT_NAME = "product name"
# So many columns are looked through for signs of currencies.
MOST_AMOUNTS = 50


@dataclass(frozen=True)
class Draft:
    """What a sample told."""

    sample: Sample
    profiles: Mapping[str, Profile]
    layout: str | None
    roles: dict[str, Finding]
    wide: WideColumns | None
    refused: list[Finding]
    """Columns named like a role whose values speak against it."""

    def column(self, role: str) -> str | None:
        """Return the column of a role."""
        finding = self.roles.get(role)
        return finding.value if finding else None

    @property
    def division(self) -> str | None:
        """The long log's own division column, where it has few enough values to be one."""
        column = self.column("source_division") or self.column("family")
        if self.layout == "wide" or column is None:
            return None
        return column if 2 <= self.profiles[column].distinct <= MOST_DIVISIONS else None

    @property
    def sku_columns(self) -> list[str]:
        """SKU, division, family and product name of a long log, those there are."""
        division = self.division
        family = self.column("family") if division else None
        names = [n for n in self.profiles if decoy_of(n) == PRODUCT_NAME]
        found = [self.column("sku"), division, family, *names[: 0 if division else 1]]
        return list(dict.fromkeys(c for c in found if c))

    @property
    def currency_columns(self) -> list[str]:
        """Currency and rate, those there are; none without a currency."""
        currency, rate = self.column("currency"), self.column("conversion_rate")
        return [c for c in (currency, rate) if c] if currency else []

    @property
    def amounts(self) -> list[str]:
        """Columns of money; of a wide log with very many, the first."""
        if self.wide:
            return [*self.wide.amounts.values()][:MOST_AMOUNTS]
        return [c for role in (*MONEY, "unit_price") if (c := self.column(role))]

    @property
    def unseen(self) -> list[str]:
        """Columns of a wide log that are empty in the sample and may be a new SKU's."""
        if self.wide is None:
            return []
        known = self.wide.columns | {f.value for f in self.roles.values()}
        return [n for n, p in self.profiles.items() if p.kind == "empty" and n not in known]

    def totals(self) -> Totals:
        """Say what is counted over all rows."""
        dates = [c for c in (self.column("order_date"), self.column("recorded_at")) if c]
        groups = [self.currency_columns, *([name] for name in self.unseen)]
        if self.column("sku"):
            groups.append(self.sku_columns)
        return Totals(dates, self.amounts, [columns for columns in groups if columns])


def draft_of(inputs: InspectedFiles, sample: Sample, skus: set[str]) -> Draft:
    """Decide layout and roles.

    Parameters
    ----------
    inputs
        What a person has decided.
    sample
        Rows of the log.
    skus
        Columns that a taxonomy calls SKUs.

    Raises
    ------
    SettingsError
        When a person gave a role or a column that is not there.
    """
    _check_given(inputs, sample)
    frame = sample.frame
    profiles = {name: profile(frame, name) for name in sample.header}
    long = assign_roles(frame, profiles, LONG_ROLES, inputs.given)
    suffix, pairs = find_suffix(sample.header)
    layout = _layout(long.roles, profiles, pairs + len(skus))
    if layout != "wide":
        roles = _with_dependencies(settle_amount(long, frame, profiles), frame)
        roles = weigh_spellings(roles, frame)
        return Draft(sample, profiles, layout, roles, None, long.refused)
    quantities = {n for n in profiles if suffix and n.endswith(suffix)}
    pairs_of = {n for n in profiles if n in skus or f"{n}{suffix}" in quantities}
    free = {n: p for n, p in profiles.items() if n not in quantities | pairs_of}
    found = assign_roles(frame, free, IDENTIFIERS, inputs.given)
    taken = {f.value for f in found.roles.values() if f.value} | {n for n in free if decoy_of(n)}
    wide = find_sku_columns(frame, profiles, suffix, taken, skus)
    roles = weigh_spellings(_with_dependencies(found.roles, frame), frame)
    return Draft(sample, profiles, "wide", roles, wide, found.refused)


def _layout(long: Mapping[str, Finding], profiles: Mapping[str, Profile], pairs: int) -> str | None:
    has_sku = long["sku"].value is not None and long["sku"].certainty == "sure"
    if pairs and not has_sku:
        return "wide"
    sparse = [p for p in profiles.values() if p.kind == "number" and p.is_sparse]
    if not has_sku and len(sparse) >= FEWEST_SPARSE:
        return "wide"
    return "long" if long["sku"].value else None


def _with_dependencies(roles: dict[str, Finding], frame: pl.DataFrame) -> dict[str, Finding]:
    """Hold identifiers to each other: an invoice has one customer, an id one name."""
    told = dict(roles)
    customer, name, invoice = (
        roles[r].value if r in roles else None
        for r in ("customer_id", "customer_name", "invoice_id")
    )
    if customer and invoice:
        share = determines(frame, invoice, customer)
        seen = f"{share:.1%} of the invoices have one customer"
        told["invoice_id"] = _weighed(roles["invoice_id"], seen, holds=share >= HOLDS)
        told["customer_id"] = _weighed(roles["customer_id"], seen, holds=share >= HOLDS)
    if customer and name:
        share, back = determines(frame, customer, name), determines(frame, name, customer)
        seen = f"{share:.1%} of the ids have one name, {back:.1%} of the names one id"
        told["customer_name"] = _weighed(roles["customer_name"], seen, holds=share >= HOLDS / 2)
        if _share_with_id(frame, customer, name) >= HOLDS:
            why = f"the id in front of each name is cut; {told['customer_name'].why}"
            told["customer_name"] = Finding("customer_name", name, "sure", why)
    return told


def _share_with_id(frame: pl.DataFrame, customer: str, name: str) -> float:
    """Return the share of names that begin with their row's id, as '497588 Crayola'."""
    pairs = frame.select(one=text(customer), other=text(name)).drop_nulls()
    return float(pairs.select(pl.col("other").str.starts_with(pl.col("one")).mean()).item() or 0.0)


def _weighed(finding: Finding, seen: str, *, holds: bool) -> Finding:
    is_weaker = not holds and finding.certainty == "sure" and not finding.why.startswith("given")
    certainty = "guessed" if is_weaker else finding.certainty
    return Finding(finding.what, finding.value, certainty, f"{finding.why}; {seen}")


def _check_given(inputs: InspectedFiles, sample: Sample) -> None:
    for role, column in inputs.given.items():
        if role not in GIVEN_ROLES:
            raise SettingsError(f"--is {role}={column}: unknown role. {nearest(role, GIVEN_ROLES)}")
        if column not in sample.header:
            hint = nearest(column, sample.header)
            raise SettingsError(f"--is {role}={column}: no such column. {hint}")
    for column in (*inputs.leave_out, *inputs.negative, *inputs.keep):
        if column not in sample.header:
            hint = nearest(column, sample.header)
            raise SettingsError(f"{column}: no such column, to leave out or keep rows by. {hint}")
