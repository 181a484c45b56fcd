"""Seats for the ranked rows of a list, by the configured capacity, and the figures of it."""

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
from gosales_assets.whitespace.optimal import GAINS_SHOWN, Optimum, solve_optimal
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.sources.cells import CENTS

Figure = tuple[str, str, float | None]
"""Measure, item and value, as `list_metrics` has them."""


@dataclass(frozen=True)
class Selection:
    """A list with its seats."""

    rows: pl.DataFrame
    """The list by place, with `is_selected` and `seat`."""
    figures: list[Figure]


def select(ranked: pl.DataFrame, settings: CapacitySettings) -> Selection:
    """Give seats to the ranked rows of a list.

    Parameters
    ----------
    ranked
        As `rank_candidates` returns it, by place.
    settings
        The mode and its numbers.
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
    figures += _figures_of_shares(selected, settings)
    figures.append(("without_rep", "", float(selection_counts(selected)["ranked_without_rep"])))
    # Both are by place.
    return Selection(ranked.with_columns(selected["is_selected"], selected["seat"]), figures)


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
