"""Forward validation: the scores as they stood at the cutoff, against the labels after it."""

import datetime as dt

import numpy as np
import polars as pl

from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_checks.measures.ranking import tie_breaker
from gosales_checks.measures.scored_list import Row, ScoredList, describe_list, rank_within_ties
from gosales_resources.errors import ContractError
from gosales_resources.settings.validation import ValidationSettings

ALL, WHITESPACE = "all", "whitespace"
NOTHING = "none"


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
    place = frame.select("division", "cutoff").head(1)
    division, cutoff = place.row(0) if place.height else (None, None)
    return _table(rows, division, cutoff)


def _table(rows: list[dict], division: str | None, cutoff: dt.date | None) -> pl.DataFrame:
    nothing = FORWARD_VALIDATION.schema.create_empty()
    if division is None:
        # An empty population has no cutoff of its own: no row to show.
        return nothing
    filled = [{**row, "division": division, "cutoff": cutoff} for row in rows]
    return pl.DataFrame(filled, schema=nothing.schema).sort("slice", "measure", "bin")


def _joined(scores: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    columns = ["customer_id", "label", "net_value_window", "is_censored"]
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
    p = frame["p_icp"].to_numpy()
    # Isotonic probabilities tie; the margin behind them orders those rows.
    tied = frame["margin"].null_count()
    scored = ScoredList(
        frame["label"].to_numpy().astype(np.float64),
        p,
        p if tied else rank_within_ties(p, frame["margin"].to_numpy()),
        tie_breaker(frame["customer_id"].to_list()),
        frame["net_value_window"].to_numpy(),
    )
    return describe_list(scored, draws=settings.bootstrap_draws, seed=settings.seed)
