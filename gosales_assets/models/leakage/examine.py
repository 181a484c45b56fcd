"""Whether a trained model has seen what it must not: by its own record, and by its rows once more.

Pure: the bundle's record, the training rows, the settings. What the bundle says is worked out anew in
another way, not by the code that made it: quantiles and medians by the table library, folds by what
they hold.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from gosales_assets.models.rows.folds import BY_TIME, Fold, crossed, make_folds
from gosales_checks.verdicts.gauntlet import FAIL, NOT_RUN, PASS, Result
from gosales_checks.verdicts.leakage import CAPS_OF_ROWS
from gosales_resources.settings.models import ModelSettings

CAP_QUANTILE = 0.99
# Inputs are 32-bit floats: seven digits.
TOLERANCE = 1e-5
# A curve through so many rows that never turns back is one curve.
LEAST_ROWS = 200
SHOWN = 5


@dataclass(frozen=True)
class Trained:
    """What a training read, and what it says of itself."""

    cutoff: dt.date
    matrix: pl.DataFrame
    """All rows that were read: one per customer and cutoff; without columns where there were none."""
    windows: Mapping[dt.date, dt.date]
    """Training cutoff -> latest end of a label window there, by the labels themselves."""
    report: Mapping[str, Any]
    """JSON of the bundle."""
    held_out: pl.DataFrame
    """Predictions of rows that were not fitted."""
    pooled_report: Mapping[str, Any]
    """JSON of the pooled model's bundle."""


def examine(trained: Trained, settings: ModelSettings) -> list[Result]:
    """Run all tests on one model, in a fixed order."""
    tests: dict[str, Callable[[Trained, ModelSettings], Result]] = {
        "training_windows_ended": _windows,
        "folds_keep_their_distance": _folds,
        "calibrated_on_other_customers": _calibration,
        CAPS_OF_ROWS: _own_caps,
    }
    return [test(trained, settings) for test in tests.values()]


def _windows(trained: Trained, settings: ModelSettings) -> Result:
    del settings
    name, cutoffs = "training_windows_ended", trained.report["card"]["training_cutoffs"]
    if not cutoffs:
        return Result(name, NOT_RUN, "the model was trained on nothing")
    used = [dt.date.fromisoformat(text) for text in cutoffs]
    open_then = [t for t in used if t not in trained.windows or trained.windows[t] > trained.cutoff]
    figures = f"{len(used)} training cutoffs, the last window ends {max(trained.windows.values())}"
    if open_then:
        words = f"trained on outcomes that were not known: {', '.join(map(str, open_then))}"
        return Result(name, FAIL, words, figures)
    return Result(
        name, PASS, "All outcomes that it was trained on were known by the cutoff.", figures
    )


def _folds(trained: Trained, settings: ModelSettings) -> Result:
    name, matrix = "folds_keep_their_distance", trained.matrix
    if matrix.is_empty():
        return Result(name, NOT_RUN, "the model was trained on nothing")
    made = make_folds(matrix, settings)
    by_time = made.scheme == BY_TIME
    wrong = [said for fold in made.folds for said in _near(matrix, fold, by_time)]
    wrong += [said for fold in crossed(matrix, settings) for said in _near(matrix, fold, False)]
    figures = f"{len(made.folds)} folds {made.scheme}"
    if wrong:
        return Result(name, FAIL, "; ".join(wrong[:SHOWN]), figures)
    words = "No fold is fitted on outcomes that were not known at its validation cutoff, nor on its rows."
    return Result(name, PASS, words, figures)


def _near(matrix: pl.DataFrame, fold: Fold, by_time: bool) -> Iterable[str]:
    """Say what a fold's two sides have in common."""
    train, valid = matrix[fold.train], matrix[fold.valid]
    if set(fold.train) & set(fold.valid):
        yield f"fold {fold.name}: the same rows on both sides"
    elif by_time:
        known = train.select(pl.col("window_end").max()).item()
        judged = valid.select(pl.col("cutoff").min()).item()
        if train.height and valid.height and known > judged:
            yield f"fold {fold.name}: fitted on outcomes known on {known}, judged at {judged}"
    elif set(train["customer_id"]) & set(valid["customer_id"]):
        yield f"fold {fold.name}: the same customers on both sides"


