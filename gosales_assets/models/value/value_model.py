"""The value model: how a customer's value compares with what its industry's buyers spend.

A regression over all divisions, and how far it may be believed in each, of owners and of those who
never bought there: their values differ by more than any size tells.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from gosales_assets.models.value.inputs import WHITESPACE, ValueInputs, sizes_of
from gosales_assets.models.value.regression import LogLinear

OWNERS, NEW = "owners", "whitespace"
SLICES = (OWNERS, NEW)


@dataclass(frozen=True)
class Spread:
    """How values of one slice follow the regression, by buyers that were left out of it."""

    buyers: int
    center: float
    """Mean log of the regression over the slice's past buyers, all divisions."""
    level: float
    """Log of the ratio of such a buyer."""
    slope: float
    """How much of the regression's log reaches the value: 1 is all of it, 0 nothing."""

    def logs(self, regression: np.ndarray) -> np.ndarray:
        """Return the log of the ratio that is expected, by the regression's log."""
        return self.level + self.slope * (regression - self.center)


@dataclass(frozen=True)
class ValueModel:
    """What a value over the mean of its industry and division is expected to be."""

    inputs: ValueInputs
    regression: LogLinear
    everywhere: Mapping[str, Spread]
    """Of each slice over all divisions: what holds where none of the sampled customers has bought."""
    divisions: Mapping[str, Mapping[str, Spread]]
    """Division -> slice -> spread, of those with sampled buyers."""

    def spread(self, division: str, part: str) -> Spread:
        """Return how far the regression is believed in a slice of a division."""
        return self.divisions.get(division, {}).get(part, self.everywhere[part])

    def ratios(self, table: pl.DataFrame, division: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the expected value over the mean of the customer's industry.

        Parameters
        ----------
        table
            Feature rows of the whole population of the division at one cutoff.
        division
            Its key.

        Returns
        -------
        tuple of numpy.ndarray
            Per row: the ratio, float64, above 0, finite; and whether it knows the customer, not only
            the slice.
        """
        sizes = sizes_of(table)
        found = self.regression.logs(self.inputs.matrix(sizes))
        new = sizes[WHITESPACE].to_numpy() > 0
        owners, others = (self.spread(division, part) for part in SLICES)
        logs = np.where(new, others.logs(found), owners.logs(found))
        return np.exp(logs), np.where(new, others.slope > 0, owners.slope > 0)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "inputs": self.inputs.to_json(),
            "intercept": self.regression.intercept,
            "weights": self.regression.weights.tolist(),
            "everywhere": _to_json(self.everywhere),
            "divisions": {name: _to_json(one) for name, one in sorted(self.divisions.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ValueModel":
        """Read what `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
            When something of it is not there, or is not what it should be.
        """
        weights = np.asarray(data["weights"], dtype=np.float64)
        found = cls(
            inputs=ValueInputs.from_json(data["inputs"]),
            regression=LogLinear(float(data["intercept"]), weights),
            everywhere=_from_json(data["everywhere"]),
            divisions={name: _from_json(one) for name, one in data["divisions"].items()},
        )
        if weights.shape != (len(found.inputs.columns),):
            raise ValueError(f"{weights.size} weights of {len(found.inputs.columns)} inputs")
        return found


def _to_json(spreads: Mapping[str, Spread]) -> dict[str, Any]:
    return {part: asdict(one) for part, one in sorted(spreads.items())}


def _from_json(data: Mapping[str, Any]) -> dict[str, Spread]:
    return {part: Spread(**data[part]) for part in SLICES if part in data}
