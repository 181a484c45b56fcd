"""What Dagster shows beside a partition of the models phase."""

import dagster as dg
import polars as pl

from gosales_assets.models.bundle.model import DivisionModel
from gosales_checks.verdicts.drift import times_bound
from gosales_resources import markdown

SHOWN = ("auc", "lift_10", "cal_mae", "brier", "base_rate")
SHOWN_DRIVERS = 10


def summarise_scores(scored: pl.DataFrame) -> dict[str, object]:
    """Return which model scored a partition, and how.

    Parameters
    ----------
    scored
        `scores` of a partition: one row per customer; may be empty.
    """
    if scored.is_empty():
        return {}
    first = scored.row(0, named=True)
    rate = scored["p_icp"].mean()
    return {
        "model_id": first["model_id"],
        "model_status": first["model_status"],
        **({} if rate is None else {"mean_p_icp": rate}),
    }


def summarise_evaluation(table: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition.

    Parameters
    ----------
    table
        `model_evaluation` of a partition: one row per slice, measure and bin.
    """
    figures = table.filter(pl.col("measure").is_in(SHOWN) & pl.col("value").is_not_null())
    return {f"{r['measure']}_{r['slice']}": r["value"] for r in figures.iter_rows(named=True)}


def summarise_drivers(drivers: pl.DataFrame) -> dict[str, object]:
    """Return the strongest inputs and what was dropped, as shown per partition.

    Parameters
    ----------
    drivers
        `model_drivers` of a partition: one row per input, the strongest first.
    """
    top = drivers.filter(status="used").head(SHOWN_DRIVERS)
    lines = [f"{r['input']}: {r['shap_mean_abs']:.3f}" for r in top.iter_rows(named=True)]
    return {
        "inputs_used": drivers.filter(status="used").height,
        "inputs_dropped": drivers.filter(status="dropped").height,
        "strongest": dg.MetadataValue.md(markdown.bullets(lines)),
    }


def summarise_drift(drift: pl.DataFrame) -> dict[str, object]:
    """Return the worst shifts, as shown per partition.

    Parameters
    ----------
    drift
        `drift` of a partition: one row per measure, slice and item.
    """
    alarms = drift.filter("is_alarm")
    worst = (
        drift.filter(pl.col("value").is_not_null())
        .sort(times_bound(), "measure", "slice", "item", descending=[True, False, False, False])
        .head(SHOWN_DRIVERS)
    )
    columns = ["measure", "slice", "item", "value", "threshold", "null_high", "usual", "is_alarm"]
    rows = [[_rounded(cell) for cell in row] for row in worst.select(columns).rows()]
    titles = [
        "measure",
        "of",
        "feature",
        "shift",
        "threshold",
        "chance up to",
        "usual up to",
        "alarm",
    ]
    largest = {
        f"{row['measure']}_{row['slice']}": row["value"]
        for row in worst.unique(["measure", "slice"], keep="first", maintain_order=True).to_dicts()
    }
    return {
        "alarms": alarms.height,
        "largest": dg.MetadataValue.md(markdown.table(titles, rows) if rows else "no figure"),
        **largest,
    }


def _rounded(cell: object) -> object:
    if isinstance(cell, bool):
        return "ALARM" if cell else ""
    if cell is None:
        return ""
    return f"{cell:.3f}" if isinstance(cell, float) else cell


def summarise(trained: DivisionModel) -> dict[str, object]:
    """Return the figures shown per partition; those that are not known are left out."""
    card = trained.card
    shown = {
        "status": card.status,
        "reason": card.reason,
        "winner": card.winner,
        "calibration": f"{card.calibration} ({card.calibration_reason})",
        "training_rows": card.training_row_count,
        "positives": card.positive_count,
        "auc": card.auc,
        "auc_whitespace": card.auc_whitespace,
        "lift_10": card.lift_10,
        "lift_10_whitespace": card.lift_10_whitespace,
        "prior": card.prior,
        "level": "; ".join(trained.level_told) or None,
        "warnings": "; ".join(trained.warnings) or None,
    }
    return {name: value for name, value in shown.items() if value is not None}
