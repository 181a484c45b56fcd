"""Tests that fit models: shuffled labels, planted outcomes, features of two weeks ago, without the best.

They read features and labels of the world that was made alone, so of nothing after the cutoff; only
the planted outcome is held against a later cutoff, whose window has ended since.
"""

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl

from gosales_assets.models.rows.classes import both_classes
from gosales_assets.models.rows.matrix import build_matrix
from gosales_assets.models.training.training import train_model
from gosales_assets.operations.gauntlet.bench import SEED, Bench, Built
from gosales_assets.operations.gauntlet.figures import (
    judge_plain,
    null_error,
    paired_error,
    planted_inputs,
    shuffled_labels,
    split_by_time,
    strongest,
)
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.verdicts.gauntlet import FAIL, NOT_RUN, PASS, Result
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.store.address import Address

# Of the rarer class, on each side: fewer show nothing.
LEAST = 15
# Rows that plain models are fitted on, by the hash of the customer.
ROWS = 20_000
# An interval of so many standard errors: 1 in 2,000 clean targets is outside.
WIDE = 3.5
SHUFFLES = 3
PLANTED_GAP, PLANTED_LEVEL = 0.10, 0.001
AUC_RISE, LIFT_RISE, AUC_FALL = 0.01, 0.25, 0.10
STRONGEST = 5

Judge = Callable[[Bench, str], tuple[str, str, str]]
"""Test of one target: verdict, figures, words."""


def matrix_of(built: Built, cutoff: dt.date, division: str) -> pl.DataFrame:
    """Return the training matrix of a target at a cutoff, from what a world has stored."""
    platform = built.platform
    past = platform.space.training_cutoffs(cutoff)
    known = {t: platform.read(LABELS, t, division) for t in past if _has(built, t, division)}
    mature = mature_labels(known, cutoff, platform.space.training_count)
    pairs = [(platform.read(FEATURES, t, division), known[t]) for t in mature.used]
    return build_matrix(pairs, ROWS)


def _has(built: Built, cutoff: dt.date, division: str) -> bool:
    store = built.platform.store
    return all(store.has(Address(c.name, cutoff, division)) for c in (FEATURES, LABELS))


def permutation(bench: Bench) -> Result:
    """Train on shuffled labels: what was not fitted must be ordered as by chance."""
    return _of_targets(bench, "permutation", _permuted)


def _permuted(bench: Bench, division: str) -> tuple[str, str, str]:
    matrix = matrix_of(bench.alone, bench.cutoff, division)
    if matrix.is_empty() or not both_classes(matrix["label"].to_numpy(), LEAST):
        return NOT_RUN, "", "too few outcomes"
    settings = bench.platform.settings
    found, newest = [], matrix.filter(pl.col("cutoff") == pl.col("cutoff").max())
    for shuffle in range(SHUFFLES):
        trained = train_model(
            shuffled_labels(matrix, SEED + shuffle),
            cutoff=bench.cutoff,
            division=division,
            window_months=settings.labels.window_months,
            settings=settings.models,
        )
        aucs = [one["auc"] for one in trained.candidates if one.get("auc") is not None]
        if aucs:
            # The mean of the candidates: the best of them is above 0.5 because it is the best.
            found.append(float(np.mean(aucs)))
    if not found:
        return NOT_RUN, "", "no candidate was judged"
    error = null_error(newest["label"].to_numpy()) / len(found) ** 0.5
    mean, bound = float(np.mean(found)), WIDE * error
    figures = f"{division}: AUC {mean:.3f}, 0.5 +- {bound:.3f}"
    if abs(mean - 0.5) > bound:
        return FAIL, figures, f"{division}: shuffled labels are predicted (AUC {mean:.3f})"
    return PASS, figures, f"{division}: shuffled labels are not predicted"


def planted_outcome(bench: Bench) -> Result:
    """Name inputs that order the training outcomes far better than a later outcome."""
    return _of_targets(bench, "planted_outcome", _planted)


def _planted(bench: Bench, division: str) -> tuple[str, str, str]:
    built, last = _with_holdout(bench, division)
    if last is None:
        return NOT_RUN, "", "no later cutoff has an outcome that is known"
    past = matrix_of(bench.alone, bench.cutoff, division)
    later = build_matrix(
        [
            (
                built.platform.read(FEATURES, last, division),
                built.platform.read(LABELS, last, division),
            )
        ],
        ROWS,
    )
    found, count, slices = [], 0, 0
    for inside in (pl.lit(value=True), pl.col("is_whitespace")):
        sides = [t.filter(inside) if t.height else t for t in (past, later)]
        if all(t.height and both_classes(t["label"].to_numpy(), LEAST) for t in sides):
            models = bench.platform.settings.models
            hits, seen = planted_inputs(sides[0], sides[1], models, PLANTED_GAP, PLANTED_LEVEL)
            found, count, slices = [*found, *hits], max(count, seen), slices + 1
    if not slices:
        return NOT_RUN, "", "too few outcomes"
    figures = f"{division}: {count} inputs, hold-out {last}"
    if found:
        named = dict.fromkeys(f"{p.name} (AUC {p.past:.2f}, later {p.later:.2f})" for p in found)
        return FAIL, figures, f"{division}: know past outcomes better: {', '.join(list(named)[:5])}"
    return (
        PASS,
        figures,
        f"{division}: no input orders past outcomes far better than those of {last}",
    )