def _calibration(trained: Trained, settings: ModelSettings) -> Result:
    """One curve for all rows is a calibration that each row took part in."""
    del settings
    name, card = "calibrated_on_other_customers", trained.report["card"]
    table = trained.held_out
    if card["calibration"] == "none" or table.height < LEAST_ROWS:
        return Result(name, NOT_RUN, "nothing was calibrated, or on too few rows to tell")
    # Of one p alone nothing can be told: a flat curve is every customer's.
    curves = [
        _turns(part)
        for _, part in table.group_by("is_whitespace")
        if part.height >= LEAST_ROWS and part["p"].n_unique() > 1
    ]
    if not curves:
        return Result(
            name, NOT_RUN, "too few rows, or one p for all, in either slice: nothing to tell"
        )
    figures = f"{table.height} held-out rows, {sum(curves)} turns of the curves"
    if not any(curves):
        words = "Held-out rows all lie on one calibration curve: they took part in it themselves."
        return Result(name, FAIL, words, figures)
    return Result(
        name, PASS, "Held-out rows lie on the curves of other customers' groups.", figures
    )


def _turns(part: pl.DataFrame) -> int:
    """Count how often p falls while the margin rises, or is another for the same margin."""
    # Equal margins with the highest p first: two curves through one margin are a fall too.
    ordered = part.sort("margin", "p", descending=[False, True])
    return int((np.diff(ordered["p"].to_numpy()) < -1e-12).sum())


def _own_caps(trained: Trained, settings: ModelSettings) -> Result:
    del settings
    name, prepared = CAPS_OF_ROWS, trained.report.get("preparation")
    if not prepared or trained.matrix.is_empty():
        return Result(name, NOT_RUN, "there is no fitted model")
    # What the pooled model has fixed is its own rows', and judged there.
    pooled = trained.pooled_report.get("preparation") or {"columns": [], "levels": {}}
    shared = {c["name"]: (c["cap"], c["median"]) for c in pooled["columns"]}
    return _caps(name, prepared, trained.matrix, shared, pooled["levels"])


def examine_pooled(report: Mapping[str, Any], rows: pl.DataFrame) -> Result:
    """Examine the pooled model.

    Parameters
    ----------
    report
        JSON of its bundle.
    rows
        What it was fitted on, as `stack_rows` makes it; without columns where there were none.
    """
    prepared = report.get("preparation")
    if not prepared or rows.is_empty():
        return Result(CAPS_OF_ROWS, NOT_RUN, "there is no pooled model")
    return _caps(CAPS_OF_ROWS, prepared, rows, {}, {})


def _caps(
    name: str,
    prepared: Mapping[str, Any],
    rows: pl.DataFrame,
    shared: Mapping[str, tuple[float | None, float]],
    levels: Mapping[str, Sequence[str]],
) -> Result:
    """Work caps, medians and levels out once more from training rows, unless they are `shared`."""
    wrong, count = [], 0
    for column in prepared["columns"]:
        source = column["source"]
        if source not in rows.columns or column["level"] is not None:
            continue
        count += 1
        values = rows[source].cast(pl.Float64).drop_nulls()
        cap, median = column["cap"], column["median"]
        theirs = shared.get(column["name"], (None, None))
        if cap is not None and cap != theirs[0]:
            wrong += _unlike(f"cap of {source}", cap, values.quantile(CAP_QUANTILE, "linear"))
        # An input of the pooled trees has their median.
        if median != theirs[1]:
            seen = values if cap is None else values.clip(upper_bound=cap)
            wrong += _unlike(f"median of {source}", median, seen.median())
    for source, kept in prepared["levels"].items():
        if source in rows.columns and source not in levels:
            known = set(rows[source].drop_nulls())
            wrong += [f"level {level} of {source}" for level in kept if level not in known]
    figures = f"{count} inputs, {rows.height} rows"
    if wrong:
        return Result(name, FAIL, f"not of the training rows: {'; '.join(wrong[:SHOWN])}", figures)
    return Result(name, PASS, "Caps, medians and levels are those of the training rows.", figures)


def _unlike(what: str, told: float, found: object) -> list[str]:
    value = float(found) if isinstance(found, int | float) else float("nan")
    if abs(told - value) <= TOLERANCE * max(1.0, abs(value)):
        return []
    return [f"{what} is {told:.6g}, {value:.6g} in its rows"]
