"""The ranks that rows would have, had some of what orders the list stayed as it was.

The order is that of `rank`, worked out of arrays: it is asked for up to 64 times a list.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gosales_assets.whitespace.movement_rows import Paired, Side
from gosales_assets.whitespace.percentile import percentiles_of
from gosales_assets.whitespace.shapley import State
from gosales_assets.whitespace.weights import OVERALL, Weights
from gosales_checks.contracts.whitespace import SIGNALS

# In the order in which they are told.
SWITCHES = ("data", "model", "calibrator", "value", "order", "rest")
NOTHING: State = frozenset()
ALL: State = frozenset(SWITCHES)


@dataclass(frozen=True)
class Order:
    """What turned signals into the order of a list, as its figures keep it."""

    weights: Mapping[str, Weights]
    """`OVERALL`, and segments that have their own -> signal -> weight in force."""
    within_division: bool
    """Percentiles are taken within divisions."""
    cooldown_factor: float

    @classmethod
    def of(cls, figures: pl.DataFrame) -> "Order | None":
        """Read it from `list_metrics`; None where an earlier version did not keep it."""
        weights: dict[str, Weights] = {}
        for item, value in figures.filter(measure="weight").select("item", "value").iter_rows():
            signal, _, segment = item.partition(", ")
            weights.setdefault(segment or OVERALL, {})[signal] = value
        found = dict(figures.filter(item="").select("measure", "value").iter_rows())
        if OVERALL not in weights or not {"within_division", "cooldown_factor"} <= set(found):
            return None
        return cls(weights, found["within_division"] == 1.0, found["cooldown_factor"])


@dataclass(frozen=True)
class DatedList:
    """The list of a cutoff, as it is stored."""

    cutoff: dt.date
    rows: pl.DataFrame
    """`whitespace`: customer_id, division, rank, is_selected."""
    order: Order


@dataclass(frozen=True)
class Ranking:
    """Ranks of the rows of two lists under any mixture of then and now."""

    rows: Paired
    orders: Mapping[Side, Order]
    """How the list was ordered then, and is now."""
    _kept: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict, repr=False)

    def switches(self) -> list[str]:
        """List the switches that can move a row: of the others nothing differs."""
        rows = self.rows
        differ = {
            "data": True,
            "model": not _same_along(rows, 1),
            "calibrator": not _same_along(rows, 2),
            "value": not _equal(rows.value(False), rows.value(True)),
            "order": self.orders[False] != self.orders[True],
            "rest": not (
                np.array_equal(rows.is_on(False), rows.is_on(True))
                and np.array_equal(rows.is_ranked(False), rows.is_ranked(True))
            ),
        }
        return [name for name in SWITCHES if differ[name]]

    def ranks(self, on: State) -> np.ndarray:
        """Rank the rows with some switches turned to now.

        Parameters
        ----------
        on
            Of `SWITCHES`; the others are as they were then.

        Returns
        -------
        numpy.ndarray
            Int64, one per row; 0 for rows that are not ranked on the list of that side.
        """
        side = {name: name in on for name in SWITCHES}
        listed = np.flatnonzero(self.rows.is_on(side["rest"]))
        is_ranked = self.rows.is_ranked(side["rest"])[listed]
        p = self.rows.p(side["data"], side["model"], side["calibrator"])[listed]
        ev = p * self.rows.value(side["value"])[listed]
        score = self._score(side, listed, ev)
        at = np.flatnonzero(is_ranked)
        # Rows are sorted by customer and division, and the sort is stable: the last of the ties.
        order = at[np.lexsort((-ev[at], -p[at], -score[at]))]
        found = np.zeros(self.rows.rows.height, dtype=np.int64)
        found[listed[order]] = np.arange(1, order.size + 1)
        return found

    def _score(self, side: Mapping[str, Side], listed: np.ndarray, ev: np.ndarray) -> np.ndarray:
        order, data = self.orders[side["order"]], side["data"]
        shares = self._shares(order, data, listed)
        # Without past buyers the weight of the value goes to the probability.
        shares["p_icp"] = np.where(np.isnan(ev), shares["p_icp"] + shares["ev"], shares["p_icp"])
        by = self.rows.divisions[listed] if order.within_division else None
        total = np.zeros(listed.size)
        for name in SIGNALS:
            if shares[name].any():
                total = total + shares[name] * self._norm(name, side, listed, ev, by)
        cooling = self.rows.text("is_cooling", data)[listed].astype(bool)
        return total * np.where(cooling, order.cooldown_factor, 1.0)

    def _norm(
        self,
        name: str,
        side: Mapping[str, Side],
        listed: np.ndarray,
        ev: np.ndarray,
        divisions: np.ndarray | None,
    ) -> np.ndarray:
        """Return the percentiles of a signal; all but those of ev are the same in several states."""
        if name == "ev":
            return _norm(ev, divisions)
        asked = ("data", "model", "calibrator") if name == "p_icp" else ("data",)
        key = (name, side["rest"], divisions is None, *(side[switch] for switch in asked))
        if key not in self._kept:
            values = self._values(name, side, listed, divisions)
            self._kept[key] = _norm(values, divisions)
        return self._kept[key]

    def _values(
        self,
        name: str,
        side: Mapping[str, Side],
        listed: np.ndarray,
        divisions: np.ndarray | None,
    ) -> np.ndarray:
        data, model = side["data"], side["model"]
        if name != "p_icp":
            return self.rows.number(name, data)[listed]
        p = self.rows.p(data, model, side["calibrator"])[listed]
        if divisions is None:
            return p
        # Within the division the margin orders equal probabilities.
        return _dense(p, self.rows.margin(data, model)[listed], divisions)

    def _shares(self, order: Order, data: Side, listed: np.ndarray) -> dict[str, np.ndarray]:
        overall = order.weights[OVERALL]
        found = {name: np.full(listed.size, overall[name]) for name in SIGNALS}
        own = {segment: of for segment, of in order.weights.items() if segment != OVERALL}
        if own:
            segments = self.rows.text("segment", data)[listed]
            for segment, weights in own.items():
                for name in SIGNALS:
                    found[name][segments == segment] = weights[name]
        return found


def _norm(values: np.ndarray, divisions: np.ndarray | None) -> np.ndarray:
    """Return percentiles of the known values, over all or by division; 0 for the others."""
    found = np.zeros(values.size)
    known = ~np.isnan(values)
    if divisions is None:
        found[known] = percentiles_of(values[known])
        return found
    for division in np.unique(divisions):
        mine = known & (divisions == division)
        found[mine] = percentiles_of(values[mine])
    return found


def _dense(p: np.ndarray, margin: np.ndarray, divisions: np.ndarray) -> np.ndarray:
    """Give distinct pairs of probability and margin rising numbers within each division."""
    margin = np.where(np.isnan(margin), 0.0, margin)
    order = np.lexsort((margin, p, divisions))
    steps = (np.diff(p[order]) != 0) | (np.diff(margin[order]) != 0)
    found = np.empty(p.size)
    found[order] = np.concatenate([np.zeros(min(p.size, 1)), np.cumsum(steps)])
    return found


def _same_along(rows: Paired, axis: int) -> bool:
    """Tell whether no probability changes when one of data, model and calibrator does."""
    for first in (False, True):
        for second in (False, True):
            sides = [first, second]
            then, now = ([*sides[:axis], side, *sides[axis:]] for side in (False, True))
            if not _equal(rows.p(*then), rows.p(*now)):
                return False
            if axis == 1 and not _equal(rows.margin(first, False), rows.margin(first, True)):
                return False
    return True


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b, equal_nan=True)
