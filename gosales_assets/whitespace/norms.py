"""The four signals of candidates on one scale: percentiles over all divisions, or within each."""

import polars as pl

from gosales_assets.whitespace.percentile import percentile
from gosales_resources.settings.whitespace import WhitespaceSettings

# Signal -> column of `whitespace_signals`.
SOURCES = {"p_icp": "p_icp", "lift": "mb_lift_max", "als": "als_similarity", "ev": "ev"}


def with_norms(eligible: pl.DataFrame, settings: WhitespaceSettings) -> pl.DataFrame:
    """Add the norms of the four signals.

    Parameters
    ----------
    eligible
        `whitespace_signals` of the eligible of all divisions.
    settings
        Over what percentiles are taken.

    Returns
    -------
    polars.DataFrame
        The rows with `p_icp_norm`, `lift_norm`, `als_norm` and `ev_norm`, 0 to 1; 0 for a row without
        the signal.
    """
    norms = {name: percentile(pl.col(column)) for name, column in SOURCES.items()}
    if settings.normalisation == "percentile":
        norms = {name: norm.over("division") for name, norm in norms.items()}
        # Its margin orders what one probability ties.
        norms["p_icp"] = pl.col("p_icp_pct")
    return eligible.with_columns(
        norm.fill_null(0.0).alias(f"{name}_norm") for name, norm in norms.items()
    )
