"""The experiment of one list as tables: families, the accounts of each arm, what it can see.

The draw itself is `control`; who may know of it is told nowhere in the list or its files.
"""

import datetime as dt
import math
from collections.abc import Iterator

import polars as pl

from gosales_assets.whitespace.control import are_controls
from gosales_assets.whitespace.selection import Draw, Figure
from gosales_checks.contracts.experiment import ARMS, CONTROL, LIST_ARMS, TREATED
from gosales_checks.measures.experiment import least_visible_effect
from gosales_resources.dates import shift_days
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.settings.experiment import ExperimentSettings
from gosales_resources.settings.whitespace import WhitespaceSettings

MONTHS_BEFORE = 12


def families_of(customers: pl.LazyFrame, column: str | None) -> pl.LazyFrame:
    """Say which accounts are drawn together.

    Parameters
    ----------
    customers
        `dim_customer`.
    column
        Of it, whose value names the family; None where each account stands alone.

    Returns
    -------
    polars.LazyFrame
        One row per customer: `customer_id`, `family`.

    Raises
    ------
    ScopeError
        When there is no such column; the nearest is offered.
    """
    if column is None:
        return customers.select("customer_id", family="customer_id")
    there = customers.collect_schema().names()
    if column not in there:
        raise ScopeError(
            f"whitespace.experiment.family: dim_customer has no column '{column}'. "
            f"{nearest(column, there)}"
        )
    # Marked, so that no account is taken for a family of the same name.
    named = pl.format("family {}", pl.col(column).cast(pl.String))
    return customers.select(
        "customer_id", family=pl.coalesce(named, pl.format("account {}", "customer_id"))
    )


def spare_controls(
    signals: pl.LazyFrame, families: pl.LazyFrame, settings: WhitespaceSettings, cutoff: dt.date
) -> pl.LazyFrame:
    """Let no control of the epoch have the cut of a row that was surfaced lately.

    No list of the epoch surfaced it. What was surfaced before the epoch is cut in both arms alike:
    else they would differ from the start.

    Parameters
    ----------
    signals
        `whitespace_signals` of all divisions.
    families
        As `families_of` returns them.
    settings
        Of the list.
    cutoff
        Of the list.

    Returns
    -------
    polars.LazyFrame
        The same rows, `is_cooling` false for controls.
    """
    epoch = settings.experiment.epoch_of(cutoff)
    since = shift_days(cutoff, -settings.cooldown_days)
    if epoch is None or since < dt.date.fromisoformat(epoch):
        return signals
    cooling = signals.filter("is_cooling").select("customer_id").unique()
    known = cooling.join(families, on="customer_id").sort("customer_id").collect()
    spared = known.filter(are_controls(known["family"], settings.experiment, epoch))
    is_spared = pl.col("customer_id").is_in(spared["customer_id"].implode())
    return signals.with_columns(is_cooling=pl.col("is_cooling") & ~is_spared)


def draw_of(settings: ExperimentSettings, cutoff: dt.date, families: pl.LazyFrame) -> Draw | None:
    """Return the experiment of a list; None where it has none."""
    return None if settings.epoch_of(cutoff) is None else Draw(settings, cutoff, families)


def build_list_arms(
    drawn: pl.DataFrame | None, signals: pl.LazyFrame, cutoff: dt.date
) -> pl.DataFrame:
    """Put together the accounts of the experiment.

    Parameters
    ----------
    drawn
        Rows of the list as `assign_arms` returns them, with `family`; None without an experiment.
    signals
        `whitespace_signals` of all divisions.
    cutoff
        Of the list.

    Returns
    -------
    polars.DataFrame
        `list_arms`, by customer_id. An account is in for the best row of its first arm, in the order
        of `ARMS`; empty where all is off.
    """
    if drawn is None:
        return LIST_ARMS.schema.create_empty()
    moved = drawn.filter(pl.col("arm").is_not_null())
    before = (
        signals.filter(pl.col("customer_id").is_in(moved["customer_id"].unique().implode()))
        .group_by("customer_id")
        # The same in all divisions.
        .agg(value_before=pl.col("value_12m").max())
        .collect()
    )
    return (
        moved.sort(
            pl.col("arm").replace_strict(ARMS, range(len(ARMS)), return_dtype=pl.Int8), "place"
        )
        .unique("customer_id", keep="first", maintain_order=True)
        .join(before, on="customer_id", how="left")
        .with_columns(pl.col("value_before").fill_null(0.0), cutoff=cutoff)
        .select(list(LIST_ARMS.schema.columns()))
        .sort("customer_id")
    )


def arm_figures(
    arms: pl.DataFrame, settings: ExperimentSettings, window_months: int
) -> Iterator[Figure]:
    """Count the families of each arm, and say how small an effect they will show.

    Parameters
    ----------
    arms
        `list_arms`.
    settings
        Share of controls.
    window_months
        Of the label window.

    Returns
    -------
    iterator
        Measure, item, value, as `list_metrics` has them; nothing where all is off.
    """
    if arms.is_empty():
        return
    counts = dict(arms.group_by("arm").agg(pl.col("family").n_unique()).rows())
    for arm in ARMS:
        yield "arm_families", arm, float(counts.get(arm, 0))
    compared = arms.filter(pl.col("arm").is_in([TREATED, CONTROL]))
    if not settings.control_share:
        return
    # The variance of what is bought grows with the time.
    scale = math.sqrt(window_months / MONTHS_BEFORE)
    least = least_visible_effect(
        compared["value_before"].to_numpy() * scale,
        compared["family"].to_numpy(),
        settings.control_share,
    )
    yield "least_visible_effect", "", None if math.isnan(least) else least
