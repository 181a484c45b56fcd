"""Which candidates get a seat, by rules that follow the order of the list (SPEC section 5).

Here: the greedy modes, the number of seats, the shares of divisions in a selection. Each rule takes
the first of some order, so one more seat adds a row and removes none. The mode that weighs values
against limits is `optimal`; who is left out for an experiment is `control`.
"""

from collections.abc import Mapping

import polars as pl

from gosales_checks.measures.ordering import top_count
from gosales_resources.settings.capacity import CapacitySettings

# Prospects never bought: they are dealt with the cold.
SIDES = ("warm", "cold")


def select_candidates(candidates: pl.DataFrame, settings: CapacitySettings) -> pl.DataFrame:
    """Give seats to candidates by a greedy mode.

    Parameters
    ----------
    candidates
        One row per candidate: `place` (1 is best, unique), `customer_id`, `division`, `segment`
        (warm, cold or prospect), `rep` (null: nobody's), `is_ranked`; others are kept.
    settings
        The mode, which is not `optimal`, and its numbers.

    Returns
    -------
    polars.DataFrame
        The same rows by `place`, with `is_selected`, and `seat`: the number of the seat in the rep's
        book (rows of nobody are one book), by `place`; null where not selected. Rows that are not
        ranked are never selected, nor in `per_rep` those without a rep.

    Raises
    ------
    ValueError
        If places are not unique, or the mode is `optimal`.

    Examples
    --------
    >>> rows = {"place": [1, 2, 3], "customer_id": ["a", "b", "c"], "division": ["x", "x", "y"],
    ...         "segment": ["warm"] * 3, "rep": [None, "R", "R"], "is_ranked": [True] * 3}
    >>> frame = pl.DataFrame(rows, schema_overrides={"rep": pl.String})
    >>> select_candidates(frame, CapacitySettings(mode="per_rep", per_rep=1))["seat"].to_list()
    [None, 1, None]
    """
    if settings.mode == "optimal":
        raise ValueError("mode: found 'optimal'; legal are the greedy modes. Call `solve_optimal`.")
    rows = by_place(candidates)
    offered = _in_turn(_offered(rows, settings), settings)
    book = pl.col("rep") if settings.mode == "per_rep" else pl.lit(0).alias("book")
    if settings.mode == "all":
        chosen = offered
    elif settings.segment_allocation:
        chosen = _dealt_by_side(offered, book, list_seats(rows.height, settings), settings)
    else:
        number = list_seats(rows.height, settings)
        chosen = offered.filter(pl.int_range(pl.len()).over(book) < number)
    return with_seats(rows, chosen["place"])


def by_place(candidates: pl.DataFrame) -> pl.DataFrame:
    """Return candidates in their total order.

    Parameters
    ----------
    candidates
        One row per candidate, with `place`.

    Returns
    -------
    polars.DataFrame
        The same rows, sorted.

    Raises
    ------
    ValueError
        If a place is null or taken twice.
    """
    place = candidates["place"]
    if place.null_count() or place.n_unique() < place.len():
        raise ValueError(
            f"place: {place.len() - place.n_unique() + place.null_count()} rows without one of "
            "their own; legal is each number once. Rank by a total order."
        )
    return candidates.sort("place")


