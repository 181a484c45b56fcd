"""The shifts of one division and cutoff, each held against its threshold and against chance.

An alarm is an effect that matters, that chance does not show, and that training cutoffs did not show
among themselves.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.models.bundle.held_out import HELD_OUT_FILE, read_held_out
from gosales_assets.models.bundle.model import StoredModel
from gosales_assets.models.drift.reference import (
    read_inputs,
    read_scores,
    usual_distance,
    usual_index,
)
from gosales_checks.contracts.drift import (
    CAL_MAE,
    DRIFT,
    FEATURE_PSI,
    PRIOR_SHIFT,
    SCORE_KS,
    VALUE_PSI,
)
from gosales_checks.measures.calibration import weighted_cal_mae
from gosales_checks.measures.ranking import tie_breaker
from gosales_checks.measures.reference_bins import count_rows
from gosales_checks.measures.resamples import SampleResamples
from gosales_checks.measures.sample import Sample
from gosales_checks.measures.stability import (
    NULL_LEVEL,
    benjamini_hochberg,
    ks_distance,
    ks_null,
    perfect_cal_mae,
    psi,
    psi_null,
    psi_p_value,
    value_psi,
)
from gosales_resources.settings.validation import ValidationSettings

SLICES = ("all", "whitespace")
Figure = tuple[float, float]
"""A shift and what chance stays below."""
UNKNOWN = (math.nan, math.nan)
# Why a figure is not defined where the outcomes are known.
UNDEFINED = {SCORE_KS: "empty", PRIOR_SHIFT: "one_class", VALUE_PSI: "no_value", CAL_MAE: "empty"}
# Two-sided, of the normal.
Z_NULL = 2.5758293035489004


@dataclass(frozen=True)
class Trained:
    """What is kept of a model's training: empty frames where it kept nothing."""

    inputs: pl.DataFrame
    """`reference.INPUTS_SCHEMA`."""
    scores: pl.DataFrame
    """`reference.SCORES_SCHEMA`."""
    held_out: pl.DataFrame
    """`held_out.SCHEMA`."""

    @classmethod
    def of(cls, model: StoredModel) -> "Trained":
        """Read it from a model that was opened."""
        files = {} if model.held_out is None else {HELD_OUT_FILE: model.held_out}
        reference = (read_inputs(model.reference), read_scores(model.reference))
        return cls(*reference, read_held_out(files))


@dataclass(frozen=True)
class Shift:
    """One figure."""

    measure: str
    slice: str
    value: float
    null_high: float
    usual: float | None
    reference_count: int
    row_count: int
    item: str = ""
    p_value: float = math.nan
    status: str = "ok"


def build_drift(
    trained: Trained,
    features: pl.LazyFrame,
    scores: pl.LazyFrame,
    values: pl.LazyFrame,
    labels: pl.LazyFrame,
    settings: ValidationSettings,
) -> pl.DataFrame:
    """Measure what has moved since a model was trained.

    Parameters
    ----------
    trained
        Of the model that scored.
    features, scores, values, labels
        `features`, `scores`, `conditional_values`, `labels` of the division and cutoff, one row per
        customer.
    settings
        Thresholds and seed.

    Returns
    -------
    polars.DataFrame
        `drift`, sorted by measure, slice and item; empty for an empty population.
    """
    rows = _joined(scores, values, labels)
    nothing = DRIFT.schema.create_empty()
    if rows.is_empty():
        return nothing
    judged = trained.inputs["feature"].unique(maintain_order=True).to_list()
    known = features.select(judged).collect()
    shifts = [
        *_features(trained.inputs, known, rows, settings.psi_max),
        *(shift for name in SLICES for shift in _of_slice(name, trained, rows, settings)),
    ]
    place = rows.select("division", "cutoff").row(0, named=True)
    found = pl.DataFrame([{**place, **shift.__dict__} for shift in shifts]).with_columns(
        pl.col("value", "null_high", "usual", "p_value").cast(pl.Float64).fill_nan(None)
    )
    return (
        _judged(found, settings)
        .select(pl.col(name).cast(dtype) for name, dtype in nothing.schema.items())
        .sort("measure", "slice", "item")
    )


def _joined(scores: pl.LazyFrame, values: pl.LazyFrame, labels: pl.LazyFrame) -> pl.DataFrame:
    """Return one row per customer: probability, expected value, outcome where it is known."""
    return (
        scores.select("customer_id", "division", "cutoff", "is_whitespace", "p_icp")
        .join(values.select("customer_id", "conditional_value"), on="customer_id", how="left")
        .join(
            labels.select("customer_id", "label", "net_value_window", "is_censored"),
            on="customer_id",
            how="left",
        )
        .sort("customer_id")
        .collect()
    )


