"""One model over (customer, division) pairs: what divisions have in common, learnt from all of them.

It sees no input that names a division, so that its answer for a division is a function of that
division's own feature table. Each division decides on its own validation rows what it is worth there.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
from lightgbm.basic import LightGBMError

from gosales_assets.models.bundle.manifest import seal, verified
from gosales_assets.models.learners.candidates import (
    Fitted,
    Trees,
    bin_rows,
    fit_trees,
    part_of,
)
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.rows.folds import make_folds
from gosales_assets.models.rows.preparation import Preparation, prepare_rows
from gosales_checks.contracts.models import POOLED_MODEL
from gosales_resources.errors import BundleError
from gosales_resources.settings.models import ModelSettings

POOLED_FILE = "pooled.json"
FITTED, NONE = "fitted", "none"
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


@dataclass(frozen=True)
class PooledTrees:
    """The fitted pooled model, and its likes that each left a fold out."""

    preparation: Preparation
    trees: Trees
    by_fold: dict[str, Trees]

    def held_out(self, fold: str, table: pl.DataFrame) -> np.ndarray:
        """Return margins by the trees that saw none of a fold's validation rows."""
        # A copy opens a booster of its own: divisions ask side by side.
        trees = replace(self.by_fold[fold])
        return trees.margin(self.preparation.raw(table), rounds=self.trees.rounds)

    def fits(self, prepared: Preparation) -> bool:
        """Tell whether a division may use it: not where one of its inputs leaks there."""
        leaks = {n for n, why in prepared.dropped.items() if why.startswith("leak")}
        return not leaks & {column.name for column in self.preparation.columns}


@dataclass(frozen=True)
class PooledCard:
    """What is known of a pooled model; a row of the contract `pooled_model`."""

    cutoff: str
    status: str
    reason: str
    training_cutoffs: list[str]
    division_count: int
    training_row_count: int
    positive_count: int
    feature_count: int
    folds: list[str]


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
        How many fits at once; the result is the same.

    Returns
    -------
    dict of str to bytes
        The bundle's files; with too few rows a bundle that says so and holds no trees.
    """
    positives = int(rows["label"].sum()) if rows.height else 0
    few = min(positives, rows.height - positives) < settings.min_positives
    if few or rows["division"].n_unique() < 2:
        reason = (
            "no training cutoff yet" if not rows.height else "too few outcomes, or one division"
        )
        return _files(_card(rows, cutoff, NONE, reason, 0, []), None)
    table = rows.drop(naming_a_division(rows.columns, divisions)).sort(
        "cutoff", "division", "customer_id"
    )
    # Where one target's window is widened, the cutoff is known when the last of them has ended.
    table = table.with_columns(window_end=pl.col("window_end").max().over("cutoff"))
    prepared, raw = prepare_rows(table, settings)
    binned = bin_rows(raw, table["label"].to_numpy())
    folds = make_folds(table, settings).folds
    parts: list[tuple[lgb.Dataset, lgb.Dataset | None]] = []
    for fold in folds:
        # Base rates of the rows it is fitted on: later ones would tell of outcomes not known by then.
        start = _division_logits(table, table[fold.train])
        parts.append((part_of(binned, fold.train, start[fold.train]),
                      part_of(binned, fold.valid, start[fold.valid])))  # fmt: skip
    parts.append((binned.set_init_score(_division_logits(table, table)), None))

    def fit(part: tuple[lgb.Dataset, lgb.Dataset | None]) -> Trees:
        return fit_trees(part[0], PARAMETERS, settings, rounds=MOST_ROUNDS, valid=part[1])

    # Side by side, one thread each: the first trees of a longer boosting are those of a shorter one.
    with ThreadPoolExecutor(threads) as pool:
        *by_fold, whole = pool.map(fit, parts)
    fitted = {fold.name: one for fold, one in zip(folds, by_fold, strict=True)}
    rounds = max(1, round(float(np.mean([one.rounds for one in by_fold]))))
    pooled = PooledTrees(prepared, whole.first(rounds), fitted)
    reason = f"{rounds} rounds, by early stopping on the later fold"
    return _files(
        _card(rows, cutoff, FITTED, reason, len(prepared.columns), sorted(fitted)), pooled
    )


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


def join_pooled(
    prepared: Preparation, members: Sequence[Fitted], pooled: PooledTrees
) -> tuple[Preparation, list[Fitted]]:
    """Put the pooled trees behind a division's own members, over one list of inputs.

    Inputs that only the pooled trees use come last; the division's own members do not see them.
    """
    own = len(prepared.columns)
    names = [column.name for column in prepared.columns]
    extra = [
        replace(column, flags_missing=False)
        for column in pooled.preparation.columns
        if column.name not in names
    ]
    names += [column.name for column in extra]
    place = {name: at for at, name in enumerate(names)}
    joined: list[Fitted] = []
    for member in members:
        if isinstance(member, Linear):
            weights = np.insert(member.weights, own, np.zeros(len(extra)))
            joined.append(Linear(member.intercept, weights))
        else:
            joined.append(replace(member, inputs=tuple(range(own))))
    inputs = tuple(place[column.name] for column in pooled.preparation.columns)
    dropped = {n: why for n, why in prepared.dropped.items() if n not in place}
    whole = replace(prepared, columns=[*prepared.columns, *extra], dropped=dropped)
    return whole, [*joined, replace(pooled.trees, inputs=inputs)]


def load_pooled(files: Mapping[str, bytes]) -> PooledTrees | None:
    """Open a pooled model; None where the training made none.

    Raises
    ------
    BundleError
        When it is foreign, of another version, or damaged.
    """
    content = _read(files)
    if content["preparation"] is None:
        return None
    try:
        return PooledTrees(
            Preparation.from_json(content["preparation"]),
            _open(files, content["trees"]),
            {name: _open(files, one) for name, one in content["by_fold"].items()},
        )
    except (KeyError, TypeError, ValueError, LightGBMError) as error:
        raise BundleError(
            f"The pooled model is damaged: {error!r}. Rematerialise pooled_model."
        ) from error


def describe_pooled(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Return what is known of a pooled model as the one row that its contract describes."""
    load_pooled(files)
    card = dict(_read(files)["card"])
    card["training_cutoff_count"] = len(card.pop("training_cutoffs"))
    card["fold_count"] = len(card.pop("folds"))
    schema = {name: column.dtype for name, column in POOLED_MODEL.schema.columns().items()}
    frame = pl.DataFrame({name: [value] for name, value in card.items()})
    return frame.with_columns(pl.col("cutoff").str.to_date()).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
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


