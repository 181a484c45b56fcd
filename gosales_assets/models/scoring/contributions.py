"""What a model goes by: contributions of features, coefficients, gain.

What an input adds to a margin the learners say themselves (`Learner.contributions`), and the model
weighs them. Nothing is sampled here and nothing refitted.
"""

import numpy as np

from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.rows.preparation import Preparation


def by_feature(preparation: Preparation, by_input: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Sum the contributions of the inputs of each feature (a category's indicators).

    Parameters
    ----------
    preparation
        Of the model.
    by_input
        Rows x inputs, logits (`Contributions.by_input`).

    Returns
    -------
    tuple
        The features, in the order of their first inputs; and rows x features.
    """
    names = preparation.sources
    summed = np.zeros((by_input.shape[0], len(names)))
    place = {name: at for at, name in enumerate(names)}
    for at, column in enumerate(preparation.columns):
        summed[:, place[column.source]] += by_input[:, at]
    return names, summed


def coefficients(model: DivisionModel) -> np.ndarray | None:
    """Return the regression's coefficients.

    Parameters
    ----------
    model
        Fitted, or a prior rate.

    Returns
    -------
    numpy.ndarray or None
        One per standardised input, of the first member that has them; None without a regression.
    """
    if model.preparation is None:
        return None
    found = (one.coefficients(model.preparation) for one in model.members)
    return next((weights for weights in found if weights is not None), None)


def gain_shares(model: DivisionModel) -> np.ndarray | None:
    """Return each input's share of the trees' gain.

    Parameters
    ----------
    model
        Fitted, or a prior rate.

    Returns
    -------
    numpy.ndarray or None
        One per input, the mean over the members that split; None where none does.
    """
    if model.preparation is None:
        return None
    found = [one.gain_shares(model.preparation) for one in model.members]
    shares = [one for one in found if one is not None]
    return np.mean(shares, axis=0) if shares else None
