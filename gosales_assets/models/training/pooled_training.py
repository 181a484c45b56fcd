"""Trains the pooled model of one cutoff: over the rows of all divisions, once whole and once a fold."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import lightgbm as lgb
import numpy as np
import polars as pl

from gosales_assets.models.bundle.pooled_bundle import PooledCard, pooled_files
from gosales_assets.models.learners.pooled import PooledTrees
from gosales_assets.models.learners.trees import Trees, fit_trees
from gosales_assets.models.rows.binning import bin_rows, take_binned
from gosales_assets.models.rows.classes import both_classes
from gosales_assets.models.rows.folds import crossed, fitted_rows, make_folds
from gosales_assets.models.rows.preparation import prepare_rows
from gosales_checks.contracts.models import FITTED, NO_MODEL
from gosales_resources.settings.models import ModelSettings

# Enough for what is common to all divisions: 100 rounds of 0.1 were as good as 200 of 0.05
# (adventureworks_reseller, five cutoffs of early 2012); 15 leaves and half of the inputs were no better,
# whitespace AUC 0.653 and 0.675 against 0.657 and 0.674 (complete_journey, sample company M), and took
# 70 % longer.
PARAMETERS = {
    "num_leaves": 8,
    "leaf_frac": 0.001,
    "learning_rate": 0.1,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
}
MOST_ROUNDS = 100


def train_pooled(
    rows: pl.DataFrame,
    *,
    cutoff: str,
    divisions: Sequence[str],
    settings: ModelSettings,
    threads: int,
) -> dict[str, bytes]:
    """Train the pooled model of one cutoff.

    Parameters
    ----------
    rows
        `pooled_rows` of the training cutoffs that are not censored, without `is_censored`; empty
        where there is none.
    cutoff
        What it is a model as of.
    divisions
        Slugs of all divisions: inputs that name one are left out.
    settings
        Seed, least outcomes.
    threads
        Folds that are fitted at a time, one thread each; the files are the same whatever it is.

    Returns
    -------
    dict of str to bytes
        The bundle's files; with too few rows a bundle that says so and holds no trees.
    """
    seen = _RowCounts.of(rows)
    if not rows.height:
        return pooled_files(_card(cutoff, seen, NO_MODEL, "no training cutoff yet"), None)
    if not both_classes(rows["label"].to_numpy(), settings.min_positives) or seen.divisions < 2:
        reason = "too few outcomes, or one division"
        return pooled_files(_card(cutoff, seen, NO_MODEL, reason), None)
    pooled = _fit(rows.drop(naming_a_division(rows.columns, divisions)), settings, threads)
    reason = f"{pooled.trees.rounds} rounds, by early stopping on the later fold"
    return pooled_files(_card(cutoff, seen, FITTED, reason, pooled), pooled)


def naming_a_division(columns: Sequence[str], divisions: Sequence[str]) -> list[str]:
    """List the features whose measure ends in a division's slug.

    Examples
    --------
    >>> naming_a_division(["cross__all__bought_pdm__asof", "rfm__div__lines__6m"], ["pdm"])
    ['cross__all__bought_pdm__asof']
    """
    return [
        name
        for name in columns
        if name.count("__") == 3
        and any(name.split("__")[2].endswith(f"_{division}") for division in divisions)
    ]


@dataclass(frozen=True)
class _RowCounts:
    """What the training rows are."""

    cutoffs: list[str]
    divisions: int
    rows: int
    positives: int

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "_RowCounts":
        if not rows.height:
            return cls([], 0, 0, 0)
        cutoffs = [c.isoformat() for c in rows["cutoff"].unique().sort().to_list()]
        return cls(cutoffs, rows["division"].n_unique(), rows.height, int(rows["label"].sum()))


def _card(
    cutoff: str, seen: _RowCounts, status: str, reason: str, pooled: PooledTrees | None = None
) -> PooledCard:
    return PooledCard(
        cutoff=cutoff,
        status=status,
        reason=reason,
        training_cutoffs=seen.cutoffs,
        division_count=seen.divisions,
        training_row_count=seen.rows,
        positive_count=seen.positives,
        feature_count=len(pooled.preparation.columns) if pooled else 0,
        folds=sorted(pooled.by_fold) if pooled else [],
    )


def _fit(rows: pl.DataFrame, settings: ModelSettings, threads: int) -> PooledTrees:
    table = rows.sort("cutoff", "division", "customer_id")
    # Where one target's window is widened, the cutoff is known when the last of them has ended.
    table = table.with_columns(window_end=pl.col("window_end").max().over("cutoff"))
    prepared, raw = prepare_rows(table, settings)
    binned = bin_rows(raw, table["label"].to_numpy())
    folds, others = make_folds(table, settings).folds, crossed(table, settings)

    def part(rows: np.ndarray, start: np.ndarray) -> lgb.Dataset:
        return take_binned(binned, rows, start[rows])

    def fit_fold(data: tuple[lgb.Dataset, lgb.Dataset]) -> Trees:
        return fit_trees(data[0], PARAMETERS, settings, rounds=MOST_ROUNDS, valid=data[1])

    # Base rates of the rows it is fitted on: later ones would tell of outcomes not known by then.
    starts = [_division_logits(table, table[fold.train]) for fold in folds]
    data = [(part(f.train, at), part(f.valid, at)) for f, at in zip(folds, starts, strict=True)]
    fitted = fitted_rows(table, settings).nonzero()[0]
    start = _division_logits(table, table[fitted])
    parts = [part(rows, start) for rows in (*(fold.train for fold in others), fitted)]
    with ThreadPoolExecutor(threads) as pool:
        by_fold = list(pool.map(fit_fold, data))
        rounds = max(1, round(float(np.mean([one.rounds for one in by_fold]))))
        fit = partial(fit_trees, parameters=PARAMETERS, settings=settings, rounds=rounds)
        *by_others, whole = pool.map(fit, parts)
    named = zip([*folds, *others], [*by_fold, *by_others], strict=True)
    return PooledTrees(
        preparation=prepared, trees=whole, by_fold={fold.name: trees for fold, trees in named}
    )


def _division_logits(table: pl.DataFrame, known: pl.DataFrame) -> np.ndarray:
    """Return where boosting starts: a division's own base rate is not for the trees to find.

    One logit per row of `table`, of its division's rate in `known`.
    """
    rates = known.group_by("division").agg(
        bought=pl.col("label").cast(pl.Int64).sum() + 0.5, rows=pl.len() + 1.0
    )
    rate = table.join(rates, on="division", how="left", maintain_order="left")
    # A division without a known row starts at even odds, as Laplace would.
    p = (rate["bought"] / rate["rows"]).fill_null(0.5).to_numpy()
    return np.log(p) - np.log1p(-p)
