"""How many buyers and non-buyers there are, and how much a buyer counts."""

import numpy as np

from gosales_resources.settings.models import ModelSettings


def rarer_count(label: np.ndarray) -> int:
    """Count the rows of the rarer class.

    Parameters
    ----------
    label
        0 or 1 per row; may be empty.

    Returns
    -------
    int
        The smaller number of both classes; 0 of an empty array.

    Examples
    --------
    >>> rarer_count(np.array([0, 1, 0, 0, 1])), rarer_count(np.array([]))
    (2, 0)
    """
    positives = int(label.sum())
    return min(positives, label.size - positives)


def both_classes(label: np.ndarray, least: int) -> bool:
    """Tell whether labels hold so many of either class.

    Parameters
    ----------
    label
        0 or 1 per row; may be empty.
    least
        Rows of each that are asked for.

    Returns
    -------
    bool
        True where the rarer class has at least so many rows.
    """
    return rarer_count(label) >= least


def positive_weight(label: np.ndarray, settings: ModelSettings) -> float:
    """Return how much a buyer counts in a fit: up to as much as all others together, capped.

    Parameters
    ----------
    label
        0 or 1 per row.
    settings
        `positive_weight_max`, the cap.

    Returns
    -------
    float
        At least 1; a row that is no buyer counts 1.
    """
    positives = float(label.sum())
    return min(
        max((label.size - positives) / max(positives, 1.0), 1.0), settings.positive_weight_max
    )
