"""Past lists replayed as they would have been worked: selected first, then held against what came.

Customers are drawn once for all cutoffs and orders, so means over cutoffs and differences between
orders are paired.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from gosales_assets.validation.list_validation import KINDS, tops_of
from gosales_assets.validation.worked_list import codes_of, pairs_of, scores_of
from gosales_checks.contracts.validation import MONEY_WON, PUBLISHED
from gosales_checks.measures.captured import (
    captured_at_random,
    captured_draws,
    interval_of_draws,
)
from gosales_checks.measures.ordering import top_count
from gosales_resources.sources.cells import CENTS

RANDOM = "random"
SCHEMA = {
    "kind": pl.String,
    "top": pl.String,
    "order": pl.String,
    "captured": pl.Float64,
    "chance": pl.Float64,
    "share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "published_ahead": pl.Float64,
    "ahead_low": pl.Float64,
    "ahead_high": pl.Float64,
    "verdict": pl.String,
}


def replay(lists: Sequence[pl.DataFrame], *, draws: int, seed: int) -> pl.DataFrame:
    """Measure past lists together, by each order.

    Parameters
    ----------
    lists
        `worked_rows` of each cutoff, none of them empty; at least one.
    draws, seed
        Of the customer bootstrap.

    Returns
    -------
    polars.DataFrame
        One row per kind, top and order: wins or money captured and by chance, summed over cutoffs;
        share captured, mean over cutoffs with its 95 % interval; how far the published order is
        ahead, with its interval, and the verdict in a word.
    """
    codes = codes_of(lists)
    fewest = min(rows.height for rows in lists)
    tops = [tops_of(rows.height, fewest) for rows in lists]
    drawn = [
        captured_draws(
            pairs_of(rows, codes),
            scores_of(rows),
            len(codes),
            draws=draws,
            seed=seed,
            fracs=tuple(mine.values()),
        )
        for rows, mine in zip(lists, tops, strict=True)
    ]
    found = [
        row
        for kind, at in KINDS
        for place, name in enumerate(tops[0])
        for row in _rows(lists, drawn, [mine[name] for mine in tops], kind, at, place, name)
    ]
    return pl.DataFrame(found, schema=SCHEMA)


def _rows(
    lists: Sequence[pl.DataFrame],
    drawn: Sequence[dict[str, np.ndarray]],
    fracs: Sequence[float],
    kind: str,
    at: int,
    place: int,
    name: str,
) -> Iterator[dict]:
    totals = np.array(
        [
            rows["cents"].sum() / CENTS if kind == MONEY_WON else rows["label"].sum()
            for rows in lists
        ],
        dtype=np.float64,
    )
    chances = [
        total * top_count(rows.height, frac) / rows.height
        for rows, frac, total in zip(lists, fracs, totals, strict=True)
    ]
    known = totals != 0
    if not known.any():
        return
    shares = {
        order: np.stack(
            [one[order][at, :, place] for one, has in zip(drawn, known, strict=True) if has]
        )
        # Not every list had a challenger: orders are compared on the same lists.
        for order in drawn[0]
        if all(order in one for one in drawn)
    }
    published = shares[PUBLISHED].mean(axis=0)
    for order, of in shares.items():
        mine = interval_of_draws(of.mean(axis=0))
        ahead = interval_of_draws(published - of.mean(axis=0))
        yield {
            "kind": kind, "top": name, "order": order,
            "captured": float((of[:, 0] * totals[known]).sum()), "chance": float(sum(chances)),
            "share": mine.value, "low": mine.low, "high": mine.high,
            "published_ahead": None if order == PUBLISHED else ahead.value,
            "ahead_low": None if order == PUBLISHED else ahead.low,
            "ahead_high": None if order == PUBLISHED else ahead.high,
            "verdict": "" if order == PUBLISHED else verdict(ahead.low, ahead.high),
        }  # fmt: skip
    random = float(
        np.mean([captured_at_random(rows.height, (frac,))[0] for rows, frac in zip(lists, fracs, strict=True)])
    )  # fmt: skip
    yield {
        "kind": kind, "top": name, "order": RANDOM, "captured": float(sum(chances)),
        "chance": float(sum(chances)), "share": random,
    }  # fmt: skip


def verdict(low: float, high: float) -> str:
    """Return what an interval of the published order's lead says.

    Examples
    --------
    >>> verdict(0.01, 0.05), verdict(-0.05, -0.01), verdict(-0.01, 0.05)
    ('ahead', 'behind', 'no difference seen')
    """
    if low > 0:
        return "ahead"
    return "behind" if high < 0 else "no difference seen"
