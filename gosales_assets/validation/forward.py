"""Forward validation: the scores as they stood at the cutoff, against the labels after it."""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.measures.calibration import calibration_bins
from gosales_checks.measures.ranking import gains, tie_breaker
from gosales_checks.measures.summary import COUNTS, evaluate
from gosales_resources.errors import ContractError
from gosales_resources.settings.phases import ValidationSettings

ALL, WHITESPACE = "all", "whitespace"
NOTHING = "none"


@dataclass(frozen=True)
class Row:
    """One measure of one slice."""

    measure: str
    bin: int
    value: float | None
    low: float | None
    high: float | None
    n: int
    positives: int
    status: str


def validate_forward(
    scores: pl.LazyFrame, labels: pl.LazyFrame, settings: ValidationSettings
) -> pl.DataFrame:
    """Measure one division's scores on the time after their cutoff.

    Parameters
    ----------
    scores
        `scores` of the division and cutoff, one row per customer.
    labels
        `labels` of the same, one row per customer.
    settings
        Bootstrap draws and seed.

    Returns
    -------
    polars.DataFrame
        `forward_validation`, sorted by slice, measure and bin. A window that has not ended, or a
        division without a model, gives one row per slice that says so and no figure.

    Raises
    ------
    ContractError
        When scores and labels are not of the same customers.
    """
    frame = _joined(scores.collect(), labels.collect())
    rows = []
    for name, part in ((ALL, frame), (WHITESPACE, frame.filter("is_whitespace"))):
        rows += [{"slice": name, **row.__dict__} for row in _measure(part, settings)]
    schema = {n: c.dtype for n, c in FORWARD_VALIDATION.schema.columns().items()}
    place = frame.select("division", "cutoff").head(1)
    division, cutoff = place.row(0) if place.height else (None, None)
    return _table(rows, schema, division, cutoff)


def _table(
    rows: list[dict], schema: dict, division: str | None, cutoff: dt.date | None
) -> pl.DataFrame:
    if division is None:
        # An empty population has no cutoff of its own: no row to show.
        return pl.DataFrame(schema=schema)
    filled = [{**row, "division": division, "cutoff": cutoff} for row in rows]
    return pl.DataFrame(filled, schema=schema).sort("slice", "measure", "bin")


def _joined(scores: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    columns = ["customer_id", "label", "net_gp_window_usd", "is_censored"]
    frame = scores.join(labels.select(columns), on="customer_id", how="inner")
    if not scores.height == labels.height == frame.height:
        raise ContractError(
            f"scores have {scores.height} customers, labels {labels.height}, {frame.height} in "
            "common: rematerialise features, scores and labels from the same dim_customer."
        )
    return frame.sort("customer_id")


def _measure(frame: pl.DataFrame, settings: ValidationSettings) -> list[Row]:
    n = frame.height
    status = None
    if n == 0:
        status = "empty"
    elif frame["is_censored"].any():
        status = "censored"
    elif frame["p_icp"].null_count():
        status = "no_model"
    if status:
        return [Row(NOTHING, 0, None, None, None, n, 0, status)]
    y = frame["label"].to_numpy().astype(np.float64)
    p = frame["p_icp"].to_numpy()
    # Isotonic probabilities tie; the margin behind them orders those rows.
    rank = p if frame["margin"].null_count() else _rank(p, frame["margin"].to_numpy())
    ties = tie_breaker(frame["customer_id"].to_list())
    found = evaluate(
        y,
        p,
        ties,
        draws=settings.bootstrap_draws,
        seed=settings.seed,
        value=frame["net_gp_window_usd"].to_numpy(),
        score=rank,
    )
    positives = int(y.sum())
    one_class = positives in (0, n)
    rows = [
        Row(
            m.measure,
            0,
            _known(m.value),
            _known(m.low),
            _known(m.high),
            n,
            positives,
            "one_class" if one_class and math.isnan(m.value) else "ok",
        )
        for m in found
        if m.measure not in COUNTS
    ]
    return [*rows, *_gains(y, rank, ties), *_bins(y, p, ties)]


def _rank(p: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Return the place of each row by p, then margin: equal only where both are."""
    order = np.lexsort((margin, p))
    new = np.ones(p.size, dtype=bool)
    new[1:] = (p[order][1:] != p[order][:-1]) | (margin[order][1:] != margin[order][:-1])
    rank = np.empty(p.size)
    rank[order] = np.cumsum(new)
    return rank


def _gains(y: np.ndarray, rank: np.ndarray, ties: np.ndarray) -> list[Row]:
    rows = []
    for cut in gains(y, rank, ties):
        at, n, positives = int(cut["bin"]), int(cut["n"]), int(cut["positives"])
        for measure, value in (("gain_rate", cut["rate"]), ("gain_capture", cut["capture"])):
            rows.append(Row(measure, at, _known(value), None, None, n, positives, "ok"))
    return rows


def _bins(y: np.ndarray, p: np.ndarray, ties: np.ndarray) -> list[Row]:
    rows = []
    for at, cut in enumerate(calibration_bins(y, p, ties), start=1):
        n = int(cut["n"])
        positives = round(float(cut["observed_rate"]) * n)
        stated, observed = _known(cut["mean_p"]), _known(cut["observed_rate"])
        low, high = _known(cut["low"]), _known(cut["high"])
        rows.append(Row("calibration_stated", at, stated, None, None, n, positives, "ok"))
        rows.append(Row("calibration_observed", at, observed, low, high, n, positives, "ok"))
    return rows


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
