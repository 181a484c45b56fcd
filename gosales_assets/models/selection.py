"""Which candidate wins: all are judged on the same folds, the whitespace slice first."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from gosales_assets.models.calibration import HeldOut
from gosales_assets.models.candidates import (
    BLEND,
    LINEAR,
    TREES,
    Binned,
    Candidate,
    Fitted,
    Trees,
    bin_rows,
    candidates_of,
    fit_linear,
    fit_trees,
    mean_margin,
)
from gosales_assets.models.folds import Fold
from gosales_assets.models.preparation import Preparation
from gosales_checks.measures.calibration import brier
from gosales_checks.measures.ranking import auc, lift_at, tie_breaker, top_count
from gosales_resources.settings.models import ModelSettings

TOP = 0.10
# A whitespace slice below this many rows or positives says too little to choose by.
SLICE_ROWS, SLICE_POSITIVES = 50, 5


@dataclass(frozen=True)
class Figures:
    """What one candidate reached, mean over the folds."""

    name: str
    kind: str
    parameters: dict[str, Any]
    rounds: int | None
    lift_10_whitespace: float
    lift_10_se: float
    lift_10: float
    auc: float
    auc_whitespace: float
    brier: float
    train_auc: float

    def to_json(self) -> dict[str, Any]:
        """Return plain data; an undefined figure is null."""
        return {
            k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(self).items()
        }


@dataclass(frozen=True)
class Tried:
    """A candidate, its figures, and its margins on the folds' validation rows."""

    candidate: Candidate
    members: tuple[Candidate, ...]
    rounds: dict[str, int]
    figures: Figures
    held: HeldOut


@dataclass(frozen=True)
class FoldData:
    """A fold's rows, prepared."""

    raw: np.ndarray
    standardised: np.ndarray
    label: np.ndarray
    raw_valid: np.ndarray
    standardised_valid: np.ndarray
    label_valid: np.ndarray
    whitespace_valid: np.ndarray
    ties_valid: np.ndarray
    newest: bool
    binned: Binned
    rows_valid: np.ndarray
    """Places of the validation rows in the training matrix."""


def try_candidates(
    table: pl.DataFrame, prepared: Preparation, folds: Sequence[Fold], settings: ModelSettings
) -> list[Tried]:
    """Fit every candidate on every fold and measure it on rows it did not see.

    Parameters
    ----------
    table
        The training matrix.
    prepared
        Fitted on it.
    folds
        Rows to fit on and to judge on.
    settings
        Grid, rows used, seed.

    Returns
    -------
    list of Tried
        In the order of `candidates_of`, the blend of the best of each kind last.
    """
    data = [_prepare(table, prepared, fold, settings) for fold in folds]
    singles: list[Tried] = []
    for candidate in candidates_of(settings):
        fits = [_fit_on_fold(candidate, fold, settings) for fold in data]
        margins = [
            m.margin(f.raw_valid, f.standardised_valid) for m, f in zip(fits, data, strict=True)
        ]
        seen = [m.margin(f.raw, f.standardised) for m, f in zip(fits, data, strict=True)]
        rounds = [fit.rounds for fit in fits if isinstance(fit, Trees)]
        chosen = {candidate.name: max(1, round(float(np.mean(rounds))))} if rounds else {}
        singles.append(_judge(candidate, (candidate,), chosen, margins, seen, data))
    linear = choose([t for t in singles if t.candidate.kind == LINEAR])
    trees = choose([t for t in singles if t.candidate.kind == TREES])
    return [*singles, _blend(linear, trees, data)]


def choose(tried: Sequence[Tried]) -> Tried:
    """Return the winner: lift@10 on the whitespace slice, ties within one standard error by Brier.

    Earlier (simpler) candidates win what is still equal.
    """
    best = max(tried, key=lambda t: _known(t.figures.lift_10_whitespace))
    floor = _known(best.figures.lift_10_whitespace) - _known(best.figures.lift_10_se, 0.0)
    near = [t for t in tried if _known(t.figures.lift_10_whitespace) >= floor]
    return min(near, key=lambda t: t.figures.brier)


def fit_final(
    winner: Tried, table: pl.DataFrame, prepared: Preparation, settings: ModelSettings
) -> list[Fitted]:
    """Fit the winner's members on all training rows."""
    raw = prepared.raw(table)
    standardised = prepared.standardised(raw)
    label = table["label"].to_numpy()
    fitted: list[Fitted] = []
    for member in winner.members:
        if member.kind == LINEAR:
            fitted.append(fit_linear(standardised, label, member.parameters["C"]))
        else:
            leaves, rounds = member.parameters["num_leaves"], winner.rounds[member.name]
            fitted.append(fit_trees(bin_rows(raw, label), leaves, settings, rounds))
    return fitted


