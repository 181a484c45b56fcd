"""Whether a target is bought about as often as it was at earlier cutoffs."""

import datetime as dt
import math
from collections.abc import Mapping

import polars as pl

from gosales_checks.findings import Examined

LIKE_EARLIER = "prevalence_like_earlier_cutoffs"
# Beyond what counting alone explains: 99.9 % of a normal distribution, both sides.
STANDARD_ERRORS = 3.29


def judge_prevalence(
    cutoff: dt.date, tables: Mapping[dt.date, pl.DataFrame], max_ratio: float
) -> Examined:
    """Compare each target's share of buyers with that of the earlier cutoffs together.

    Parameters
    ----------
    cutoff
        The one that is judged.
    tables
        Cutoff -> `prevalence`, its own and earlier ones that are stored.
    max_ratio
        A rate so many times higher or lower is a finding, if it is also further off than counting
        alone explains.

    Returns
    -------
    Examined
        Finding -> customers. Censored windows, and those of another length, are not compared.
    """
    now = _whole(tables[cutoff])
    earlier = [_whole(table) for day, table in sorted(tables.items()) if day < cutoff]
    past = pl.concat([now.clear(), *earlier])
    findings = {}
    for row in now.to_dicts():
        same = past.filter(division=row["division"], window_months=row["window_months"])
        if same.is_empty():
            continue
        # Half a buyer: nobody so far is a small rate, not an impossible one.
        usual = (int(same["positives"].sum()) + 0.5) / (int(same["population"].sum()) + 1)
        found = (row["positives"] + 0.5) / (row["population"] + 1)
        expected = row["population"] * usual
        error = math.sqrt(expected * (1 - usual))
        far = abs(row["positives"] - expected) > STANDARD_ERRORS * error
        if far and not 1 / max_ratio <= found / usual <= max_ratio:
            told = (
                f"{row['division']}: {found:.4f} buy, {usual:.4f} at {same.height} earlier cutoffs"
            )
            findings[told] = row["population"]
    if now.is_empty():
        return Examined(note="no label window has ended: nothing to compare")
    if past.is_empty():
        return Examined(note="no earlier cutoff to compare with")
    return Examined(findings)


def _whole(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row per target whose window has ended."""
    return table.filter(
        pl.col("cohort") == "all", pl.col("population") > 0, ~pl.col("is_censored")
    ).select("division", "window_months", "population", "positives")
