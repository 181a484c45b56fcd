"""The rows of two lists side by side: what each was then and is now, and which list it is on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from gosales_checks.contracts.movement import APART

KEY = ["customer_id", "division"]
ON_LIST = [*KEY, "rank", "is_selected"]
# Of the signals of now, under the names that `score_changes` has for those of then.
NOW = {
    "segment": "segment_now",
    "is_cooling": "is_cooling_now",
    "ineligible_reason": "ineligible_reason_now",
    "p_icp": "p_now",
    "margin": "margin_now",
    "mb_lift_max": "lift_now",
    "als_similarity": "als_now",
    "conditional_value": "value_now",
    "value_12m": "value_12m_now",
}
SIDES = ("then", "now")
# What a row of one population alone is taken to have been, or to be: what it is in the other.
PAIRED = ("segment", "is_cooling", "p", "margin", "lift", "als", "value", "value_12m")
Side = bool
"""False for then, True for now."""


def side_by_side_rows(
    then: pl.DataFrame, now: pl.DataFrame, changes: pl.LazyFrame, signals: pl.LazyFrame
) -> pl.DataFrame:
    """Put the rows of two lists beside each other.

    Parameters
    ----------
    then, now
        `whitespace` of the two cutoffs: `ON_LIST`.
    changes
        `score_changes` of the cutoff of now.
    signals
        `whitespace_signals` of all divisions at the cutoff of now.

    Returns
    -------
    polars.DataFrame
        One row per customer and division of either list, sorted by both; columns of `changes`, of
        `NOW`, and rank, is_selected, is_on and is_known for either side.
    """
    lists = [
        frame.select(
            *KEY,
            pl.col("rank").alias(f"rank_{side}"),
            pl.col("is_selected").alias(f"is_selected_{side}"),
            pl.lit(value=True).alias(f"is_on_{side}"),
        )
        for side, frame in (("then", then), ("now", now))
    ]
    rows = lists[0].join(lists[1], on=KEY, how="full", coalesce=True)
    of_now = signals.select(*KEY, *(pl.col(of).alias(name) for of, name in NOW.items()))
    rows = (
        rows.lazy()
        .join(changes.drop("cutoff", "previous_cutoff"), on=KEY, how="left")
        .join(of_now, on=KEY, how="left")
        .collect()
    )
    return rows.with_columns(
        *(pl.col(f"is_on_{side}").fill_null(value=False) for side in SIDES),
        *(pl.col(f"segment_{side}").is_not_null().alias(f"is_known_{side}") for side in SIDES),
    ).sort(KEY)


@dataclass(frozen=True)
class Paired:
    """Arrays of the rows, then and now; a row that is known on one side alone is that on both."""

    rows: pl.DataFrame
    """As `side_by_side_rows` returns it."""
    is_restated: bool = True
    """Then is as it is stored now, not as it was published."""

    def is_on(self, side: Side) -> np.ndarray:
        """Return which rows are on the list."""
        return self.rows[f"is_on_{SIDES[side]}"].to_numpy()

    def is_ranked(self, side: Side) -> np.ndarray:
        """Return which rows have a rank on the list."""
        return self.rows[f"rank_{SIDES[side]}"].is_not_null().to_numpy()

    @cached_property
    def divisions(self) -> np.ndarray:
        """Codes of the rows' divisions."""
        return self.rows["division"].rank("dense").to_numpy()

    def text(self, name: str, side: Side) -> np.ndarray:
        """Return one of `PAIRED` as objects."""
        return self._sides[f"{name}_{SIDES[side]}"].to_numpy(allow_copy=True)

    def number(self, name: str, side: Side) -> np.ndarray:
        """Return one of `PAIRED` as float64; null is nan."""
        return self._numbers[name, side]

    def p(self, data: Side, model: Side, calibrator: Side) -> np.ndarray:
        """Return the probabilities with data, model and calibrator of either side."""
        return self._crossed(f"p_{SIDES[data]}_{SIDES[model]}_{SIDES[calibrator]}", data, "p")

    def margin(self, data: Side, model: Side) -> np.ndarray:
        """Return the margins likewise."""
        return self._crossed(f"margin_{SIDES[data]}_{SIDES[model]}", data, "margin")

    def value(self, side: Side) -> np.ndarray:
        """Return the conditional values; null is nan."""
        if side or not self.is_restated:
            return self.number("value", side)
        return self._taken["value_restated"]

    @cached_property
    def _sides(self) -> Mapping[str, pl.Series]:
        told = self.rows.select(
            pl.when(f"is_known_{side}")
            .then(f"{name}_{side}")
            .otherwise(f"{name}_{other}")
            .alias(f"{name}_{side}")
            for name in PAIRED
            for side, other in (SIDES, SIDES[::-1])
        )
        return told.to_dict(as_series=True)

    @cached_property
    def _numbers(self) -> Mapping[tuple[str, Side], np.ndarray]:
        found = {
            (name, side): self._sides[f"{name}_{SIDES[side]}"].cast(pl.Float64).to_numpy()
            for name in PAIRED
            if name not in ("segment", "is_cooling")
            for side in (False, True)
        }
        for side in (False, True):
            # A candidate that there is no model for has nothing on its side.
            own, other = found["p", side], found["p", not side]
            found["p", side] = np.where(np.isnan(own), other, own)
        return found

    @cached_property
    def _taken(self) -> Mapping[str, np.ndarray]:
        names = [n for n in self.rows.columns if n.startswith(("p_then_", "p_now_", "margin_"))]
        found = {name: self.rows[name].cast(pl.Float64).to_numpy() for name in names}
        restated = self.rows.select(
            pl.when("is_known_then").then("value_restated").otherwise("value_now").cast(pl.Float64)
        )
        return found | {"value_restated": restated.to_series().to_numpy()}

    @cached_property
    def _is_apart(self) -> np.ndarray:
        is_known = self.rows["is_known_then"] & self.rows["is_known_now"]
        return ((self.rows["split"] == APART).fill_null(value=False) & is_known).to_numpy()

    def _crossed(self, name: str, data: Side, plain: str) -> np.ndarray:
        stored = self._taken.get(name)
        is_published = name in ("p_then_then_then", "margin_then_then") and not self.is_restated
        if stored is None or is_published:
            return self.number(plain, data)
        # A prior rate that is not known has no probability across either.
        is_told = self._is_apart if plain == "margin" else self._is_apart & ~np.isnan(stored)
        return np.where(is_told, stored, self.number(plain, data))
