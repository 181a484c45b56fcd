"""Seats for the ranked rows of a list, by the configured capacity, and the figures of it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from gosales_assets.whitespace.capacity import (
    by_place,
    division_shares,
    select_candidates,
    selection_counts,
    with_seats,
)
from gosales_assets.whitespace.control import assign_arms
from gosales_assets.whitespace.optimal import GAINS_SHOWN, Optimum, solve_optimal
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.experiment import ExperimentSettings
from gosales_resources.sources.cells import CENTS

Figure = tuple[str, str, float | None]
"""Measure, item and value, as `list_metrics` has them."""


@dataclass(frozen=True)
class Selection:
    """A list with its seats."""

    rows: pl.DataFrame
    """The list by place, with `is_selected` and `seat`."""
    figures: list[Figure]
    drawn: pl.DataFrame | None = None
    """Candidates with the arms of an experiment, as `assign_arms` returns them; None without one."""


@dataclass(frozen=True)
class Draw:
    """The experiment that a list has."""

    settings: ExperimentSettings
    cutoff: dt.date
    families: pl.LazyFrame
    """One row per customer: `customer_id`, `family`."""


def select(ranked: pl.DataFrame, settings: CapacitySettings, draw: Draw | None = None) -> Selection:
    """Give seats to the ranked rows of a list.

    Parameters
    ----------
    ranked
        As `rank_candidates` returns it, by place.
    settings
        The mode and its numbers.
    draw
        Who is left alone or tried by chance; None where nobody is.
    """
    columns = ["place", "customer_id", "division", "segment", "rep"]
    candidates = ranked.select(
        *columns,
        is_ranked=pl.col("rank").is_not_null(),
        ev_cents=(pl.col("ev") * CENTS).round().cast(pl.Int64),
    )
    figures: list[Figure] = []
    if settings.mode != "optimal":
        selected = select_candidates(candidates, settings)
    elif candidates.filter("is_ranked", pl.col("ev_cents").is_not_null()).is_empty():
        selected = with_seats(by_place(candidates), pl.Series([], dtype=pl.Int64))
    else:
        found = solve_optimal(candidates, settings)
        selected = found.rows
        figures += _figures_of_optimum(found)
    drawn = None
    if draw is not None:
        known = selected.join(
            draw.families.collect(), on="customer_id", how="left", maintain_order="left"
        )
        selected = drawn = assign_arms(known, draw.settings, draw.cutoff, "family", settings)
    figures += _figures_of_shares(selected, settings)
    figures.append(("without_rep", "", float(selection_counts(selected)["ranked_without_rep"])))
    # Both are by place.
    rows = ranked.with_columns(selected["is_selected"], selected["seat"])
    return Selection(rows, figures, drawn)


def _figures_of_shares(selected: pl.DataFrame, settings: CapacitySettings) -> Iterator[Figure]:
    for row in division_shares(selected, settings).iter_rows(named=True):
        yield "selected", row["division"], float(row["selected_count"])
        yield "selected_frac", row["division"], row["selected_frac"]
        yield "hybrid_frac", row["division"], row["hybrid_frac"]
        yield "share_above_max", row["division"], float(row["is_above_max"])


def _figures_of_optimum(found: Optimum) -> Iterator[Figure]:
    yield "optimal_value", "", found.objective_cents / CENTS
    for row in found.reps.iter_rows(named=True):
        yield "seats_of_rep", row["rep"] or "", float(row["selected_count"])
    known = found.reps.filter(pl.col("next_seat_cents").is_not_null())
    for row in known.head(GAINS_SHOWN).iter_rows(named=True):
        yield "next_seat_value", row["rep"] or "", row["next_seat_cents"] / CENTS
    for row in found.divisions.iter_rows(named=True):
        yield "unfilled_floor", row["division"], float(row["unfilled_floor_count"])