def with_seats(rows: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    """Mark the chosen rows and number the seats of each book.

    Parameters
    ----------
    rows
        Candidates by place.
    chosen
        Places of those that get a seat.

    Returns
    -------
    polars.DataFrame
        The same rows with `is_selected` and `seat` (Int64, from 1 in each book).
    """
    return rows.with_columns(is_selected=pl.col("place").is_in(chosen.implode())).with_columns(
        seat=pl.when("is_selected").then(pl.col("is_selected").cast(pl.Int64).cum_sum().over("rep"))
    )


def list_seats(candidates: int, settings: CapacitySettings) -> int:
    """Return the seats of the list, or in `per_rep` those of each book.

    Parameters
    ----------
    candidates
        Number of all candidates, ranked or not.
    settings
        The mode and its numbers.

    Examples
    --------
    >>> list_seats(201, CapacitySettings()), list_seats(201, CapacitySettings(mode="per_rep"))
    (21, 25)
    """
    if settings.mode == "all" or candidates == 0:
        return candidates
    if settings.mode == "per_rep":
        return settings.per_rep
    if settings.mode != "top_percent" and settings.seats is not None:
        return settings.seats
    return top_count(candidates, settings.top_percent / 100)


def largest_remainder(seats: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Deal whole seats in proportion to weights.

    Parameters
    ----------
    seats
        Number of seats, 0 or more.
    weights
        Name -> weight, at least one above 0.

    Returns
    -------
    dict of str to int
        In the order of `weights`; their sum is `seats`. Each gets the whole part of its share, and
        the seats that are left go to the largest remainders; among equal ones to the larger weight,
        then to the one that is named first.

    Examples
    --------
    >>> largest_remainder(5, {"warm": 0.7, "cold": 0.3}), largest_remainder(1, {"a": 1, "b": 1})
    ({'warm': 4, 'cold': 1}, {'a': 1, 'b': 0})
    """
    total = sum(weights.values())
    # 0.7 * 30 is 20.999999999999996 in floats: rounded before it is cut.
    shares = {name: round(seats * weight / total, 9) for name, weight in weights.items()}
    dealt = {name: int(share) for name, share in shares.items()}
    # Sorting keeps the order of names among equals.
    ranked = sorted(weights, key=lambda name: (dealt[name] - shares[name], -weights[name]))
    for name in ranked[: seats - sum(dealt.values())]:
        dealt[name] += 1
    return dealt


def selection_counts(selected: pl.DataFrame) -> dict[str, int]:
    """Count what a selection took and what it could not take.

    Parameters
    ----------
    selected
        As `select_candidates` returns it.
    """
    ranked = selected.filter("is_ranked")
    return {
        "candidates": selected.height,
        "not_ranked": selected.height - ranked.height,
        "ranked_without_rep": ranked["rep"].null_count(),
        "selected": int(selected["is_selected"].sum()),
    }


def division_shares(selected: pl.DataFrame, settings: CapacitySettings) -> pl.DataFrame:
    """Measure the shares of divisions in a selection, beside those that `hybrid` would give.

    Parameters
    ----------
    selected
        As `select_candidates` or `solve_optimal` returns it.
    settings
        Those it was selected by.

    Returns
    -------
    polars.DataFrame
        One row per division that either selects, by `division`: `selected_count`, `selected_frac`,
        `hybrid_count`, `hybrid_frac` (of as many seats, dealt to divisions in turn) and
        `is_above_max`: its share is above `bias_division_max_share`.
    """
    seats = int(selected["is_selected"].sum())
    plain = selected.drop("is_selected", "seat")
    if settings.mode in ("per_rep", "optimal") and plain["rep"].count():
        plain = plain.filter(pl.col("rep").is_not_null())
    turns = CapacitySettings(
        mode="hybrid", seats=max(seats, 1), offers_per_account=settings.offers_per_account
    )
    counts = [
        frame.filter("is_selected").group_by("division").agg(pl.len().cast(pl.Int64).alias(name))
        for name, frame in (
            ("selected_count", selected),
            ("hybrid_count", select_candidates(plain, turns)),
        )
    ]
    both = counts[0].join(counts[1], on="division", how="full", coalesce=True).fill_null(0)
    shares = both.sort("division").with_columns(
        selected_frac=pl.col("selected_count") / max(seats, 1),
        hybrid_frac=pl.col("hybrid_count") / pl.col("hybrid_count").sum(),
    )
    names = ["division", "selected_count", "selected_frac", "hybrid_count", "hybrid_frac"]
    above = pl.col("selected_frac") > settings.bias_division_max_share
    return shares.select(*names, is_above_max=above)


def _offered(rows: pl.DataFrame, settings: CapacitySettings) -> pl.DataFrame:
    """Keep what can get a seat: ranked, in a book where books count, an account's first offers."""
    able = pl.col("is_ranked")
    if settings.mode == "per_rep":
        able &= pl.col("rep").is_not_null()
    offered = rows.filter(able).select("place", "customer_id", "division", "segment", "rep")
    if settings.offers_per_account is None:
        return offered
    return offered.filter(pl.int_range(pl.len()).over("customer_id") < settings.offers_per_account)


def _in_turn(offered: pl.DataFrame, settings: CapacitySettings) -> pl.DataFrame:
    """Order by place; in `hybrid` all first of a division, then all second, each by place."""
    if settings.mode != "hybrid":
        return offered
    turn = pl.int_range(pl.len()).over("division").alias("turn")
    return offered.with_columns(turn).sort("turn", "place")


def _dealt_by_side(
    offered: pl.DataFrame, book: pl.Expr, seats: int, settings: CapacitySettings
) -> pl.DataFrame:
    """Take the first of the warm and of the others in each book, as many as each side is dealt."""
    dealt = largest_remainder(
        seats, dict(zip(SIDES, (settings.warm_share, settings.cold_share), strict=True))
    )
    is_warm = (pl.col("segment") == SIDES[0]).alias("is_warm")
    sided = offered.with_columns(is_warm, nth=pl.int_range(pl.len()).over(book, is_warm))
    there = pl.col("is_warm").sum().over(book).cast(pl.Int64)
    others = (~pl.col("is_warm")).sum().over(book).cast(pl.Int64)
    own = pl.when("is_warm").then(dealt["warm"]).otherwise(dealt["cold"])
    left = seats - pl.when("is_warm").then(others).otherwise(there)
    return sided.filter(pl.col("nth") < pl.max_horizontal(own, left))
