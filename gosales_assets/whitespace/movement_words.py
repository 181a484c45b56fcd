"""What moved a row, in words: the largest causes first, each with the ranks that it moved.

A row moves against the others, so causes are those of the whole list; of the row itself the cause `data`
names a fact that goes the same way. Texts of data are made visible and cut.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
import polars as pl

from gosales_assets.whitespace.reasons import LONGEST, Words
from gosales_checks.contracts.movement import (
    CAUSES,
    COMPARED,
    DIVISION_GONE,
    ENTERED,
    GATE_NOW,
    GATE_THEN,
    GONE,
    LEFT,
    NEW_CUSTOMER,
    NEW_DIVISION,
    NO_EARLIER,
    NOT_RANKED,
    RESTATED,
    TOGETHER,
)

SHOWN_CAUSES = 3
PLAIN = "other data"
JOINT = "other data and models"
NAMED = {
    "restatement": "past data corrected",
    "model": "models made anew",
    "calibrator": "levels of the chances",
    "value": "worth of purchases",
    "order": "order of the list changed",
    "rest": "who else is listed",
    "unexplained": "not explained",
}
SELECTED = {ENTERED: "selected now, ", LEFT: "not selected any more, "}
GATE_WORDS = {
    "owned": "bought it",
    "active_asset": "has an active asset of it",
    "do_not_contact": "do not contact",
    "recent_contact": "contacted lately",
    "open_deal": "open deal",
    "region_mismatch": "in the books of other regions",
    "not_a_customer": "no customer",
    "no_model": "no model",
}
PLAIN_STATUSES = {
    NO_EARLIER: "no earlier list to compare with",
    NEW_CUSTOMER: "new on the list: no customer then",
    GONE: "off the list: no customer any more",
    RESTATED: "on one of the lists alone; the signals behind it were made anew since",
}


def with_words(rows: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Add `moved`.

    Parameters
    ----------
    rows
        As `movement.compare_lists` has them: status, gate, selection, split, ranks by cause, and
        segment, is_cooling and value_12m of then and now.
    words
        How people name divisions and money.
    """
    told = rows.with_columns(moved=_plain(rows, words))
    compared = told.filter(status=COMPARED)
    if compared.is_empty():
        return told
    sentences = pl.Series("moved", _sentences(compared, words), dtype=pl.String)
    return pl.concat(
        [told.filter(pl.col("status") != COMPARED), compared.with_columns(sentences)]
    ).sort("customer_id", "division")


def _plain(rows: pl.DataFrame, words: Words) -> pl.Expr:
    """Say what needs no figures."""
    names = {key: words.name(key) for key in rows["division"].unique() if key in words.names}
    division = pl.col("division").replace_strict(names, default="the division")
    gate = pl.col("gate").replace_strict(GATE_WORDS, default=None, return_dtype=pl.String)
    said: Mapping[str, pl.Expr] = {
        NEW_DIVISION: pl.format("new on the list: {} was no target then", division),
        DIVISION_GONE: pl.format("off the list: {} is no target any more", division),
        GATE_THEN: pl.format("new on the list: kept off then ({})", gate),
        GATE_NOW: pl.format("off the list: {}", gate),
        NOT_RANKED: pl.format(
            "{} {} ranked {}",
            division,
            pl.when(pl.col("rank_now").is_null())
            .then(pl.lit("cannot be"))
            .otherwise(pl.lit("was not")),
            pl.when(pl.col("rank_now").is_null()).then(pl.lit("now")).otherwise(pl.lit("then")),
        ),
        **{status: pl.lit(text) for status, text in PLAIN_STATUSES.items()},
    }
    nothing: pl.Expr = pl.lit("")
    return reduce(
        lambda otherwise, one: (
            pl.when(pl.col("status") == one[0]).then(one[1]).otherwise(otherwise)
        ),
        said.items(),
        nothing,
    )


def _sentences(compared: pl.DataFrame, words: Words) -> list[str]:
    facts = compared.select(_fact()).to_series().to_list()
    money = compared.select("value_12m_then", "value_12m_now").rows()
    ranks = compared.select(f"{cause}_ranks" for cause in CAUSES).to_numpy()
    # The largest first, of equal ones the earlier.
    order = np.argsort(-np.abs(ranks), axis=1, kind="stable")[:, :SHOWN_CAUSES]
    largest = np.take_along_axis(ranks, order, axis=1).tolist()
    totals = compared["ranks_up"].to_list()
    heads = [SELECTED.get(one, "") for one in compared["selection"].to_list()]
    found = []
    for head, fact, (before, after), *moves in zip(
        heads, facts, money, totals, order.tolist(), largest, strict=True
    ):
        data = fact
        if fact.startswith("spends"):
            data = f"{fact}, {before:,.0f} to {words.money(after)} in 12 months"
        found.append(_sentence(head, data, *moves))
    return found


def _sentence(head: str, data: str, total: int, causes: Sequence[int], moves: Sequence[int]) -> str:
    """Say how far, and the largest causes, by their place in `CAUSES`, that there is room for.

    Examples
    --------
    >>> _sentence("", "now warm", 120, [1, 2, 0], [95, 25, 0])
    'up 120 ranks: now warm (+95), models made anew (+25)'
    """
    far = f"{abs(total):,} rank{'' if abs(total) == 1 else 's'}"
    text = head + (f"{'up' if total > 0 else 'down'} {far}" if total else "same rank")
    mark = ": "
    for at, moved in zip(causes, moves, strict=True):
        if not moved:
            break
        cause = CAUSES[at]
        part = f"{mark}{data if cause == 'data' else NAMED[cause]} ({moved:+,})"
        if len(text) + len(part) > LONGEST:
            break
        text, mark = text + part, ", "
    return text


def _fact() -> pl.Expr:
    """Name a fact of the row that goes the way its data moved it."""
    rose, fell = pl.col("data_ranks") > 0, pl.col("data_ranks") < 0
    was_held, is_held = pl.col("is_cooling_then"), pl.col("is_cooling_now")
    before, after = pl.col("value_12m_then"), pl.col("value_12m_now")
    return (
        pl.when(rose & was_held & ~is_held)
        .then(pl.lit("no longer cut for a recent call"))
        .when(fell & is_held & ~was_held)
        .then(pl.lit("cut for a recent call"))
        .when(pl.col("split") == TOGETHER)
        .then(pl.lit(JOINT))
        .when(rose & (after - before >= 1))
        .then(pl.lit("spends more"))
        .when(fell & (before - after >= 1))
        .then(pl.lit("spends less"))
        .when(pl.col("segment_then") != pl.col("segment_now"))
        .then(pl.format("now {}", "segment_now"))
        .otherwise(pl.lit(PLAIN))
        .fill_null(PLAIN)
    )