def _card(
    rows: pl.DataFrame, cutoff: str, status: str, reason: str, features: int, folds: list[str]
) -> PooledCard:
    some = rows.height > 0
    cutoffs = rows["cutoff"].unique().sort().to_list() if some else []
    return PooledCard(
        cutoff,
        status,
        reason,
        [c.isoformat() for c in cutoffs],
        rows["division"].n_unique() if some else 0,
        rows.height,
        int(rows["label"].sum()) if some else 0,
        features,
        folds,
    )


def _files(card: PooledCard, pooled: PooledTrees | None) -> dict[str, bytes]:
    texts: dict[str, bytes] = {}

    def kept(name: str, trees: Trees) -> dict[str, Any]:
        texts[name] = trees.text.encode()
        return {"file": name, "rounds": trees.rounds}

    content: dict[str, Any] = {"card": asdict(card), "preparation": None}
    if pooled is not None:
        content["preparation"] = pooled.preparation.to_json()
        content["trees"] = kept("lightgbm.txt", pooled.trees)
        content["by_fold"] = {
            fold: kept(f"lightgbm-fold-{at}.txt", trees)
            for at, (fold, trees) in enumerate(sorted(pooled.by_fold.items()))
        }
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
    return seal({POOLED_FILE: text.encode(), **texts})


def _read(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        return dict(json.loads(verified(files)[POOLED_FILE]))
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The pooled model is damaged: {error!r}. Rematerialise pooled_model."
        ) from error


def _open(files: Mapping[str, bytes], described: Mapping[str, Any]) -> Trees:
    text = files[described["file"]].decode()
    lgb.Booster(model_str=text)
    return Trees(text, int(described["rounds"]))
