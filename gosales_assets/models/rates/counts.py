"""How many bought each target after past cutoffs, counted from what was known at one cutoff.

Purchases alone: the same windows, threshold and sets of SKUs as the labels have, over customers that
had bought by then. It goes back before the calendar's first cutoff, as far as the log does.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from gosales_assets.models.rows.slices import ALL, OWNERS, WHITESPACE
from gosales_resources.dates import label_window, shift_months, visible_at
from gosales_resources.partitions.targets import with_sets
from gosales_resources.settings.divisions import DivisionSettings
from gosales_resources.settings.labels import LabelSettings
from gosales_resources.sources.cells import CENTS

SLICES = (ALL, OWNERS, WHITESPACE)
# In its first weeks a log knows hardly anybody: who "never bought" there is a matter of days.
RUN_IN_MONTHS = 2
# Origins read at most: fifteen years of quarters, five of months.
MOST_ORIGINS = 60
# What was first sold in the log's first year may be older than the log.
YEAR_MONTHS = 12
CELL = ["customer_id", "division"]


@dataclass(frozen=True)
class Calendar:
    """Which days are cutoffs, and how far the log is known to go at one of them."""

    start: dt.date
    """First cutoff: its increment holds all before."""
    cadence_months: int
    through: dt.date | None
    """Last day that the log is known to cover; None without a log."""

    def before(self, cutoff: dt.date, steps: int) -> dt.date:
        """Return the cutoff so many steps before another, also before the calendar's first one."""
        return shift_months(cutoff, -steps * self.cadence_months)

    def closes(self, cutoff: dt.date, months: int) -> dt.date:
        """Return the cutoff by which a window after another one has ended."""
        return self.before(cutoff, months // -self.cadence_months)


def past_origins(
    cutoff: dt.date, first_day: dt.date | None, window_months: int, calendar: Calendar
) -> list[dt.date]:
    """List the past cutoffs whose window has ended and is covered, oldest first.

    Parameters
    ----------
    cutoff
        The as-of date C.
    first_day
        Of the log; None without one.
    window_months
        Length W of a label window.
    calendar
        Steps between cutoffs, and how far the log goes.

    Returns
    -------
    list of datetime.date
        Each t with t + W <= C; a day of the calendar, or as many steps before its first one.
    """
    if first_day is None or calendar.through is None:
        return []
    found = []
    steps = -(-window_months // calendar.cadence_months)
    earliest = shift_months(first_day, RUN_IN_MONTHS)
    while (t := calendar.before(cutoff, steps)) >= earliest and len(found) < MOST_ORIGINS:
        if label_window(t, window_months).end <= calendar.through:
            found.append(t)
        steps += 1
    return found[::-1]


def count_rates(
    history: pl.LazyFrame,
    cutoff: dt.date,
    calendar: Calendar,
    labels: LabelSettings,
    divisions: DivisionSettings,
) -> pl.DataFrame:
    """Count customers and buyers of every target at every past cutoff.

    Parameters
    ----------
    history
        `purchase_history` of the increments up to C; later ones are ignored.
    cutoff
        The as-of date C.
    calendar
        Which days are cutoffs, and how far the log goes.
    labels
        Window, threshold, denylist.
    divisions
        Targets, and the SKUs of sets.

    Returns
    -------
    polars.DataFrame
        `rate_history`: one row per target, slice and origin, sorted by them; empty without an
        origin. An origin sees what labels see: purchases known by then, and in its window those
        known when it ended. A line that is recorded within the window's last step counts even where
        the window does not end on a cutoff.
    """
    lines = _known_lines(visible_at(history, cutoff), calendar.start)
    buyers = _first_known(lines, ["customer_id"])
    counted = with_sets(lines.filter(~pl.col("sku").is_in(labels.denylist)), divisions)
    counted = counted.filter(pl.col("division").is_in(divisions.targets))
    owners = _first_known(counted, CELL)
    cells = (
        counted.group_by(*CELL, "month", "known_on")
        .agg(pl.col("cents").sum())
        .join(owners.lazy().rename({"first": "owned"}), on=CELL, how="left")
        .join(buyers.lazy(), on="customer_id", how="inner")
        .collect()
    )
    first_day = lines.select(pl.col("order_date").min()).collect().item()
    found = []
    for t in past_origins(cutoff, first_day, labels.window_months, calendar):
        bought = _buyers_after(cells, t, labels, calendar)
        found.append(_at_origin(t, buyers, owners, bought, divisions.targets))
    schema = {"origin": pl.Date, "division": pl.String, "slice": pl.String}
    schema |= {"population": pl.Int64, "positives": pl.Int64}
    table = pl.concat(found) if found else pl.DataFrame(schema=schema)
    return (
        table.join(_launches(owners, first_day), on="division", how="left")
        .with_columns(cutoff=pl.lit(cutoff), age_months=_months(pl.col("origin"), "launched"))
        .select("division", "slice", "origin", "cutoff", "population", "positives", "age_months")
        .sort("division", "slice", "origin")
    )


def _known_lines(history: pl.LazyFrame, start: dt.date) -> pl.LazyFrame:
    month = pl.col("order_date").dt.month_end()
    return history.select(
        *CELL,
        "sku",
        "order_date",
        month=month,
        # The first increment holds all before: there a line is taken as known when it was ordered.
        known_on=pl.when(pl.col("visible_cutoff") <= start).then(month).otherwise("visible_cutoff"),
        is_purchase=pl.col("line_count") > pl.col("return_count"),
        cents=pl.col("value_cents").fill_null(0),
    )


def _first_known(lines: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    bought = lines.filter("is_purchase").group_by(keys).agg(first=pl.col("known_on").min())
    return bought.collect()


def _launches(owners: pl.DataFrame, first_day: dt.date | None) -> pl.DataFrame:
    """Return the cutoff or month end by which each division was first sold, where the log can tell."""
    first = owners.group_by("division").agg(launched=pl.col("first").min())
    if first_day is None:
        return first
    return first.filter(pl.col("launched") > shift_months(first_day, YEAR_MONTHS))


def _months(until: pl.Expr, since: str) -> pl.Expr:
    day = pl.col(since)
    years, months = until.dt.year() - day.dt.year(), until.dt.month() - day.dt.month()
    return (years * 12 + months.cast(pl.Int32)).cast(pl.Int32)


def _buyers_after(
    cells: pl.DataFrame, t: dt.date, labels: LabelSettings, calendar: Calendar
) -> pl.DataFrame:
    """Count the buyers in the window of one origin, by division and whether they were owners."""
    window = label_window(t, labels.window_months)
    known_by = calendar.closes(t, labels.window_months)
    return (
        cells.lazy()
        .filter(window.contains("month"), pl.col("known_on") <= known_by, pl.col("first") <= t)
        .group_by(CELL)
        .agg(pl.col("cents").sum(), is_owner=(pl.col("owned") <= t).fill_null(value=False).first())
        .filter(pl.col("cents") > round(labels.gp_min_threshold * CENTS))
        .group_by("division")
        .agg(everyone=pl.len(), owning=pl.col("is_owner").sum())
        .collect()
    )


def _at_origin(
    t: dt.date,
    buyers: pl.DataFrame,
    owners: pl.DataFrame,
    bought: pl.DataFrame,
    targets: list[str],
) -> pl.DataFrame:
    everyone = buyers.filter(pl.col("first") <= t).height
    owning = owners.filter(pl.col("first") <= t).group_by("division").agg(owner_count=pl.len())
    wide = (
        pl.DataFrame({"division": targets}, schema={"division": pl.String})
        .join(owning, on="division", how="left")
        .join(bought, on="division", how="left")
        # A division without owners or buyers has none.
        .with_columns(pl.col("owner_count", "everyone", "owning").fill_null(0).cast(pl.Int64))
    )
    counts = {
        ALL: (pl.lit(everyone, pl.Int64), pl.col("everyone")),
        OWNERS: (pl.col("owner_count"), pl.col("owning")),
        WHITESPACE: (everyone - pl.col("owner_count"), pl.col("everyone") - pl.col("owning")),
    }
    return pl.concat(
        wide.select(
            "division",
            origin=pl.lit(t),
            slice=pl.lit(name),
            population=population.cast(pl.Int64),
            positives=positives.cast(pl.Int64),
        )
        for name, (population, positives) in counts.items()
    ).select("origin", "division", "slice", "population", "positives")
