"""The rows of a fold, as candidates are fitted on them and asked about them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from gosales_assets.models.rows.folds import Fold
from gosales_assets.models.rows.model_inputs import TrainingInputs
from gosales_checks.measures.ranking import tie_breaker


@dataclass(frozen=True, kw_only=True)
class FoldInputs:
    """What is fitted on a fold, and what is predicted."""

    name: str
    train_rows: np.ndarray
    """Places in the training matrix, as those of `valid_rows`."""
    valid_rows: np.ndarray
    train: TrainingInputs
    valid: TrainingInputs
    stop_on: TrainingInputs
    """What early stopping looks at."""


@dataclass(frozen=True)
class FoldCutter:
    """Cuts folds out of the training rows, no larger than candidates need to be compared."""

    table: pl.DataFrame
    inputs: TrainingInputs
    most: int
    """Rows of a fold that are looked at."""

    @cached_property
    def is_whitespace(self) -> np.ndarray:
        """True for a training row of the whitespace."""
        return self.table["is_whitespace"].to_numpy()

    def prepare(self, fold: Fold) -> FoldInputs:
        """Take the rows of a fold."""
        train, valid = (self._sample(rows) for rows in (fold.train, fold.valid))
        judged = self.inputs.at(valid)
        return FoldInputs(
            name=fold.name,
            train_rows=train,
            valid_rows=valid,
            train=self.inputs.at(train),
            valid=judged,
            stop_on=judged,
        )

    def narrow(self, data: FoldInputs, fold: Fold) -> FoldInputs:
        """Fit on the whitespace alone; all of the fold are predicted still."""
        white, valid = self.is_whitespace, data.valid_rows
        train = self._sample(fold.train[white[fold.train]])
        return replace(
            data,
            train_rows=train,
            train=self.inputs.at(train),
            stop_on=self.inputs.at(valid[white[valid]]),
        )

    def _sample(self, rows: np.ndarray) -> np.ndarray:
        """Take so many of the rows, by customer hash: the same ones whatever the row order."""
        if rows.size <= self.most:
            return rows
        customers = self.table["customer_id"][rows]
        chosen = (
            self.table[rows]
            .with_row_index("at")
            .select("at", "cutoff", ties=pl.Series(tie_breaker(customers.to_list())))
        )
        return rows[np.sort(chosen.sort("ties", "cutoff")["at"].head(self.most).to_numpy())]
