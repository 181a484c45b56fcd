"""Whether what was measured of a scored list keeps its bounds."""

import polars as pl

from gosales_checks.findings import Findings


def failing_measures(table: pl.DataFrame, bad: pl.Expr) -> Findings:
    """Name the measures that break a bound.

    Parameters
    ----------
    table
        `forward_validation` of a partition: one row per slice, measure and bin.
    bad
        True for a row that breaks the bound; null is no breach.

    Returns
    -------
    dict of str to int
        Measure, value and slice in words -> rows it was measured on; by slice and measure.
    """
    broken = table.filter(bad).sort("slice", "measure")
    return {f"{r['measure']} {r['value']:.4f} ({r['slice']})": r["n"] for r in broken.to_dicts()}
