"""What a learner is: how one is fitted, gives margins, explains them, is carried over and written.

One file with a subclass and one line in `registry` make a learner; nothing else in the phase tells
kinds of fitted models apart.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from gosales_assets.models.learners.input_map import InputMap
from gosales_assets.models.rows.model_inputs import ModelInputs, TrainingInputs
from gosales_assets.models.rows.preparation import Preparation
from gosales_resources.settings.models import ModelSettings

Parameters = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Contributions:
    """Parts of the margins of some rows, in logits."""

    by_input: np.ndarray
    """Rows x inputs, in the order of the preparation's columns."""
    base: np.ndarray
    """Margin of the average training row, one per row."""

    @property
    def margin(self) -> np.ndarray:
        """Return base plus all contributions, one per row."""
        return self.base + self.by_input.sum(axis=1)


def mixed(
    margins: Sequence[np.ndarray], shares: Sequence[tuple[float, float]], white: np.ndarray
) -> np.ndarray:
    """Return the weighted logits of several learners.

    Parameters
    ----------
    margins
        Of each learner, one per row.
    shares
        What each counts, for owners and for the whitespace.
    white
        True or 1 for a row of the whitespace.

    Returns
    -------
    numpy.ndarray
        Float64, one per row.
    """
    first, *others = (
        margin * np.where(white > 0, whitespace, owners)
        for margin, (owners, whitespace) in zip(margins, shares, strict=True)
    )
    return sum(others, start=first)


class Learner(ABC):
    """A fitted model of one kind. Runs in one thread with fixed seeds: models are fitted side by side."""

    kind: ClassVar[str]
    """Its name among candidates and in what is said of a model."""
    key: ClassVar[str]
    """Its name in a bundle."""

    @classmethod
    @abstractmethod
    def grid(cls, settings: ModelSettings) -> list[Parameters]:
        """List the parameters that are tried, simplest first."""

    @classmethod
    @abstractmethod
    def fit(
        cls,
        rows: TrainingInputs,
        parameters: Parameters,
        settings: ModelSettings,
        stop_on: TrainingInputs,
    ) -> Self:
        """Fit a candidate on a fold.

        Parameters
        ----------
        rows
            Training rows, both classes among them.
        parameters
            One of the `grid`.
        settings
            Seed, most rounds, weight of buyers.
        stop_on
            Rows that a learner which grows by rounds may stop by; no part of `rows`.
        """

    @abstractmethod
    def refit(
        self,
        rows: TrainingInputs,
        parameters: Parameters,
        settings: ModelSettings,
        *,
        rounds: int | None,
        unseen: TrainingInputs,
    ) -> Self:
        """Fit the same candidate on all rows; this is its fit on the newest fold.

        Parameters
        ----------
        rows
            All training rows.
        parameters, settings
            As `fit` had them.
        rounds
            Rounds that were judged; None of what has none.
        unseen
            Rows that this fit was not fitted on.
        """

    @property
    def best_rounds(self) -> int | None:
        """Rounds that the rows it stopped by liked best; None of what does not grow by rounds."""
        return None

    @abstractmethod
    def margin(self, rows: ModelInputs, rounds: int | None = None) -> np.ndarray:
        """Return the logits before calibration.

        Parameters
        ----------
        rows
            Inputs, made as those it was fitted on.
        rounds
            Of the first rounds alone; None for all of them.

        Returns
        -------
        numpy.ndarray
            Float64, one per row, finite.
        """

    @abstractmethod
    def contributions(self, rows: ModelInputs) -> Contributions:
        """Return what each input adds to the margins.

        Parameters
        ----------
        rows
            As `margin` takes them.

        Returns
        -------
        Contributions
            Base plus contributions is the margin, row by row, before one is clipped.
        """

    def coefficients(self, preparation: Preparation) -> np.ndarray | None:
        """Return the coefficients of the standardised inputs.

        Parameters
        ----------
        preparation
            Of the rows it takes.

        Returns
        -------
        numpy.ndarray or None
            One per input; None of what has none.
        """
        return None

    def gain_shares(self, preparation: Preparation) -> np.ndarray | None:
        """Return each input's share of the gain of all splits.

        Parameters
        ----------
        preparation
            Of the rows it takes.

        Returns
        -------
        numpy.ndarray or None
            One per input, summing to 1; None of what never splits.
        """
        return None

    @abstractmethod
    def used_inputs(self, preparation: Preparation) -> np.ndarray:
        """Tell which inputs, then which missing indicators, can change a margin.

        Parameters
        ----------
        preparation
            Of the rows it takes.

        Returns
        -------
        numpy.ndarray
            Bool, one per standardised column.
        """

    @abstractmethod
    def remapped(self, to: InputMap) -> Self:
        """Return the same model over another list of inputs, which has all that it uses."""

    @abstractmethod
    def to_json(self, number: int) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return it as plain data, and files for what is not.

        Parameters
        ----------
        number
            Of its first file among those of all members, from 1: names must not repeat.

        Returns
        -------
        tuple
            What `from_json` reads, and file name -> content.
        """

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError, lightgbm.basic.LightGBMError
            When something of it is not there, or is not what it should be.
        """
