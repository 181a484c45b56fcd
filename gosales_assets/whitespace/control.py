"""Who is left alone for comparison, and who is tried without need: arms of the list's experiment.

Drawn after seats are dealt. What belongs here is the draw and the seats that it moves; what came of
it is measured by `gosales_checks.measures.experiment`.
"""

import hashlib
from collections import Counter

import numpy as np
import polars as pl

from gosales_assets.whitespace.capacity import with_seats
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.experiment import ExperimentSettings

DECILES = 10


def assign_arms(
    selected: pl.DataFrame,
    settings: ExperimentSettings,
    key: str = "customer_id",
    earlier: pl.DataFrame | None = None,
    capacity: CapacitySettings | None = None,
) -> pl.DataFrame:
    """Draw arms for account families, and deal seats again so that no book's number changes.

    First the last seats of each book go to families without a seat, drawn by a keyed hash
    (explore). Then a share of the other families with a seat is control, the rest is treated: they
    are ordered by division and decile of their best seat, within them by the hash, and every
    so-many-th is taken from a start that the key draws. So each has the same chance, and each
    stratum has its share to within one. Seats of controls go to the next ranked rows of the book.

    Parameters
    ----------
    selected
        One row per candidate, as a selection returns it: `place`, `customer_id`, `division`, `rep`,
        `is_ranked`, `is_selected`, `seat`, and `key`.
    settings
        Shares, epoch and salt.
    key
        Column of the account family.
    earlier
        One row per family drawn before in this epoch: `key`, `arm` (treated or control). They keep
        it: no family changes between the two in an epoch. None where there are none.
    capacity
        Refilled seats keep its offers per account and caps of divisions; None has no such limits.
        Seats of exploration do not keep caps.

    Returns
    -------
    polars.DataFrame
        The same rows by place, with `is_selected` and `seat` dealt again, and
        `arm`: treated or control on all rows of a family, explore on the row that was drawn, null
        on others (the next that got a control's seat too) and where all is off;
        `arm_probability`: the chance of that arm, null where there is none or it was kept;
        `epoch`; `place_before`: the place that the row has without the experiment, null without an
        arm. A book has fewer seats only where its ranked rows run out.
    """
    rows = selected.sort("place")
    if not settings.is_on:
        return _with_nothing(rows)
    rows = rows.join(_kept(rows, key, earlier), on=key, how="left", maintain_order="left")
    explorers = _explorers(rows, settings, key)
    rows = _make_room(rows, explorers)
    drawn = _drawn_families(rows, explorers, settings, key)
    rows = rows.join(drawn, on=key, how="left", maintain_order="left").join(
        explorers, on="place", how="left", maintain_order="left"
    )
    rows = rows.with_columns(
        arm=pl.coalesce("explore_arm", "kept_arm", "drawn_arm"),
        arm_probability=pl.coalesce("explore_probability", "drawn_probability"),
        epoch=pl.lit(settings.epoch),
    )
    rows = rows.with_columns(
        place_before=pl.when(pl.col("arm").is_not_null()).then(pl.col("place").cast(pl.Int64))
    )
    seated = with_seats(rows, _refilled(rows, capacity or CapacitySettings()))
    return seated.select(*selected.columns, "arm", "arm_probability", "epoch", "place_before")


def unit_hash(salt: str, *parts: str) -> float:
    """Return a number in [0, 1) that salt and parts alone decide.

    Parameters
    ----------
    salt
        Key of the hash.
    parts
        Texts; where one ends counts.

    Examples
    --------
    >>> unit_hash("s", "a", "b") == unit_hash("s", "a", "b") != unit_hash("s", "ab", "")
    True
    """
    told = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)
    # A key has at most 64 bytes: the salt's digest stands for it.
    digest = hashlib.blake2b(told, key=hashlib.sha256(salt.encode()).digest(), digest_size=8)
    return (int.from_bytes(digest.digest(), "big") >> 11) / 2**53


def _with_nothing(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        arm=pl.lit(None, pl.String),
        arm_probability=pl.lit(None, pl.Float64),
        epoch=pl.lit(None, pl.String),
        place_before=pl.lit(None, pl.Int64),
    )


def _kept(rows: pl.DataFrame, key: str, earlier: pl.DataFrame | None) -> pl.DataFrame:
    if earlier is None:
        return rows.select(key, kept_arm=pl.lit(None, pl.String)).clear()
    return earlier.select(key, kept_arm="arm")


