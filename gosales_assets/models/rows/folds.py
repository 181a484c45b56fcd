"""Which rows a candidate is fitted on and which it is judged on.

By time where there is time: judged on cutoff v, fitted on cutoffs whose label windows had ended
by v. Otherwise by customer, and the model says so.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.models.rows.classes import both_classes
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.settings.models import ModelSettings

CUSTOMER_FOLDS = 4
# What is fitted on all cutoffs is asked about customers it has not seen by so many fits of the others.
CROSSED = 4
BY_TIME = "by time"
# Of the rarer class, among the rows that candidates are judged on: fewer cannot tell two apart.
FEWEST_JUDGED = 5


@dataclass(frozen=True)
class Fold:
    """Row positions in the training matrix."""

    name: str
    train: np.ndarray
    valid: np.ndarray
    newest: bool
    """Validated on the newest cutoff: the intercept of the calibration comes from it."""


@dataclass(frozen=True)
class Folds:
    """All folds and how they were made."""

    folds: list[Fold]
    scheme: str


def make_folds(table: pl.DataFrame, settings: ModelSettings) -> Folds:
    """Split training rows for selection and calibration.

    Parameters
    ----------
    table
        The training matrix: customer_id, cutoff, label, and window_end, the embargo: the last day
        of the cutoff's label window, widened or not.
    settings
        How many validation cutoffs; the smallest class a fold needs.

    Returns
    -------
    Folds
        By time, else by customer: no customer is on both sides of a fold then.
    """
    cutoffs: list[dt.date] = table["cutoff"].unique().sort().to_list()
    at = table["cutoff"].to_numpy()
    label = table["label"].to_numpy()
    ends = dict(table.select("cutoff", "window_end").unique().rows())
    folds = []
    for v in cutoffs:
        mature = [t for t in cutoffs if ends[t] <= v]
        train = np.isin(at, np.array(mature, dtype=at.dtype)).nonzero()[0]
        valid = (at == np.datetime64(v)).nonzero()[0]
        enough = both_classes(label[train], settings.min_positives)
        if enough and both_classes(label[valid], FEWEST_JUDGED):
            folds.append(Fold(str(v), train, valid, newest=v == cutoffs[-1]))
    if folds and folds[-1].newest:
        return Folds(folds[-settings.validation_cutoffs :], BY_TIME)
    scheme = (
        "by customer: no training cutoff's window ends by a later one"
        if not folds
        else "by customer: the newest training cutoff cannot be validated by time"
    )
    fitted, newest = fitted_rows(table, settings), (table["cutoff"] == cutoffs[-1]).to_numpy()
    return Folds(_by_customer(table, "customers", CUSTOMER_FOLDS, fitted, newest), scheme)


def fitted_rows(table: pl.DataFrame, settings: ModelSettings) -> np.ndarray:
    """Tell which rows a model is fitted on in the end: those of the newest cutoffs.

    Parameters
    ----------
    table
        The training matrix; may reach further back, for folds by time.
    settings
        How many cutoffs.

    Returns
    -------
    numpy.ndarray
        True or False per row.
    """
    newest = table["cutoff"].unique().sort().tail(settings.training_cutoffs)
    return table["cutoff"].is_in(newest.implode()).to_numpy()


def crossed(table: pl.DataFrame, settings: ModelSettings) -> list[Fold]:
    """Split the rows that a model is fitted on so that fits on them can be asked about others of them.

    Parameters
    ----------
    table
        The training matrix.
    settings
        How many cutoffs a model is fitted on.

    Returns
    -------
    list of Fold
        `CROSSED` of them; no customer is on both sides of one.
    """
    fitted = fitted_rows(table, settings)
    return _by_customer(table, "left out", CROSSED, fitted, fitted)


def _by_customer(
    table: pl.DataFrame, name: str, groups: int, fitted: np.ndarray, judged: np.ndarray
) -> list[Fold]:
    """Split rows by the hash of their customer; `fitted` and `judged` say which rows count at all."""
    group = tie_breaker(table["customer_id"].to_list()) % groups
    return [
        Fold(
            f"{name} {k + 1} of {groups}",
            train=((group != k) & fitted).nonzero()[0],
            valid=((group == k) & judged).nonzero()[0],
            newest=True,
        )
        for k in range(groups)
    ]
