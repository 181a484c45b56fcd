"""The predictions a training makes for rows it did not fit: what it is judged by, and kept with it.

Margins come from fits on earlier cutoffs (or other customers), and the probability of a row from a
calibration that its customer did not take part in. Written into the bundle as a table.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from gosales_assets.models.bundle.table_files import read_table
from gosales_assets.models.calibration.calibrator import Calibrator, HeldOut, fit_calibrator
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.settings.models import ModelSettings

HELD_OUT_FILE = "held_out.parquet"
# Groups of customers whose probabilities come from the calibration of the others.
GROUPS = 5
SCHEMA = pl.Schema(
    {
        "cutoff": pl.Date(),
        # The customer by its hash: enough to draw customers and break ties.
        "ties": pl.UInt64(),
        "is_whitespace": pl.Boolean(),
        "label": pl.Int8(),
        "net_value_window": pl.Float64(),
        "margin": pl.Float64(),
        "p": pl.Float64(),
    }
)


def held_out_table(
    matrix: pl.DataFrame, held: HeldOut, calibrator: Calibrator, p: np.ndarray
) -> pl.DataFrame:
    """Put a winner's held-out predictions beside what they are predictions of.

    Parameters
    ----------
    matrix
        The training matrix that `held.row` counts in.
    held
        Margins of rows that did not fit the candidate.
    calibrator
        Fitted on them: brings the margins of both slices onto one scale.
    p
        `cross_calibrated` of them.

    Returns
    -------
    polars.DataFrame
        `SCHEMA`, one row per customer and validation cutoff, sorted by both. `p` ranks a little
        too low: a group with more buyers than the others gets lower p from them. `margin` ranks
        without that.
    """
    rows = matrix[held.row]
    ties = tie_breaker(rows["customer_id"].to_list())
    return (
        rows.select("cutoff", "is_whitespace", "label", "net_value_window")
        .with_columns(
            ties=pl.Series(ties),
            margin=pl.Series(calibrator.aligned(held.margin, held.is_whitespace)),
            p=pl.Series(p),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
        .sort("cutoff", "ties")
    )


def cross_calibrated(held: HeldOut, ties: np.ndarray, settings: ModelSettings) -> np.ndarray:
    """Return p per row, calibrated on the rows of other customers alone.

    A calibration judged on the rows it was fitted on has mean p = the observed rate by construction.

    Parameters
    ----------
    held
        Margins and labels of rows that did not fit the candidate.
    ties
        Hash of the customer per row: which group it is in.
    settings
        Of the calibration.

    Returns
    -------
    numpy.ndarray
        Float64 strictly between 0 and 1, one per row.
    """
    p, group = np.empty(held.margin.size), ties % GROUPS
    for one in np.unique(group):
        mine = group == one
        fitted = fit_calibrator(held.at(~mine), settings)
        p[mine] = fitted.probability(held.margin[mine], held.is_whitespace[mine])
    return p


def read_held_out(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the held-out predictions of a bundle.

    Parameters
    ----------
    files
        Of the bundle.

    Returns
    -------
    polars.DataFrame
        `SCHEMA`, one row per customer and validation cutoff, sorted by both; empty where the training
        made none.

    Raises
    ------
    BundleError
        When the file is not such a table.
    """
    return read_table(files, HELD_OUT_FILE, SCHEMA)
