"""From sources to the two tables: who was found in the directory, and who was not."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.enrichment.directory import ATTRIBUTE, OVERRIDES, read_directory, read_overrides
from gosales_assets.enrichment.match import CUSTOMER, match_names
from gosales_assets.enrichment.roster import read_accounts, roster_at, sum_sales
from gosales_checks.contracts.enrichment import CustomerEnrichment, EnrichmentUnmatched
from gosales_resources.settings.tree import Settings


@dataclass(frozen=True)
class RawTables:
    """What is read from files, as it is; None where not configured."""

    directory: pl.DataFrame | None
    overrides: pl.DataFrame | None
    accounts: pl.DataFrame | None


@dataclass(frozen=True)
class EnrichmentTables:
    """Both tables of one cutoff."""

    matched: pl.DataFrame
    """`customer_enrichment`, sorted by customer_id."""
    unmatched: pl.DataFrame
    """`enrichment_unmatched`, the most valuable first."""
    unknown_customers: list[str]
    """Customers of the overrides that the roster does not know, sorted."""


@dataclass(frozen=True)
class Enrichment:
    """Matches of all customers of a run; tables are cut from it cutoff by cutoff."""

    accounts: pl.DataFrame | None
    summed: pl.DataFrame
    directory: pl.DataFrame
    overrides: pl.DataFrame
    rows: pl.DataFrame
    """One row per customer_id, customer_name and zip; see `match.Matched`."""
    comparisons: int

    def at(self, cutoff: dt.date) -> EnrichmentTables:
        """Cut out the tables as of a cutoff."""
        roster = roster_at(self.accounts, self.summed, cutoff)
        told = roster.join(self.rows, on=CUSTOMER, how="left", nulls_equal=True)
        is_matched = pl.col("enrichment_key").is_not_null()
        facts = self.directory.drop("customer_id", "zip").rename({"name": "enrichment_name"})
        attributes = [c for c in self.directory.columns if c.startswith(ATTRIBUTE)]
        matched = told.filter(is_matched).join(facts, on="enrichment_key", how="left")
        candidates = facts.select(candidate_key="enrichment_key", candidate_name="enrichment_name")
        unmatched = told.filter(~is_matched).join(candidates, on="candidate_key", how="left")
        worst = {"value_cents": True, "line_count": True, "customer_id": False}
        unknown_customers = self.overrides.join(roster, on="customer_id", how="anti")["customer_id"]
        return EnrichmentTables(
            matched.sort("customer_id").select(*CustomerEnrichment.columns(), *attributes),
            unmatched.sort(list(worst), descending=list(worst.values()), nulls_last=True).select(
                list(EnrichmentUnmatched.columns())
            ),
            unknown_customers.unique().sort().to_list(),
        )


def enrich(
    settings: Settings, raw: RawTables, sales_log: pl.LazyFrame, cutoffs: Sequence[dt.date]
) -> Enrichment | None:
    """Match the customers of some cutoffs, each name once.

    Parameters
    ----------
    settings
        Columns, thresholds, value measure.
    raw
        Files as they are.
    sales_log
        Increments up to the last of `cutoffs`.
    cutoffs
        Whose rosters are looked up; a match depends on its own customer alone, so on none of the
        other cutoffs.

    Returns
    -------
    Enrichment or None
        None where no directory is configured.

    Raises
    ------
    SourceError
        When the directory, the overrides or the accounts are not as configured.
    """
    source, crm = settings.source.enrichment, settings.source.customers
    if source is None or raw.directory is None:
        return None
    directory = read_directory(source, raw.directory)
    overrides = pl.DataFrame(schema=OVERRIDES)
    if source.overrides and raw.overrides is not None:
        overrides = read_overrides(source.overrides, raw.overrides, directory["enrichment_key"])
    accounts = read_accounts(crm, raw.accounts) if crm and raw.accounts is not None else None
    summed = sum_sales(sales_log, settings.value)
    rosters = [roster_at(accounts, summed, cutoff).select(CUSTOMER) for cutoff in cutoffs]
    found = match_names(pl.concat(rosters).unique(), directory, overrides, source.match)
    return Enrichment(accounts, summed, directory, overrides, found.rows, found.comparisons)


def no_tables() -> EnrichmentTables:
    """Return well-formed empty tables: no directory is configured."""
    return EnrichmentTables(
        CustomerEnrichment.create_empty(), EnrichmentUnmatched.create_empty(), []
    )