def _explorers(rows: pl.DataFrame, settings: ExperimentSettings, key: str) -> pl.DataFrame:
    """Draw the families of each book that are tried without need; return their best rows.

    The number is the share of the book's seats, rounded by chance so that it is right on average.
    """
    salt, epoch = settings.salt, settings.epoch
    is_out = ~pl.col("is_selected").any().over(key) & pl.col("kept_arm").is_null()
    free = rows.filter(is_out).filter("is_ranked").unique(key, keep="first", maintain_order=True)
    hashes = [unit_hash(salt, epoch, "explore", str(family)) for family in free[key]]
    free = free.with_columns(hash=pl.Series(hashes, dtype=pl.Float64)).sort("rep", "hash", key)
    books = rows.group_by("rep").agg(asked=pl.col("is_selected").sum() * settings.explore_share)
    starts = [unit_hash(salt, epoch, "book", rep or "") for rep in books["rep"]]
    number = np.floor(books["asked"].to_numpy() + np.array(starts))
    books = books.with_columns(number=pl.Series(number, dtype=pl.Float64))
    drawn = free.join(books, on="rep", how="left", nulls_equal=True, maintain_order="left")
    # The chance is of all that could be drawn: told before the draw cuts them.
    chance = pl.min_horizontal(pl.col("asked") / pl.len().over("rep"), 1.0)
    told = drawn.with_columns(explore_probability=chance, explore_arm=pl.lit("explore"))
    is_drawn = pl.int_range(pl.len()).over("rep") < pl.col("number")
    return told.filter(is_drawn).select("place", "explore_arm", "explore_probability")


def _make_room(rows: pl.DataFrame, explorers: pl.DataFrame) -> pl.DataFrame:
    """Seat explorers in place of the last of their books that have a seat."""
    is_explorer = pl.col("place").is_in(explorers["place"].implode())
    from_last = pl.col("is_selected").cast(pl.Int64).cum_sum(reverse=True).over("rep")
    stays = pl.col("is_selected") & (from_last > is_explorer.sum().over("rep"))
    return rows.with_columns(is_selected=stays | is_explorer)


def _drawn_families(
    rows: pl.DataFrame, explorers: pl.DataFrame, settings: ExperimentSettings, key: str
) -> pl.DataFrame:
    """Return `key`, `drawn_arm` and `drawn_probability` of families with a seat and no arm yet."""
    share = settings.control_share
    seated = rows.filter("is_selected").with_columns(
        decile=pl.int_range(pl.len()) * DECILES // pl.len()
    )
    is_new = pl.col("kept_arm").is_null() & ~pl.col("place").is_in(explorers["place"].implode())
    new = seated.filter(is_new).unique(key, keep="first", maintain_order=True)
    hashes = [unit_hash(settings.salt, settings.epoch, "arm", str(family)) for family in new[key]]
    order = new.with_columns(hash=pl.Series(hashes, dtype=pl.Float64)).sort(
        "division", "decile", "hash", key
    )
    is_control = _every(order.height, share, unit_hash(settings.salt, settings.epoch, "start"))
    return order.select(
        key,
        drawn_arm=pl.Series(np.where(is_control, "control", "treated"), dtype=pl.String),
        drawn_probability=pl.Series(np.where(is_control, share, 1 - share), dtype=pl.Float64),
    )


def _every(count: int, share: float, start: float) -> np.ndarray:
    """Take a share of things in a row, evenly spread: each with a chance of `share` over starts."""
    return np.diff(np.floor(np.arange(count + 1) * share + start)) > 0


def _refilled(rows: pl.DataFrame, capacity: CapacitySettings) -> pl.Series:
    """Return the places with a seat after those of controls went to the next of the same book."""
    is_control = (pl.col("arm") == "control").fill_null(value=False)
    left = Counter(rows.filter(pl.col("is_selected") & is_control)["rep"].to_list())
    stay = rows.filter(pl.col("is_selected") & ~is_control)
    offers, caps = capacity.offers_per_account or stay.height + rows.height, capacity.division_cap
    accounts, divisions = Counter(stay["customer_id"]), Counter(stay["division"])
    following = rows.filter(pl.col("is_ranked") & ~pl.col("is_selected") & ~is_control)
    taken = []
    columns = ("place", "rep", "customer_id", "division")
    for place, rep, account, division in following.select(columns).iter_rows():
        is_full = divisions[division] >= caps.get(division, rows.height)
        if left[rep] and accounts[account] < offers and not is_full:
            left[rep] -= 1
            accounts[account] += 1
            divisions[division] += 1
            taken.append(place)
    return pl.concat([stay["place"], pl.Series(taken, dtype=stay["place"].dtype)])
