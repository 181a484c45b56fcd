"""Why rows rose or fell since the list before: two lists, and the causes between them, rank by rank.

A row's rank depends on all other rows, so causes are exchanged for the whole list at once
(`movement_ranks`). Corrections of the past come first: what a model of now says of the past can only
be asked of the past as it is stored now. The others are averaged over their orders (`shapley`).
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from gosales_assets.whitespace.movement_ranks import ALL, NOTHING, DatedList, Order, Ranking
from gosales_assets.whitespace.movement_rows import Paired, Side, side_by_side_rows
from gosales_assets.whitespace.movement_words import with_words
from gosales_assets.whitespace.reasons import Words
from gosales_assets.whitespace.shapley import shares_of_moves
from gosales_checks.contracts.movement import (
    APART,
    CAUSES,
    COMPARED,
    DIVISION_GONE,
    ENTERED,
    GATE_NOW,
    GATE_THEN,
    GONE,
    LEFT,
    LIST_MOVEMENT,
    NEW_CUSTOMER,
    NEW_DIVISION,
    NO_EARLIER,
    NOT_RANKED,
    OUT,
    RESTATED,
    STAYED,
    TOGETHER,
)


def move_list(
    now: DatedList,
    then: DatedList | None,
    changes: pl.LazyFrame,
    signals: pl.LazyFrame,
    words: Words,
) -> pl.DataFrame:
    """Say of each row of two lists why it moved, came or went.

    Parameters
    ----------
    now, then
        The list of the cutoff, and the one before; None where there is none.
    changes
        `score_changes` of the cutoff.
    signals
        `whitespace_signals` of all divisions at the cutoff.
    words
        How people name divisions and money.

    Returns
    -------
    polars.DataFrame
        `list_movement`, one row per customer and division of either list, sorted by
        both. The causes of a compared row sum to the ranks that it rose.
    """
    earlier = now.rows.clear() if then is None else then.rows
    rows = side_by_side_rows(earlier, now.rows, changes, signals)
    rows = rows.with_columns(status=_status(changes, signals, is_first=then is None))
    orders = {False: now.order if then is None else then.order, True: now.order}
    rows = rows.with_columns(
        cutoff=pl.lit(now.cutoff),
        previous_cutoff=pl.lit(None if then is None else then.cutoff, dtype=pl.Date),
        gate=pl.when(status=GATE_THEN)
        .then("ineligible_reason_then")
        .when(status=GATE_NOW)
        .then("ineligible_reason_now"),
        selection=_selection(is_first=then is None),
        split=pl.when(status=COMPARED).then(pl.col("split").fill_null(TOGETHER)),
        **_moves(rows, orders),
    )
    return with_words(rows, words).select(list(LIST_MOVEMENT.schema.columns()))


def _moves(rows: pl.DataFrame, orders: Mapping[Side, Order]) -> dict[str, pl.Series]:
    """Return the ranks that each cause moved the compared rows; null for the others."""
    compared = (rows["status"] == COMPARED).to_numpy()
    found = {cause: np.zeros(int(compared.sum()), dtype=np.int64) for cause in CAUSES}
    if compared.any():
        ranking = Ranking(Paired(rows), orders)
        published = Ranking(Paired(rows, is_restated=False), orders)

        def up(on: frozenset[str]) -> np.ndarray:
            # A better rank is a smaller number.
            return -ranking.ranks(on)[compared]

        found |= shares_of_moves(ranking.switches(), up)
        start, end = up(NOTHING), up(ALL)
        as_published = -published.ranks(NOTHING)[compared]
        then, now = (-rows[f"rank_{side}"].to_numpy()[compared] for side in ("then", "now"))
        found["restatement"] = start - as_published
        found["unexplained"] = (as_published - then) + (now - end)
        found = {cause: np.asarray(moved, dtype=np.int64) for cause, moved in found.items()}
    found["all"] = sum((found[cause] for cause in CAUSES), np.zeros_like(found["data"]))
    places = np.flatnonzero(compared)
    columns = {"ranks_up": found["all"]} | {f"{c}_ranks": found[c] for c in CAUSES}
    nothing = pl.repeat(None, rows.height, dtype=pl.Int64, eager=True)
    return {name: nothing.clone().scatter(places, moved) for name, moved in columns.items()}


def _status(changes: pl.LazyFrame, signals: pl.LazyFrame, *, is_first: bool) -> pl.Expr:
    if is_first:
        return pl.lit(NO_EARLIER)
    known = {
        side: {name: _distinct(frame, name) for name in ("customer_id", "division")}
        for side, frame in (("then", changes), ("now", signals))
    }

    def is_new(side: str, name: str) -> pl.Expr:
        return ~pl.col(name).is_in(known[side][name].implode())

    both = pl.col("is_on_then") & pl.col("is_on_now")
    ranked = pl.col("rank_then").is_not_null() & pl.col("rank_now").is_not_null()
    gated = {s: pl.col(f"ineligible_reason_{s}").is_not_null() for s in ("then", "now")}
    return (
        pl.when(both & ranked)
        .then(pl.lit(COMPARED))
        .when(both)
        .then(pl.lit(NOT_RANKED))
        .when("is_on_now", gated["then"])
        .then(pl.lit(GATE_THEN))
        .when("is_on_then", gated["now"])
        .then(pl.lit(GATE_NOW))
        .when("is_on_now", "is_known_then")
        .then(pl.lit(RESTATED))
        .when("is_on_then", "is_known_now")
        .then(pl.lit(RESTATED))
        .when("is_on_now", ~is_new("then", "customer_id") & is_new("then", "division"))
        .then(pl.lit(NEW_DIVISION))
        .when("is_on_then", ~is_new("now", "customer_id") & is_new("now", "division"))
        .then(pl.lit(DIVISION_GONE))
        .when("is_on_now")
        .then(pl.lit(NEW_CUSTOMER))
        .otherwise(pl.lit(GONE))
    )


def _distinct(frame: pl.LazyFrame, name: str) -> pl.Series:
    return frame.select(pl.col(name).unique()).collect().to_series()


def _selection(*, is_first: bool) -> pl.Expr:
    if is_first:
        return pl.lit(None, dtype=pl.String)
    then, now = (pl.col(f"is_selected_{side}").fill_null(value=False) for side in ("then", "now"))
    return (
        pl.when(then & now)
        .then(pl.lit(STAYED))
        .when(now)
        .then(pl.lit(ENTERED))
        .when(then)
        .then(pl.lit(LEFT))
        .otherwise(pl.lit(OUT))
    )


def summarise_movement(movement: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition: rows by status, and how far they moved.

    Parameters
    ----------
    movement
        `list_movement` of a cutoff; may be empty.
    """
    statuses = movement["status"].value_counts(name="rows").sort("status").iter_rows()
    shown: dict[str, object] = {f"rows_{status}": rows for status, rows in statuses}
    shown["rows_data_and_model_apart"] = movement.filter(split=APART).height
    for cause in CAUSES:
        moved = movement[f"{cause}_ranks"].abs().mean()
        if moved is not None:
            shown[f"mean_ranks_moved_by_{cause}"] = moved
    return shown
