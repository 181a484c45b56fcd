"""Who was put before people lately and not acted on: their rows fall behind for a while."""

import datetime as dt

import polars as pl

from gosales_resources.dates import shift_days


def cooling_customers(
    surfaced: pl.LazyFrame,
    outcomes: pl.LazyFrame | None,
    division: str,
    cutoff: dt.date,
    cooldown_days: int,
) -> pl.LazyFrame:
    """Tell who was surfaced lately for a division, and whether nothing came of it.

    Parameters
    ----------
    surfaced
        `surfacing_log` of the cutoff.
    outcomes
        `list_outcomes` of the cutoff: one from the day of surfacing on is an action. None where
        nothing is told of calls.
    division
        Target.
    cutoff
        As-of date. What its own list surfaced is not known when it is made.
    cooldown_days
        How long ago counts as lately.

    Returns
    -------
    polars.LazyFrame
        One row per customer surfaced lately: `customer_id`, `is_cooling`. Several times surfaced,
        one action is enough.
    """
    since = shift_days(cutoff, -cooldown_days)
    lately = (pl.col("surfaced_date") > since) & (pl.col("surfaced_date") < cutoff)
    mine = pl.col("division") == division
    found, is_acted_on = surfaced.filter(mine, lately), pl.col("is_action_taken")
    if outcomes is not None:
        latest = outcomes.filter(mine).group_by("customer_id").agg(pl.col("outcome_date").max())
        found = found.join(latest, on="customer_id", how="left")
        came_after = pl.col("outcome_date") >= pl.col("surfaced_date")
        is_acted_on = is_acted_on | came_after.fill_null(value=False)
    return found.group_by("customer_id").agg(is_cooling=~is_acted_on.any())
