"""Training rows in LightGBM's bins: binned once, for all trees that are fitted on parts of them."""

import lightgbm as lgb
import numpy as np

MAX_BIN = 63
# Rows that bins are found from: 63 bins need no more, and to sort 20,000 rows of 400 inputs takes half a second.
BINNING_ROWS = 10_000


def bin_rows(raw: np.ndarray, label: np.ndarray) -> lgb.Dataset:
    """Bin training rows as LightGBM does.

    Parameters
    ----------
    raw
        Rows x inputs, float32, missing as nan (`Preparation.raw`).
    label
        0 or 1 per row.

    Returns
    -------
    lightgbm.Dataset
        Constructed; rows in their order.
    """
    parameters = {
        "max_bin": MAX_BIN,
        "bin_construct_sample_cnt": BINNING_ROWS,
        "verbosity": -1,
        "num_threads": 1,
        "force_col_wise": True,
        # Trees of other sizes ask for other leaf sizes: nothing may be filtered before.
        "feature_pre_filter": False,
    }
    return lgb.Dataset(raw, label, params=parameters).construct()


def take_binned(
    binned: lgb.Dataset, rows: np.ndarray, start: np.ndarray | None = None
) -> lgb.Dataset:
    """Return some of the binned rows, in the same bins.

    Parameters
    ----------
    binned
        From `bin_rows`.
    rows
        Their places, ascending.
    start
        The logits that boosting starts from, one per row of `rows`; None for the base rate.

    Returns
    -------
    lightgbm.Dataset
        Constructed.
    """
    part = binned.subset(rows.tolist()).construct()
    return part if start is None else part.set_init_score(start)
