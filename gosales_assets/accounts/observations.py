"""What the sales log says of customers: when they were seen, and under which name, region, rep."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from gosales_resources.dates import visible_at
from gosales_resources.partitions.customer_ranges import customer_ranges

OBSERVED = ("customer_name", "region", "rep")
# Lines grouped at a time: those of 19 million at once took 8 GB.
HELD_LINES = 2_000_000


@dataclass(frozen=True)
class SeenDates:
    """When customers were seen in the log: per customer and increment, for all cutoffs of a run."""

    spans: pl.DataFrame
    """First and last order, last purchase that is no return."""

    def at(self, cutoff: dt.date) -> pl.DataFrame:
        """Return one row per customer of the log up to a cutoff, sorted by customer_id.

        Parameters
        ----------
        cutoff
            As-of date.

        Returns
        -------
        polars.DataFrame
            customer_id, first_seen_date, last_seen_date, last_purchase_date (null for who only returned);
            empty before the first line.
        """
        return (
            visible_at(self.spans.lazy(), cutoff)
            .group_by("customer_id")
            .agg(
                pl.col("first_seen_date").min(),
                pl.col("last_seen_date", "last_purchase_date").max(),
            )
            .sort("customer_id")
            .collect()
        )


@dataclass(frozen=True)
class Observations:
    """The log aggregated once for all cutoffs of a run."""

    seen: SeenDates
    values: Mapping[str, pl.DataFrame]
    """Of each attribute of `OBSERVED`: per customer, increment and day the last value written."""

    def of(self, customers: pl.Expr) -> "Observations":
        """Return what was observed of some customers.

        Parameters
        ----------
        customers
            Boolean expression over customer_id.

        Returns
        -------
        Observations
            The rows for which it is true.
        """
        values = {name: frame.filter(customers) for name, frame in self.values.items()}
        return Observations(SeenDates(self.seen.spans.filter(customers)), values)


def seen_dates(sales_log: pl.LazyFrame) -> SeenDates:
    """Aggregate when customers were seen in the lines of the increments up to the last cutoff.

    Parameters
    ----------
    sales_log
        Lines of the increments up to the last cutoff wanted.

    Returns
    -------
    SeenDates
        One row per customer and increment with a line, in any order; none without lines.
    """
    # A line that takes a restated one back says nothing of its own.
    purchase = pl.col("order_date").filter(~pl.col("is_return") & ~pl.col("is_reversal"))
    spans = [
        lines.group_by("customer_id", "visible_cutoff")
        .agg(
            first_seen_date=pl.col("order_date").min(),
            last_seen_date=pl.col("order_date").max(),
            last_purchase_date=purchase.max(),
        )
        .collect()
        for lines in _pieces(sales_log)
    ]
    return SeenDates(pl.concat(spans))


def observe(sales_log: pl.LazyFrame) -> Observations:
    """Aggregate the log.

    Parameters
    ----------
    sales_log
        Lines of the increments up to the last cutoff wanted.

    Returns
    -------
    Observations
        Of lines of one customer, increment and day the one with the largest transaction_id wins;
        within an increment only days at which a value begins or ends a run are kept (later
        increments may fall between them).
    """
    pieces = [pl.collect_all(_runs(lines)) for lines in _pieces(sales_log)]
    values = map(pl.concat, zip(*pieces, strict=True))
    return Observations(seen_dates(sales_log), dict(zip(OBSERVED, values, strict=True)))


def values_at(observations: Observations, attribute: str, cutoff: dt.date) -> pl.DataFrame:
    """Return one row per customer and day an attribute was written by a cutoff.

    Of values of one day the one that became known last wins.

    Parameters
    ----------
    observations
        The log, aggregated.
    attribute
        One of `OBSERVED`.
    cutoff
        As-of date.

    Returns
    -------
    polars.DataFrame
        customer_id, order_date and the attribute, never null; in any order.
    """
    return (
        visible_at(observations.values[attribute].lazy(), cutoff)
        .group_by("customer_id", "order_date")
        .agg(pl.col(attribute).max_by("visible_cutoff"))
        .collect()
    )


def _pieces(sales_log: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    """Cut a long log by customers and increments: no group is in two pieces."""
    if sales_log.select(pl.len()).collect().item() <= HELD_LINES:
        yield sales_log
        return
    by = ["visible_cutoff", "customer_id"]
    counted = sales_log.group_by(by).agg(row_count=pl.len().cast(pl.Int64))
    counts = counted.collect(engine="streaming")
    for cutoff in counts["visible_cutoff"].unique().sort():
        of_increment = pl.col("visible_cutoff") == cutoff
        for span in customer_ranges(counts.filter(of_increment), HELD_LINES):
            yield sales_log.filter(of_increment & span.hold())


def _runs(sales_log: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Return of each attribute of `OBSERVED` the days at which a value begins or ends a run."""
    by = ["customer_id", "visible_cutoff"]
    told = {name: pl.col(name).is_not_null() for name in OBSERVED}
    # One pass groups for all of them: three took twice as long.
    days = (
        # A line that takes a restated one back repeats what was wrong.
        sales_log.filter(~pl.col("is_reversal"))
        .group_by(*by, "order_date")
        .agg(
            # The largest, and no sort of each group.
            pl.col(name).filter(known).max_by(pl.col("transaction_id").filter(known))
            for name, known in told.items()
        )
        .sort(*by, "order_date")
    )
    return [
        days.filter(known).select(*by, "order_date", name).filter(_edge([*by, name]))
        for name, known in told.items()
    ]


def _edge(columns: list[str]) -> pl.Expr:
    """Tell rows that differ from the one before or the one after."""
    return pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift(step)) for step in (1, -1) for name in columns
    )