def _known(value: float, otherwise: float = -np.inf) -> float:
    return otherwise if np.isnan(value) else value


def _prepare(
    table: pl.DataFrame, prepared: Preparation, fold: Fold, settings: ModelSettings
) -> FoldData:
    rows_valid = _sample(table, fold.valid, settings.search_rows)
    train, valid = table[_sample(table, fold.train, settings.search_rows)], table[rows_valid]
    raw, raw_valid = prepared.raw(train), prepared.raw(valid)
    label, label_valid = train["label"].to_numpy(), valid["label"].to_numpy()
    return FoldData(
        raw,
        prepared.standardised(raw),
        label,
        raw_valid,
        prepared.standardised(raw_valid),
        label_valid,
        valid["is_whitespace"].to_numpy(),
        tie_breaker(valid["customer_id"].to_list()),
        fold.newest,
        bin_rows(raw, label, (raw_valid, label_valid)),
        rows_valid,
    )


def _sample(table: pl.DataFrame, rows: np.ndarray, most: int) -> np.ndarray:
    """Take so many of the rows, by customer hash: the same ones whatever the row order."""
    if rows.size <= most:
        return rows
    chosen = (
        table[rows]
        .with_row_index("at")
        .select("at", "cutoff", ties=pl.Series(tie_breaker(table["customer_id"][rows].to_list())))
    )
    return rows[np.sort(chosen.sort("ties", "cutoff")["at"].head(most).to_numpy())]


def _fit_on_fold(candidate: Candidate, fold: FoldData, settings: ModelSettings) -> Fitted:
    if candidate.kind == LINEAR:
        return fit_linear(fold.standardised, fold.label, candidate.parameters["C"])
    return fit_trees(fold.binned, candidate.parameters["num_leaves"], settings)


def _blend(linear: Tried, trees: Tried, data: Sequence[FoldData]) -> Tried:
    members = (linear.candidate, trees.candidate)
    folds = range(len(data))
    margins = [
        mean_margin([t.held.margin[t.held.fold == k] for t in (linear, trees)]) for k in folds
    ]
    candidate = Candidate(BLEND, {m.kind: m.name for m in members})
    return _judge(candidate, members, trees.rounds, margins, None, data)


def _judge(
    candidate: Candidate,
    members: tuple[Candidate, ...],
    rounds: dict[str, int],
    margins: Sequence[np.ndarray],
    seen: Sequence[np.ndarray] | None,
    data: Sequence[FoldData],
) -> Tried:
    whole = [
        _measure(m, f, np.ones(m.size, dtype=bool)) for m, f in zip(margins, data, strict=True)
    ]
    white = [_measure(m, f, f.whitespace_valid) for m, f in zip(margins, data, strict=True)]
    if all(np.isnan(lift) for _, lift, _ in white):
        white = whole
    train = (
        [auc(f.label, m) for m, f in zip(seen, data, strict=True)] if seen is not None else [np.nan]
    )
    lifts, errors = zip(*[(lift, se) for _, lift, se in white if not np.isnan(lift)], strict=True)
    figures = Figures(
        candidate.name,
        candidate.kind,
        candidate.parameters,
        rounds.get(candidate.name),
        float(np.mean(lifts)),
        float(np.sqrt(np.sum(np.square(errors))) / len(errors)),
        float(np.mean([lift for _, lift, _ in whole])),
        float(np.mean([area for area, _, _ in whole])),
        float(np.mean([area for area, lift, _ in white if not np.isnan(lift)])),
        float(
            np.mean([brier(f.label_valid, expit(m)) for m, f in zip(margins, data, strict=True)])
        ),
        float(np.mean(train)),
    )
    held = HeldOut(
        np.concatenate(margins),
        np.concatenate([f.label_valid for f in data]),
        np.concatenate([f.whitespace_valid for f in data]),
        np.concatenate([np.full(f.label_valid.size, k) for k, f in enumerate(data)]),
        np.concatenate([np.full(f.label_valid.size, f.newest) for f in data]),
        np.concatenate([f.rows_valid for f in data]),
    )
    return Tried(candidate, members, rounds, figures, held)


def _measure(margin: np.ndarray, fold: FoldData, rows: np.ndarray) -> tuple[float, float, float]:
    """Return AUC, lift@10 and its standard error on some validation rows."""
    y, m, ties = fold.label_valid[rows], margin[rows], fold.ties_valid[rows]
    whole = bool(rows.all())
    if not whole and (y.size < SLICE_ROWS or y.sum() < SLICE_POSITIVES):
        return np.nan, np.nan, np.nan
    rate = float(y.mean())
    lift = lift_at(y, m, ties, TOP)
    top_rate = lift * rate
    error = np.sqrt(max(top_rate * (1 - top_rate), 0.0) / top_count(y.size, TOP)) / rate
    return auc(y, m), lift, float(error)