def _features(
    reference: pl.DataFrame, now: pl.DataFrame, rows: pl.DataFrame, threshold: float
) -> Iterator[Shift]:
    count, cutoff = rows.height, rows["cutoff"][0]
    if reference.is_empty():
        yield Shift(FEATURE_PSI, "all", math.nan, math.nan, None, 0, count, status="no_reference")
        return
    customers = float(reference["customer_count"][0])
    counted = reference.with_columns(now=count_rows(reference, now))
    for (feature,), bins in counted.group_by("feature", maintain_order=True):
        before, after = bins["count"].to_numpy(), bins["now"].to_numpy()
        value = psi(before, after)
        yield Shift(
            FEATURE_PSI,
            "all",
            value,
            psi_null(customers, count, bins.height),
            usual_index(bins.row(0, named=True), cutoff, threshold),
            int(before.sum()),
            count,
            item=str(feature),
            p_value=psi_p_value(value, customers, count, bins.height),
        )


def _of_slice(
    name: str, trained: Trained, rows: pl.DataFrame, settings: ValidationSettings
) -> Iterator[Shift]:
    """Measure the probabilities of a slice, and what became of them."""
    held_out, scores = trained.held_out, trained.scores.filter(slice=name)
    if name == "whitespace":
        held_out, rows = held_out.filter("is_whitespace"), rows.filter("is_whitespace")
    fault, usual = _fault(held_out, rows), None
    figures: dict[str, Figure] = {}
    if not fault:
        p, before = rows["p_icp"].to_numpy(), scores["p"].to_numpy()
        if len(before):
            usual = usual_distance(scores.row(0, named=True), rows["cutoff"][0])
            figures[SCORE_KS] = (ks_distance(before, p), ks_null(before, p, seed=settings.seed))
        if rows["is_censored"].any() or rows["label"].null_count():
            fault = "censored"
        else:
            figures |= _of_outcomes(held_out, rows, settings.seed)
    for measure in (SCORE_KS, PRIOR_SHIFT, VALUE_PSI, CAL_MAE):
        value, null = figures.get(measure, UNKNOWN)
        status = "ok" if not math.isnan(value) else fault or UNDEFINED[measure]
        if measure == SCORE_KS and math.isnan(value):
            # A division at its base rate has one probability: no distribution to compare.
            status = "no_model" if fault in (None, "censored") else fault
        sizes = (held_out.height, rows.height)
        far = usual if measure == SCORE_KS else None
        yield Shift(measure, name, value, null, far, *sizes, status=status)


def _of_outcomes(held_out: pl.DataFrame, rows: pl.DataFrame, seed: int) -> dict[str, Figure]:
    p, label = rows["p_icp"].to_numpy(), rows["label"].to_numpy().astype(np.float64)
    ties = tie_breaker(rows["customer_id"].to_list())
    ev = p * rows["conditional_value"].fill_null(0.0).to_numpy()
    error = float(weighted_cal_mae(SampleResamples(Sample(label, p, ties)))[0])
    return {
        PRIOR_SHIFT: _prior_shift(held_out, label),
        VALUE_PSI: value_psi(ev, rows["net_value_window"].to_numpy(), ties),
        CAL_MAE: (error, perfect_cal_mae(p, ties, seed=seed)),
    }


def _fault(held_out: pl.DataFrame, rows: pl.DataFrame) -> str | None:
    if rows.is_empty():
        return "empty"
    if rows["p_icp"].null_count():
        return "no_model"
    return "no_reference" if held_out.is_empty() else None


def _prior_shift(held_out: pl.DataFrame, label: np.ndarray) -> Figure:
    """Compare the rates of buyers; unknown where nobody or everybody bought in one of them."""
    bought, rows = int(held_out["label"].sum()), held_out.height
    buys, now = int(label.sum()), len(label)
    if min(bought, rows - bought, buys, now - buys) == 0:
        return UNKNOWN
    value = math.log(buys / (now - buys)) - math.log(bought / (rows - bought))
    # A customer has several held-out rows: as many buyers as there are customers to a row.
    part = held_out["ties"].n_unique() / rows
    error = math.sqrt((1 / bought + 1 / (rows - bought)) / part + 1 / buys + 1 / (now - buys))
    return value, Z_NULL * error


def _judged(shifts: pl.DataFrame, settings: ValidationSettings) -> pl.DataFrame:
    thresholds = {
        FEATURE_PSI: settings.psi_max,
        SCORE_KS: settings.ks_max,
        PRIOR_SHIFT: settings.prior_shift_max,
        VALUE_PSI: settings.value_psi_max,
        CAL_MAE: settings.cal_mae_max,
    }
    p = shifts["p_value"].fill_null(math.nan).to_numpy()
    size = pl.col("value").abs()
    # Of many features some are beyond their own 99 %.
    by_chance = pl.when(pl.col("q_value").is_null()).then(size > pl.col("null_high"))
    beyond = by_chance.otherwise(pl.col("q_value") < 1 - NULL_LEVEL)
    # What training cutoffs showed among themselves is no news.
    is_news = (size > pl.col("usual")).fill_null(value=True)
    return shifts.with_columns(
        threshold=pl.col("measure").replace_strict(thresholds, return_dtype=pl.Float64),
        q_value=pl.Series(benjamini_hochberg(p)).fill_nan(None),
    ).with_columns(
        is_alarm=((size >= pl.col("threshold")) & beyond & is_news).fill_null(value=False)
    )
