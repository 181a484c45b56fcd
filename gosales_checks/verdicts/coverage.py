"""Coverage of the enrichment: how many customers, and how much of their value, were found."""

from dataclasses import dataclass

import polars as pl

# Name of the warning check.
ABOVE_FLOOR = "enrichment_coverage_above_floor"


@dataclass(frozen=True)
class Coverage:
    """What was found of one cutoff's roster."""

    customers: int
    matched: int
    value_cents: int
    """Of customers with a value above zero; returns do not make coverage."""
    matched_value_cents: int

    @property
    def customer_frac(self) -> float | None:
        """Share of the customers; None without customers."""
        return self.matched / self.customers if self.customers else None

    @property
    def value_frac(self) -> float | None:
        """Share of the value; None without any."""
        return self.matched_value_cents / self.value_cents if self.value_cents else None


def measure_coverage(matched: pl.LazyFrame, unmatched: pl.LazyFrame) -> Coverage:
    """Measure one cutoff.

    Parameters
    ----------
    matched
        `customer_enrichment`, one row per customer found.
    unmatched
        `enrichment_unmatched`, one row per customer not found.
    """
    worth = pl.col("value_cents").filter(pl.col("value_cents") > 0).sum()
    (found, found_cents), (lost, lost_cents) = (
        frame.select(pl.len().alias("n"), worth.alias("cents")).collect().row(0)
        for frame in (matched, unmatched)
    )
    return Coverage(found + lost, found, found_cents + lost_cents, found_cents)


def coverage_breaches(coverage: Coverage, customers_min: float, value_min: float) -> dict[str, int]:
    """Name the shares below their floors; finding -> customers that were not found."""
    shares = {
        "of the customers": (coverage.customer_frac, customers_min),
        "of their value": (coverage.value_frac, value_min),
    }
    return {
        f"{share:.3f} {what} found in the directory, floor {floor:.3f}": (
            coverage.customers - coverage.matched
        )
        for what, (share, floor) in shares.items()
        if share is not None and share < floor
    }