def _with_holdout(bench: Bench, division: str) -> tuple[Built, dt.date | None]:
    """Make features and labels of the last cutoff whose outcome is known, beside the range."""
    built = bench.holdout
    platform = built.platform
    for cutoff in sorted(bench.later, reverse=True):
        if _has(built, cutoff, division):
            head = platform.read(LABELS, cutoff, division).select("is_censored").head(1).collect()
            if head.height and not head.item():
                return built, cutoff
    return built, None


def shift_14(bench: Bench) -> Result:
    """Give features of two weeks ago the same labels: figures may fall a little, and not rise."""
    return _of_targets(bench, "shift_14", _shifted)


def _shifted(bench: Bench, division: str) -> tuple[str, str, str]:
    now = matrix_of(bench.alone, bench.cutoff, division)
    past, test, newest = split_by_time(now)
    if newest is None or not _enough(past, test):
        return NOT_RUN, "", "too few outcomes before the newest training cutoff"
    built = bench.shifted
    earlier = []
    for cutoff in now["cutoff"].unique().sort().to_list():
        table = built.platform.read(FEATURES, cutoff, division).collect()
        labels = now.filter(pl.col("cutoff") == cutoff).select(
            "customer_id", "label", "net_value_window", "window_end"
        )
        earlier.append(table.join(labels, on="customer_id"))
    moved = pl.concat(earlier).sort("cutoff", "customer_id")
    both = moved.select("cutoff", "customer_id")
    past, test = (t.join(both, on=["cutoff", "customer_id"], how="semi") for t in (past, test))
    old_past, old_test, _ = split_by_time(moved)
    if not _enough(past, test):
        return NOT_RUN, "", "too few outcomes two weeks ago"
    models = bench.platform.settings.models
    one, other = judge_plain(past, test, models), judge_plain(old_past, old_test, models)
    by_auc, by_lift = other.auc - one.auc, other.lift - one.lift
    errors = paired_error(one, other, SEED)
    figures = (
        f"{division}: AUC {one.auc:.3f} -> {other.auc:.3f} (+- {WIDE * errors[0]:.3f}), "
        f"lift@10 {one.lift:.2f} -> {other.lift:.2f} (+- {WIDE * errors[1]:.2f})"
    )
    rises = by_auc > max(AUC_RISE, WIDE * errors[0]) or by_lift > max(LIFT_RISE, WIDE * errors[1])
    if rises:
        return FAIL, figures, f"{division}: features of two weeks ago do better"
    if by_auc < -max(AUC_FALL, WIDE * errors[0]):
        return FAIL, figures, f"{division}: the last two weeks before a cutoff carry the label"
    return PASS, figures, f"{division}: two weeks earlier it is much the same"


def top_k_ablation(bench: Bench) -> Result:
    """Drop the strongest features: figures must not rise."""
    return _of_targets(bench, "top_k_ablation", _ablated)


def _ablated(bench: Bench, division: str) -> tuple[str, str, str]:
    past, test, newest = split_by_time(matrix_of(bench.alone, bench.cutoff, division))
    if newest is None or not _enough(past, test):
        return NOT_RUN, "", "too few outcomes before the newest training cutoff"
    models = bench.platform.settings.models
    best = strongest(past, models, STRONGEST)
    one = judge_plain(past, test, models)
    other = judge_plain(past.drop(best), test.drop(best), models)
    error = paired_error(one, other, SEED)[0]
    figures = (
        f"{division}: AUC {one.auc:.3f} -> {other.auc:.3f} (+- {WIDE * error:.3f}) without "
        f"{', '.join(best)}"
    )
    if other.auc - one.auc > max(AUC_RISE, WIDE * error):
        return FAIL, figures, f"{division}: better without its {STRONGEST} strongest features"
    return PASS, figures, f"{division}: no better without its {STRONGEST} strongest features"


def _enough(past: pl.DataFrame, test: pl.DataFrame) -> bool:
    return all(t.height and both_classes(t["label"].to_numpy(), LEAST) for t in (past, test))


def _of_targets(bench: Bench, name: str, judge: Judge) -> Result:
    """Put the verdicts of the targets together: FAIL where one fails, NOT RUN where none could be."""
    found = [judge(bench, division) for division in bench.targets]
    verdicts = {verdict for verdict, *_ in found}
    verdict = FAIL if FAIL in verdicts else PASS if PASS in verdicts else NOT_RUN
    told = dict.fromkeys(words for each, _, words in found if each == verdict)
    left = sum(each == NOT_RUN for each, *_ in found)
    rest = f"; {left} of {len(found)} targets not run" if left and verdict != NOT_RUN else ""
    figures = "; ".join(f for _, f, _ in found if f)
    return Result(name, verdict, "; ".join(told) + rest, figures)
