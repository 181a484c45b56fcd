"""Who is left alone for comparison, and who is tried without need: arms of the list's experiment.

Drawn after seats are dealt, by keyed hashes that no stored list enters: a list that is made again has
the same arms (docs/adr/0025). What belongs here is the draw and the seats that it moves; the table of
it is made by `arms`, and what came of it is measured by `gosales_checks.measures.experiment`.
"""

import datetime as dt
import hashlib
from collections import Counter

import numpy as np
import polars as pl

from gosales_assets.whitespace.capacity import with_seats
from gosales_checks.contracts.experiment import CONTROL, EXPLORE, PASSED, REFILL, TREATED
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.experiment import ExperimentSettings

NOTHING = {
    "arm": pl.String,
    "arm_probability": pl.Float64,
    "epoch": pl.String,
    "place_before": pl.Int64,
}


def assign_arms(
    selected: pl.DataFrame,
    settings: ExperimentSettings,
    cutoff: dt.date,
    key: str = "customer_id",
    capacity: CapacitySettings | None = None,
) -> pl.DataFrame:
    """Draw arms for account families, and deal seats again so that no book's number changes.

    Whether a family is control is decided by salt, epoch and family alone. The last seats of each
    book go to families without a seat that are no controls, drawn by a hash too (explore). Then
    seats of controls go to the next ranked rows of the book that are no controls.

    Parameters
    ----------
    selected
        One row per candidate, as a selection returns it: `place`, `customer_id`, `division`, `rep`,
        `is_ranked`, `is_selected`, `seat`, and `key`.
    settings
        Shares, first list, length of an epoch, salt.
    cutoff
        Of the list.
    key
        Column of the account family.
    capacity
        Refilled seats keep its offers per account and caps of divisions; None has no such limits.
        Seats of exploration do not keep caps.

    Returns
    -------
    polars.DataFrame
        The same rows by place, with `is_selected` and `seat` dealt again, and
        `arm`: treated or control where the row has a seat without arms, explore on the row that was
        drawn, refill on one that got a control's seat, passed on one of a control that would have
        got one otherwise; null on others and where all is off;
        `arm_probability`: the chance of treated, control, explore; `epoch`; `place_before`: the
        place without the experiment, null without an arm. A book has fewer seats only where its
        ranked rows run out.
    """
    rows, epoch = selected.sort("place"), settings.epoch_of(cutoff)
    if epoch is None:
        return rows.with_columns(pl.lit(None, kind).alias(name) for name, kind in NOTHING.items())
    families = rows.filter("is_ranked")[key].unique().sort()
    controls = families.filter(are_controls(families, settings, epoch))
    rows = rows.with_columns(is_control=pl.col(key).is_in(controls.implode()))
    explorers = _explorers(rows, settings, key, epoch)
    rows = _make_room(rows, explorers)
    refilled, passed = _refilled(rows, capacity or CapacitySettings())
    share, had_seat = settings.control_share, pl.col("is_selected")
    place = pl.col("place")
    told = (
        rows.join(explorers, on="place", how="left", maintain_order="left")
        .with_columns(
            arm=pl.when(pl.col("explore_probability").is_not_null())
            .then(pl.lit(EXPLORE))
            .when(had_seat & pl.col("is_control"))
            .then(pl.lit(CONTROL))
            .when(had_seat)
            .then(pl.lit(TREATED))
            .when(place.is_in(refilled.implode()))
            .then(pl.lit(REFILL))
            .when(place.is_in(passed.implode()))
            .then(pl.lit(PASSED)),
            epoch=pl.lit(epoch),
        )
        .with_columns(
            arm_probability=pl.when(pl.col("arm") == CONTROL)
            .then(share)
            .when(pl.col("arm") == TREATED)
            .then(1 - share)
            .otherwise("explore_probability"),
            place_before=pl.when(pl.col("arm").is_not_null()).then(place.cast(pl.Int64)),
        )
    )
    has_seat = pl.col("arm").is_in([TREATED, EXPLORE, REFILL])
    seated = with_seats(told, told.filter(has_seat)["place"])
    return seated.select(*selected.columns, *NOTHING)


