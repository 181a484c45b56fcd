"""A model's card: three badges with their nulls, reliability, gains, drivers, which model scores."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from gosales.pages.charts import ACCENT, MUTED, WARNING, Chart, bars, gains, reliability
from gosales_checks.contracts.drift import CAL_MAE, SCORE_KS, VALUE_PSI
from gosales_checks.contracts.scored_list import CUSTOMERS

# Measure of `drift` -> what people call it, and what it is.
BADGES = {
    CAL_MAE: ("Calibration error", "How far stated chances are from what came, on average over ten groups."),
    VALUE_PSI: ("PSI of value", "Whether the money came from where it was expected to come from."),
    SCORE_KS: ("KS of chances", "Whether chances are spread as they were when the model was trained."),
}  # fmt: skip
DRIVERS_SHOWN = 12
# Directions beyond which more of a fact goes with a higher, or lower, chance.
CLEAR = 0.2
LIKELIER, LESS_LIKELY, MIXED = "more of it: likelier", "more of it: less likely", "mixed"
State = Literal["good", "alarm", "unknown"]


@dataclass(frozen=True)
class Badge:
    """A measure of a model's health beside what it may be."""

    name: str
    told: str
    state: State
    value: float | None
    threshold: float
    null_high: float | None
    """What 99 of 100 cases of chance stay below."""
    because: str
    """Of whom it is, or why there is no figure."""

    @property
    def words(self) -> str:
        """Say value, threshold and null."""
        if self.value is None:
            return f"not known: {self.because}"
        chance = "not known" if self.null_high is None else f"{self.null_high:.3f}"
        return f"{self.value:.3f} (alarm from {self.threshold:.3g}; chance alone up to {chance})"


def badges_of(drift: pl.DataFrame) -> list[Badge]:
    """Return a model's three badges.

    Parameters
    ----------
    drift
        `drift` of one division and cutoff.

    Returns
    -------
    list of Badge
        In the order of `BADGES`; of whom never bought where that is known, else of all. An alarm is
        one of `drift`: at the threshold, beyond chance and more than usual.
    """
    found = []
    for measure, (name, told) in BADGES.items():
        rows = drift.filter(pl.col("measure") == measure)
        by_slice = {row["slice"]: row for row in rows.to_dicts()}
        known = [s for s in CUSTOMERS if s in by_slice and by_slice[s]["value"] is not None]
        if not by_slice:
            found.append(Badge(name, told, "unknown", None, 0.0, None, "not measured"))
            continue
        at = known[0] if known else next(s for s in reversed(CUSTOMERS) if s in by_slice)
        row = by_slice[at]
        alarms = any(one["is_alarm"] for one in by_slice.values())
        state: State = "alarm" if alarms else "good" if known else "unknown"
        because = CUSTOMERS[at] if known else row["status"].replace("_", " ")
        found.append(
            Badge(name, told, state, row["value"], row["threshold"], row["null_high"], because)
        )
    return found


def measured_slice(measures: pl.DataFrame) -> str | None:
    """Return the slice of which calibration and gains are known, the one that matters first."""
    for part in CUSTOMERS:
        rows = measures.filter(pl.col("slice") == part, pl.col("value").is_not_null())
        if {"calibration_observed", "gain_capture"} <= set(rows["measure"]):
            return part
    return None


def reliability_chart(measures: pl.DataFrame, part: str) -> Chart:
    """Draw stated chances against what came.

    Parameters
    ----------
    measures
        `forward_validation` or `model_evaluation` of one division and cutoff.
    part
        Its slice.
    """
    rows = measures.filter(pl.col("slice") == part)
    stated = rows.filter(pl.col("measure") == "calibration_stated").select("bin", stated="value")
    observed = rows.filter(pl.col("measure") == "calibration_observed")
    joined = observed.join(stated, on="bin").sort("bin")
    told = joined.select("stated", "value", "low", "high").drop_nulls("value")
    # A group of one kind alone has no interval.
    return reliability(told.with_columns(pl.col("low", "high").fill_null(pl.col("value"))))


def gains_chart(measures: pl.DataFrame, part: str) -> Chart:
    """Draw which share of the buyers the first tenths hold; arguments as `reliability_chart`."""
    rows = measures.filter(pl.col("slice") == part, pl.col("measure") == "gain_capture").sort("bin")
    start = pl.DataFrame({"share": [0.0], "value": [0.0]})
    told = rows.select(share=pl.col("bin").cast(pl.Float64) / 10, value="value").drop_nulls()
    return gains(pl.concat([start, told]))


def driver_chart(drivers: pl.DataFrame, words: dict[str, str]) -> Chart:
    """Draw what a model goes by most.

    Parameters
    ----------
    drivers
        `model_drivers` of one division and cutoff.
    words
        Feature -> what it is, as `feature_catalog` says it.
    """
    used = drivers.filter(pl.col("shap_rank").is_not_null()).sort("shap_rank").head(DRIVERS_SHOWN)
    direction = pl.col("direction")
    rows = used.select(
        fact=pl.col("feature").replace(words),
        share="shap_frac",
        more=pl.when(direction > CLEAR).then(pl.lit(LIKELIER))
        .when(direction < -CLEAR).then(pl.lit(LESS_LIKELY)).otherwise(pl.lit(MIXED)),
    )  # fmt: skip
    # Two inputs of one feature are one bar in two parts.
    summed = rows.group_by("fact", "more", maintain_order=True).agg(pl.col("share").sum())
    whole = pl.col("share").sum().over("fact")
    told = summed.sort(whole, "fact", "more", descending=[True, False, False])
    kinds = {LIKELIER: ACCENT, LESS_LIKELY: WARNING, MIXED: MUTED}
    return bars(told, "fact", "share", "share of what it goes by", "%", "more", kinds)


def decision_rows(promotion: pl.DataFrame) -> pl.DataFrame:
    """Say which model scores, and by what it was chosen.

    Parameters
    ----------
    promotion
        `promotion` of one division over cutoffs.

    Returns
    -------
    polars.DataFrame
        cutoff, decision, reason, model_id, auc_challenger, auc_champion, interval of the difference;
        the newest first.
    """
    ends = [pl.col(f"difference{end}").round(3).cast(pl.String) for end in ("", "_low", "_high")]
    return promotion.sort("cutoff", descending=True).select(
        "cutoff", "decision", "reason", "model_id", "auc_challenger", "auc_champion",
        difference=pl.format("{} ({} to {})", *ends),
    )  # fmt: skip
