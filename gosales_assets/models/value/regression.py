"""A ridge regression of positive values on a log scale, by Newton's steps.

Numbers alone: what inputs and values are is not known here. The deviance is Poisson's, for its fit
keeps the mean: predictions sum to what they are fitted on, whatever the spread of values is.
"""

from dataclasses import dataclass

import numpy as np

MOST_STEPS = 100
STEP_TOLERANCE = 1e-9
# A step changes no log of a value by more: the first ones would overshoot.
LARGEST_STEP = 1.0
# No prediction is further than e^4 = 55 times off the mean that it is a ratio to.
LARGEST_LOG = 4.0


@dataclass(frozen=True, eq=False)
class LogLinear:
    """An intercept and weights: the log of the expected value is linear in the inputs."""

    intercept: float
    weights: np.ndarray
    """One per input."""

    def logs(self, x: np.ndarray) -> np.ndarray:
        """Return the log of the expected value per row, within `LARGEST_LOG` of 0.

        Parameters
        ----------
        x
            Rows x inputs, float64, finite.
        """
        # einsum, not a matrix product: BLAS may add in another order with other threads.
        found = self.intercept + np.einsum("ij,j->i", x, self.weights)
        return np.clip(found, -LARGEST_LOG, LARGEST_LOG)


def fit_log_linear(
    x: np.ndarray, values: np.ndarray, penalty: np.ndarray, prior: np.ndarray | None = None
) -> LogLinear:
    """Minimise the sum of Poisson deviances plus a ridge penalty.

    Parameters
    ----------
    x
        Rows x inputs, float64, finite.
    values
        At least 0, some above it; one per row.
    penalty
        Intercept first: half of it times the square of each weight's distance from its prior.
    prior
        What weights are drawn to, intercept first; 0 where not given, and no distance at all for a
        penalty of 0.

    Returns
    -------
    LogLinear
        With an intercept without penalty the predictions sum to the values.

    References
    ----------
    Gourieroux, Monfort and Trognon (1984), Pseudo maximum likelihood methods: consistent for the mean
    of any positive value, not only for counts.
    """
    design = np.column_stack([np.ones(len(values)), x])
    drawn_to = np.zeros(design.shape[1]) if prior is None else prior
    at = drawn_to.copy()
    if penalty[0] == 0:
        at[0] = np.log(values.mean())
    for _ in range(MOST_STEPS):
        mean = np.exp(np.clip(design @ at, -LARGEST_LOG, LARGEST_LOG))
        slope = (values - mean) @ design - penalty * (at - drawn_to)
        curve = (design * mean[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        at = at + step * min(1.0, LARGEST_STEP / max(np.abs(step).max(), LARGEST_STEP))
        if np.abs(step).max() < STEP_TOLERANCE:
            break
    return LogLinear(float(at[0]), at[1:])
