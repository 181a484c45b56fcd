"""Logistic regressions with an elastic net penalty, on standardised inputs and missing indicators."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from sklearn.linear_model import LogisticRegression

from gosales_assets.models.learners.elastic_net import LinearFit, fit_elastic_net
from gosales_assets.models.learners.input_map import NOWHERE, InputMap
from gosales_assets.models.learners.learner import Contributions, Learner, Parameters
from gosales_assets.models.rows.classes import positive_weight
from gosales_assets.models.rows.model_inputs import ModelInputs, TrainingInputs
from gosales_assets.models.rows.preparation import Preparation
from gosales_resources.settings.models import ModelSettings

MAX_ITERATIONS = 2000


@dataclass(frozen=True, eq=False)
class Linear(LinearFit, Learner):
    """A fitted logistic regression on standardised inputs and their missing indicators."""

    kind: ClassVar[str] = "logistic_regression"
    key: ClassVar[str] = "linear"

    @classmethod
    def grid(cls, settings: ModelSettings) -> list[Parameters]:
        """List the parameters that are tried, simplest first."""
        values = product(sorted(settings.linear_strengths), sorted(settings.linear_l1_ratios))
        return [{"C": c, "l1_ratio": share} for c, share in values]

    @classmethod
    def fit(
        cls,
        rows: TrainingInputs,
        parameters: Parameters,
        settings: ModelSettings,
        stop_on: TrainingInputs,
    ) -> "Linear":
        """Fit the rows; there are no rounds to stop."""
        return fit_linear(rows.standardised, rows.label, parameters, settings)

    def refit(
        self,
        rows: TrainingInputs,
        parameters: Parameters,
        settings: ModelSettings,
        *,
        rounds: int | None,
        unseen: TrainingInputs,
    ) -> "Linear":
        """Fit all rows, beginning here, and bring the margins onto this fit's scale."""
        found = fit_linear(rows.standardised, rows.label, parameters, settings, start=self)
        return found.on_scale_of(self, unseen.standardised)

    def margin(self, rows: ModelInputs, rounds: int | None = None) -> np.ndarray:
        """See `Learner`; of the standardised inputs, whatever `rounds` says."""
        return self.logits(rows.standardised)

    def logits(self, standardised: np.ndarray) -> np.ndarray:
        """Return the margins of standardised rows.

        Parameters
        ----------
        standardised
            Rows x standardised columns (`ModelInputs.standardised`).

        Returns
        -------
        numpy.ndarray
            Float64, one per row.
        """
        # einsum, not a matrix product: BLAS may add in another order with other threads.
        return self.intercept + np.einsum("ij,j->i", standardised, self.weights)

    def contributions(self, rows: ModelInputs) -> Contributions:
        """Take margins apart: coefficient times distance from the training mean.

        A missing value's indicator counts to its input.
        """
        preparation, z = rows.preparation, rows.standardised
        count = len(preparation.columns)
        weighted = z * self.weights
        by_input = weighted[:, :count].copy()
        for place, at in enumerate(preparation.flagged, start=count):
            by_input[:, at] += weighted[:, place]
        return Contributions(by_input, np.full(z.shape[0], self.intercept))

    def coefficients(self, preparation: Preparation) -> np.ndarray:
        """See `Learner`; those of missing indicators are not among them."""
        return self.weights[: len(preparation.columns)]

    def used_inputs(self, preparation: Preparation) -> np.ndarray:
        """See `Learner`: those that have a weight."""
        return self.weights != 0

    def remapped(self, to: InputMap) -> "Linear":
        """Return the same weights over another list of inputs; 0 for those that are new."""
        weights, kept = np.zeros(to.width), to.places != NOWHERE
        weights[to.places[kept]] = self.weights[kept]
        return Linear(self.intercept, weights)

    def to_json(self, number: int) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return it as plain data; it needs no file."""
        return {"intercept": self.intercept, "weights": self.weights.tolist()}, {}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], files: Mapping[str, bytes]) -> "Linear":
        """Read what `to_json` wrote."""
        return cls(float(data["intercept"]), np.asarray(data["weights"], dtype=np.float64))

    def on_scale_of(self, other: "Linear", standardised: np.ndarray) -> "Linear":
        """Return it with margins as large as another fit's, as far as that one is right.

        Parameters
        ----------
        other
            A fit on fewer rows, whose margins are smaller under the same penalty, and less exact: its
            margins are part of these and noise. A calibration learnt from them is too sure of these
            (outcomes had a slope of 0.91 on the whitespace of sample company M, 0.96 after it).
        standardised
            Rows that `other` was not fitted on.

        Returns
        -------
        Linear
            Itself where the margins of both do not rise together.
        """
        mine, theirs = (one.logits(standardised) for one in (self, other))
        together = float((mine - mine.mean()) @ (theirs - theirs.mean()))
        if together <= 0:
            return self
        factor = float(np.square(theirs - theirs.mean()).sum()) / together
        level = theirs.mean() - factor * (mine.mean() - self.intercept)
        return Linear(float(level), factor * self.weights)


def fit_linear(
    standardised: np.ndarray,
    label: np.ndarray,
    parameters: Parameters,
    settings: ModelSettings,
    start: Linear | None = None,
) -> Linear:
    """Fit a logistic regression with inverse penalty C and the L1 share of its elastic net.

    Parameters
    ----------
    standardised
        Rows x inputs, float32.
    label
        0 or 1 per row, both there.
    parameters
        `C` and `l1_ratio`, as scikit-learn's LogisticRegression means them.
    settings
        Weight of buyers.
    start
        Of the same inputs, likely to be near: an elastic net of five times the rows begins there and
        takes half the time.

    Returns
    -------
    Linear
        Ridge by L-BFGS; with an L1 share by coordinate descent (`elastic_net`).
    """
    heavy = positive_weight(label, settings)
    if parameters["l1_ratio"]:
        counts = np.where(label > 0, heavy, 1.0)
        penalty = 1.0 / (parameters["C"] * label.size)
        share = parameters["l1_ratio"]
        found = fit_elastic_net(
            standardised, label, counts, penalty=penalty, share=share, start=start
        )
        return Linear(found.intercept, found.weights)
    model = LogisticRegression(
        C=parameters["C"], max_iter=MAX_ITERATIONS, class_weight={0: 1.0, 1: heavy}
    )
    model.fit(standardised, label)
    intercept, weights = np.asarray(model.intercept_), np.asarray(model.coef_, dtype=np.float64)
    return Linear(float(intercept[0]), weights[0])
