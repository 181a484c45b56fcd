"""How a model's training rows were spread, and how much their cutoffs differed among themselves.

What is scored later is held against it. Lifts of a basket are new values at every cutoff, and a tenure
only grows: such a shift is no news. So each training cutoff is held against the others, as a later one
will be against all of them.
"""

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from gosales_assets.models.bundle.table_files import read_table
from gosales_checks.measures.reference_bins import BINS_SCHEMA, count_groups, fit_bins
from gosales_checks.measures.stability import ks_distance, psi

INPUTS_FILE, SCORES_FILE = "reference_inputs.parquet", "reference_scores.parquet"
# What training cutoffs showed among themselves; null with fewer than three of them.
USUAL = {
    # Largest shift of one against the others.
    "usual": pl.Float64(),
    # The same at either end, for each day between it and the mean of the others (PSI: day squared).
    "usual_per_day": pl.Float64(),
    "mean_cutoff": pl.Date(),
}
INPUTS_SCHEMA = pl.Schema({**BINS_SCHEMA, "customer_count": pl.Int64(), **USUAL})
SCORES_SCHEMA = pl.Schema({"slice": pl.String(), "p": pl.Float64(), **USUAL})
FEWEST_CUTOFFS = 3
QUANTILES = 1_001
# How they grow with time: a small shift's index with the square of it, a distance as it.
PSI_POWER, KS_POWER = 2, 1
# A small shift's index grows with its square, a larger one's faster, as bins empty: drawn tenures of
# customers had 1.1 to 1.4 times what their training cutoffs let expect.
MARGIN = 2.0
# Where one training cutoff is itself further from the others than the threshold, bins empty and fill from
# cutoff to cutoff: the next of four such values is beyond the largest one time in five, and 3.4 times as
# large was seen in a quiet log.
MARGIN_OF_JUMPS = 10.0
WHITESPACE, ALL = "whitespace", "all"


def reference_inputs(fitted: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Cut a model's inputs into bins over the rows that it was fitted on.

    Parameters
    ----------
    fitted
        Those rows: one per customer and training cutoff.
    features
        The inputs.

    Returns
    -------
    polars.DataFrame
        `INPUTS_SCHEMA`, by feature and bin. `customer_count`: a customer has a row at each cutoff,
        and they are much alike; chance goes by customers.
    """
    bins = fit_bins(fitted, features)
    cutoffs = fitted["cutoff"].unique().sort().to_list()
    at_cutoff = np.searchsorted(np.array(cutoffs, "datetime64[D]"), fitted["cutoff"].to_numpy())
    counts = dict(zip(cutoffs, count_groups(bins, fitted, at_cutoff, len(cutoffs)), strict=True))
    whole = bins["count"].to_numpy()
    parts = []
    for (_,), cut in bins.with_row_index("at").group_by("feature", maintain_order=True):
        at = cut["at"].to_numpy()
        usual = usual_shift(
            cutoffs, lambda t, at=at: psi((whole - counts[t])[at], counts[t][at]), PSI_POWER
        )
        parts.append(cut.drop("at").with_columns(**usual))
    if not parts:
        return pl.DataFrame(schema=INPUTS_SCHEMA)
    customers = pl.lit(fitted["customer_id"].n_unique(), pl.Int64)
    return pl.concat(parts).with_columns(customer_count=customers).select(*INPUTS_SCHEMA)


def reference_scores(p: np.ndarray, cutoff: pl.Series, is_whitespace: np.ndarray) -> pl.DataFrame:
    """Keep the distribution of probabilities that a model gives to rows of customers it did not fit.

    Parameters
    ----------
    p, is_whitespace
        One per row.
    cutoff
        Training cutoff per row.

    Returns
    -------
    polars.DataFrame
        `SCORES_SCHEMA`: quantiles of each slice that has rows, ascending.
    """
    parts = [pl.DataFrame(schema=SCORES_SCHEMA)]
    days = cutoff.to_numpy()
    for name, inside in ((ALL, np.ones(len(p), bool)), (WHITESPACE, is_whitespace.astype(bool))):
        values, at = p[inside], days[inside]
        if not len(values):
            continue
        cutoffs = cutoff.filter(pl.Series(inside)).unique().sort().to_list()
        usual = usual_shift(
            cutoffs,
            lambda t, v=values, at=at: ks_distance(
                v[at != np.datetime64(t)], v[at == np.datetime64(t)]
            ),
            KS_POWER,
        )
        kept = np.quantile(values, np.linspace(0, 1, min(QUANTILES, len(values))))
        part = pl.DataFrame({"slice": name, "p": kept}).with_columns(**usual)
        parts.append(part.select(*SCORES_SCHEMA))
    return pl.concat(parts)


def usual_shift(
    cutoffs: Sequence[dt.date], shift: Callable[[dt.date], float], power: int
) -> dict[str, pl.Expr]:
    """Measure how far each training cutoff is from the others.

    Parameters
    ----------
    cutoffs
        Ascending.
    shift
        Of one cutoff against all others.
    power
        Of the time that such a shift grows with.

    Returns
    -------
    dict of str to polars.Expr
        The constants of `USUAL`.
    """
    usual = per_day = mean = None
    if cutoffs:
        mean = dt.date.fromordinal(round(np.mean([t.toordinal() for t in cutoffs])))
    if len(cutoffs) >= FEWEST_CUTOFFS:
        found = {t: shift(t) for t in cutoffs}
        usual = max(found.values())
        per_day = max(
            found[t] / _days_to_others(t, cutoffs) ** power for t in (cutoffs[0], cutoffs[-1])
        )
    told = {"usual": usual, "usual_per_day": per_day, "mean_cutoff": mean}
    return {name: pl.lit(told[name], dtype=kind) for name, kind in USUAL.items()}


def usual_index(row: dict, cutoff: dt.date, threshold: float) -> float | None:
    """Return the stability index that is no news at a cutoff.

    Parameters
    ----------
    row, cutoff
        As in `usual_distance`.
    threshold
        Of an alarm.
    """
    grown = _grown(row, cutoff, PSI_POWER)
    if grown is None:
        return None
    jumps = MARGIN_OF_JUMPS * row["usual"] if row["usual"] > threshold else 0.0
    return max(MARGIN * grown, jumps)


def usual_distance(row: dict, cutoff: dt.date) -> float | None:
    """Return the distance of probabilities that is no news: drawn out to that of the cutoff in time.

    Parameters
    ----------
    row
        With the columns of `USUAL`.
    cutoff
        That is held against the reference.

    Returns
    -------
    float or None
        None with too few training cutoffs to tell.
    """
    return _grown(row, cutoff, KS_POWER)


def _grown(row: dict, cutoff: dt.date, power: int) -> float | None:
    if row["usual"] is None:
        return None
    days = (cutoff - row["mean_cutoff"]).days
    return max(row["usual"], row["usual_per_day"] * days**power)


def read_inputs(files: dict[str, bytes]) -> pl.DataFrame:
    """Read `INPUTS_SCHEMA` from files of a bundle; empty where they have none."""
    return read_table(files, INPUTS_FILE, INPUTS_SCHEMA)


def read_scores(files: dict[str, bytes]) -> pl.DataFrame:
    """Read `SCORES_SCHEMA` from files of a bundle; empty where they have none."""
    return read_table(files, SCORES_FILE, SCORES_SCHEMA)


def _days_to_others(one: dt.date, cutoffs: Sequence[dt.date]) -> float:
    others = [t.toordinal() for t in cutoffs if t != one]
    return abs(one.toordinal() - float(np.mean(others)))
