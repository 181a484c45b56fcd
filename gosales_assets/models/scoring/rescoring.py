"""What models of two cutoffs say of each other's data: scores taken apart for the movement of a list.

Data, model and calibrator of a score are exchanged one by one. Nothing here is a forecast, and no list
is made of it.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.models.bundle.model import DivisionModel, StoredModel
from gosales_assets.models.scoring.scoring import margins, mismatches
from gosales_checks.contracts.movement import APART, SCORE_CHANGES, TOGETHER

# Equal but for the order of sums: the same model on the same data.
ROUNDING = 1e-9
FROM_SIGNALS = {
    "segment": "segment_then",
    "is_cooling": "is_cooling_then",
    "ineligible_reason": "ineligible_reason_then",
    "p_icp": "p_then",
    "margin": "margin_then",
    "mb_lift_max": "lift_then",
    "als_similarity": "als_then",
    "conditional_value": "value_then",
    "value_12m": "value_12m_then",
}
# Column -> side of data, model and calibrator.
PROBABILITIES = {
    f"p_{data}_{model}_{calibrator}": (data, model, calibrator)
    for data in ("then", "now")
    for model in ("then", "now")
    for calibrator in ("then", "now")
    if (data, model, calibrator) != ("now", "now", "now")
}
MARGINS = ("margin_then_then", "margin_then_now", "margin_now_then")


@dataclass(frozen=True)
class Scored:
    """A division's population at one cutoff, with the model that scored it."""

    cutoff: dt.date
    model: StoredModel
    features: pl.LazyFrame
    """As they are stored now."""
    scores: pl.LazyFrame
    """`scores`."""


def change_scores(
    signals: pl.LazyFrame,
    values: pl.LazyFrame | None,
    previous: dt.date,
    now: dt.date,
    crossed: pl.DataFrame | None,
) -> pl.DataFrame:
    """Put together what candidates were in the list before, and what models say across.

    Parameters
    ----------
    signals
        `whitespace_signals` of the division at the cutoff of that list.
    values
        `conditional_values` of then as stored now; None where they are not there any more.
    previous, now
        The two cutoffs.
    crossed
        As `cross_scores` returns it; None where data and model cannot be told apart.

    Returns
    -------
    polars.DataFrame
        `score_changes`, sorted by customer_id.
    """
    frame = signals.select(
        "customer_id",
        "division",
        *(pl.col(of).alias(name) for of, name in FROM_SIGNALS.items()),
        cutoff=pl.lit(now),
        previous_cutoff=pl.lit(previous),
    ).collect()
    if values is None:
        frame = frame.with_columns(value_restated="value_then")
    else:
        restated = values.select("customer_id", value_restated="conditional_value").collect()
        frame = frame.join(restated, on="customer_id", how="left")
    found = nothing_crossed() if crossed is None else crossed
    is_apart = pl.col("customer_id").is_in(found["customer_id"].implode())
    return (
        frame.join(found, on="customer_id", how="left")
        .with_columns(split=pl.when(is_apart).then(pl.lit(APART)).otherwise(pl.lit(TOGETHER)))
        .select(list(SCORE_CHANGES.schema.columns()))
        .sort("customer_id")
    )


def nothing_crossed() -> pl.DataFrame:
    """Return what `cross_scores` does of nobody."""
    columns = ["customer_id", *PROBABILITIES, *MARGINS]
    return SCORE_CHANGES.schema.create_empty().select(columns)


def cross_scores(then: Scored, now: Scored) -> pl.DataFrame | None:
    """Ask each model of each cutoff's data, and calibrate its margins by either calibrator.

    Parameters
    ----------
    then, now
        The same division at two cutoffs.

    Returns
    -------
    polars.DataFrame or None
        One row per customer of both populations, sorted by customer_id: seven probabilities and three
        margins; those of now by the model of now are in `scores`. Where a score of then is what its
        model says of the stored features, up to rounding, it is that to the bit. None where a model
        does not fit the other cutoff's features.
    """
    fits = (
        mismatches(then.model, now.features.collect_schema()),
        mismatches(now.model, then.features.collect_schema()),
        mismatches(then.model, then.features.collect_schema()),
    )
    if any(fits):
        return None
    frame = _told(then.scores, "then").join(_told(now.scores, "now"), on="customer_id")
    for name, data, model in (
        ("margin_then_then", then, then),
        ("margin_then_now", then, now),
        ("margin_now_then", now, then),
    ):
        if then.model.model_id == now.model.model_id and name != "margin_then_then":
            same = "margin_then_then" if data is then else "margin_now_now"
            frame = frame.with_columns(pl.col(same).alias(name))
            continue
        asked = margins(model.model, data.features).rename({"margin": name})
        frame = frame.join(asked, on="customer_id", how="left")
    sides = {"then": then, "now": now}
    frame = frame.with_columns(
        _probability(frame, data, sides[model], sides[calibrator], f"margin_{data}_{model}").alias(
            name
        )
        for name, (data, model, calibrator) in PROBABILITIES.items()
    )
    kept = _kept_where_equal("margin_then_then", "margin_published")
    kept_p = _kept_where_equal("p_then_then_then", "p_published")
    return (
        frame.with_columns(kept, kept_p)
        .select("customer_id", *PROBABILITIES, *MARGINS)
        .sort("customer_id")
    )


def _told(scores: pl.LazyFrame, side: str) -> pl.DataFrame:
    published = {
        "then": {"margin": "margin_published", "p_icp": "p_published"},
        "now": {"margin": "margin_now_now"},
    }[side]
    return scores.select(
        "customer_id",
        pl.col("is_whitespace").alias(f"is_whitespace_{side}"),
        *(pl.col(of).alias(name) for of, name in published.items()),
    ).collect()


def _kept_where_equal(name: str, published: str) -> pl.Expr:
    gap = (pl.col(name) - pl.col(published)).abs()
    is_equal = gap <= ROUNDING * pl.max_horizontal(pl.col(published).abs(), 1.0)
    return pl.when(is_equal).then(published).otherwise(name).alias(name)


def _probability(
    frame: pl.DataFrame, data: str, asked: Scored, calibrated: Scored, margin: str
) -> pl.Series:
    """Calibrate one model's margins by one calibrator; a prior rate is what it is by either."""
    if asked.model.calibrator is None:
        return pl.repeat(asked.model.card.prior, frame.height, dtype=pl.Float64, eager=True)
    by = asked if calibrated.model.calibrator is None else calibrated
    white = frame[f"is_whitespace_{data}"].to_numpy().astype(float)
    values = frame[margin].to_numpy()
    added = _level_of(by.model, by.cutoff, white)
    assert by.model.calibrator is not None  # noqa: S101
    return pl.Series(by.model.calibrator.probability(values, white, added), dtype=pl.Float64)


def _level_of(model: DivisionModel, cutoff: dt.date, white: np.ndarray) -> np.ndarray | float:
    """Return what a calibrator adds as it was published at a cutoff; see `Level.added`."""
    if model.level is None:
        return 0.0
    is_own = cutoff == dt.date.fromisoformat(model.card.cutoff)
    return model.level.added(white, np.full(white.size, is_own))