def are_controls(families: pl.Series, settings: ExperimentSettings, epoch: str) -> pl.Series:
    """Tell which families are left alone in an epoch, on whatever list.

    Parameters
    ----------
    families
        Texts, each once or often.
    settings
        Share of controls and salt.
    epoch
        As `ExperimentSettings.epoch_of` names it.

    Returns
    -------
    polars.Series
        Boolean per family.
    """
    hashes = [unit_hash(settings.salt, epoch, "arm", str(family)) for family in families]
    return pl.Series(hashes, dtype=pl.Float64) < settings.control_share


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


def _explorers(
    rows: pl.DataFrame, settings: ExperimentSettings, key: str, epoch: str
) -> pl.DataFrame:
    """Draw the families of each book that are tried without need; return their best rows.

    The number is the share of the book's seats, rounded by chance so that it is right on average.
    """
    salt = settings.salt
    is_out = ~pl.col("is_selected").any().over(key) & ~pl.col("is_control")
    free = rows.filter(is_out).filter("is_ranked").unique(key, keep="first", maintain_order=True)
    if not settings.explore_share:
        free = free.clear()
    hashes = [unit_hash(salt, epoch, "explore", str(family)) for family in free[key]]
    free = free.with_columns(hash=pl.Series(hashes, dtype=pl.Float64)).sort("rep", "hash", key)
    books = rows.group_by("rep").agg(asked=pl.col("is_selected").sum() * settings.explore_share)
    starts = [unit_hash(salt, epoch, "book", rep or "") for rep in books["rep"]]
    number = np.floor(books["asked"].to_numpy() + np.array(starts))
    books = books.with_columns(number=pl.Series(number, dtype=pl.Float64))
    drawn = free.join(books, on="rep", how="left", nulls_equal=True, maintain_order="left")
    # The chance is of all that could be drawn: told before the draw cuts them.
    chance = pl.min_horizontal(pl.col("asked") / pl.len().over("rep"), 1.0)
    is_drawn = pl.int_range(pl.len()).over("rep") < pl.col("number")
    return (
        drawn.with_columns(explore_probability=chance)
        .filter(is_drawn)
        .select("place", "explore_probability")
    )


def _make_room(rows: pl.DataFrame, explorers: pl.DataFrame) -> pl.DataFrame:
    """Seat explorers in place of the last of their books that have a seat."""
    is_explorer = pl.col("place").is_in(explorers["place"].implode())
    from_last = pl.col("is_selected").cast(pl.Int64).cum_sum(reverse=True).over("rep")
    stays = pl.col("is_selected") & (from_last > is_explorer.sum().over("rep"))
    return rows.with_columns(is_selected=stays | is_explorer)


def _refilled(rows: pl.DataFrame, capacity: CapacitySettings) -> tuple[pl.Series, pl.Series]:
    """Return the places that controls' seats go to, next of the same book; and those passed over.

    Passed over are rows of controls that would have been the next.
    """
    left = Counter(rows.filter("is_selected", "is_control")["rep"].to_list())
    stay = rows.filter(pl.col("is_selected") & ~pl.col("is_control"))
    offers, caps = capacity.offers_per_account or stay.height + rows.height, capacity.division_cap
    accounts, divisions = Counter(stay["customer_id"]), Counter(stay["division"])
    following = rows.filter(pl.col("is_ranked") & ~pl.col("is_selected"))
    taken, passed = [], []
    columns = ("place", "rep", "customer_id", "division", "is_control")
    for place, rep, account, division, is_control in following.select(columns).iter_rows():
        is_full = divisions[division] >= caps.get(division, rows.height)
        if not left[rep] or accounts[account] >= offers or is_full:
            continue
        if is_control:
            passed.append(place)
            continue
        left[rep] -= 1
        accounts[account] += 1
        divisions[division] += 1
        taken.append(place)
    kind = rows.schema["place"]
    return pl.Series(taken, dtype=kind), pl.Series(passed, dtype=kind)
