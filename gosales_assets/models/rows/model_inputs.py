"""The inputs of rows in the forms that learners take: raw, standardised, in bins.

Every form but the raw one is made when the first learner asks for it, once for all that ask.
"""

from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
import polars as pl

from gosales_assets.models.rows.binning import bin_rows, take_binned
from gosales_assets.models.rows.preparation import Preparation


@dataclass(frozen=True, eq=False)
class ModelInputs:
    """Inputs of some rows."""

    preparation: Preparation
    """How they were made."""
    raw: np.ndarray
    """Rows x inputs, float32, missing as nan."""

    @classmethod
    def of(cls, preparation: Preparation, table: pl.DataFrame) -> "ModelInputs":
        """Make the inputs of feature rows.

        Parameters
        ----------
        preparation
            Of the model that is asked.
        table
            One row per customer, with the features that the inputs come from.

        Returns
        -------
        ModelInputs
            In the order of `table`.
        """
        return cls(preparation, preparation.raw(table))

    @cached_property
    def standardised(self) -> np.ndarray:
        """Rows x (inputs, then missing indicators), float32, nothing missing.

        Takes as long as to ask the trees, which do not look at it.
        """
        return self.preparation.standardised(self.raw)


@dataclass(frozen=True, eq=False)
class TrainingInputs(ModelInputs):
    """Inputs and labels of training rows."""

    label: np.ndarray
    """0 or 1 per row."""

    @cached_property
    def binned(self) -> lgb.Dataset:
        """The rows in LightGBM's bins."""
        return bin_rows(self.raw, self.label)

    def at(self, rows: np.ndarray) -> "TrainingInputs":
        """Return some of the rows; what was made of all of them is not made again.

        Parameters
        ----------
        rows
            Their places, ascending.

        Returns
        -------
        TrainingInputs
            In the order of `rows`.
        """
        return _PartOfTraining(
            self.preparation, _take(self.raw, rows), self.label[rows], whole=self, places=rows
        )


@dataclass(frozen=True, eq=False)
class _PartOfTraining(TrainingInputs):
    """Some of the training rows: standardised and binned with all of them."""

    whole: TrainingInputs
    places: np.ndarray

    @cached_property
    def standardised(self) -> np.ndarray:
        return _take(self.whole.standardised, self.places)

    @cached_property
    def binned(self) -> lgb.Dataset:
        return take_binned(self.whole.binned, self.places)


def _take(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    # Column by column, as they lie in memory: a third of the time of x[rows].
    return x.T.take(rows, axis=1).T
