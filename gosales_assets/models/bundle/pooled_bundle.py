"""The bundle of a pooled model: JSON and LightGBM's own text, nothing that could run code when opened."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.kinds import BundleCard, BundleKind
from gosales_assets.models.learners.pooled import PooledTrees
from gosales_assets.models.learners.trees import Trees
from gosales_assets.models.rows.preparation import Preparation
from gosales_checks.contracts.models import POOLED_MODEL

POOLED_FILE = "pooled.json"
KIND = BundleKind("pooled model", "pooled_model", POOLED_FILE)


@dataclass(frozen=True, kw_only=True)
class PooledCard(BundleCard):
    """What is known of a pooled model: the contract `pooled_model`, with lists for their counts."""

    cutoff: str
    status: str
    reason: str
    training_cutoffs: list[str]
    division_count: int
    training_row_count: int
    positive_count: int
    feature_count: int
    folds: list[str]

    def to_row(self) -> dict[str, Any]:
        """See `BundleCard`; it has the number of folds too."""
        return {**super().to_row(), "fold_count": len(self.folds)}


def pooled_files(card: PooledCard, pooled: PooledTrees | None) -> dict[str, bytes]:
    """Write a pooled model as named files; equal models give equal bytes.

    Parameters
    ----------
    card
        What is known of it.
    pooled
        The model; None where there is none, and the card says why.
    """
    content: dict[str, Any] = {"card": asdict(card), "preparation": None}
    texts: dict[str, bytes] = {}
    if pooled is not None:
        by_fold = {
            fold: (f"lightgbm-fold-{at}.txt", trees)
            for at, (fold, trees) in enumerate(sorted(pooled.by_fold.items()))
        }
        content["preparation"] = pooled.preparation.to_json()
        content["trees"] = {"file": "lightgbm.txt", "rounds": pooled.trees.rounds}
        content["by_fold"] = {
            fold: {"file": name, "rounds": trees.rounds} for fold, (name, trees) in by_fold.items()
        }
        named = [("lightgbm.txt", pooled.trees), *by_fold.values()]
        texts = {name: trees.text.encode() for name, trees in named}
    return KIND.write(content, texts)


def load_pooled(files: Mapping[str, bytes]) -> PooledTrees | None:
    """Open a pooled model; None where the training made none.

    Raises
    ------
    BundleError
        When it is foreign, of another version, or damaged.
    """
    content = KIND.read(files)
    if content["preparation"] is None:
        return None
    with KIND.opening():
        return PooledTrees(
            preparation=Preparation.from_json(content["preparation"]),
            trees=_open_trees(content["trees"], files),
            by_fold={name: _open_trees(one, files) for name, one in content["by_fold"].items()},
        )


def read_pooled_report(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the JSON of a bundle: card and preparation.

    Raises
    ------
    BundleError
        When it is foreign, of another version, or damaged.
    """
    return KIND.read(files)


def describe_pooled(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Return what is known of a pooled model, once it has been opened.

    Parameters
    ----------
    files
        Of its bundle.

    Returns
    -------
    polars.DataFrame
        The one row that its contract describes.

    Raises
    ------
    BundleError
        When it does not open.
    """
    load_pooled(files)
    with KIND.opening():
        card = PooledCard(**KIND.read(files)["card"])
    return contract_table(POOLED_MODEL, [card.to_row()])


def _open_trees(described: Mapping[str, Any], files: Mapping[str, bytes]) -> Trees:
    # They take all inputs of the pooled preparation, in order.
    return Trees.from_json({**described, "inputs": None}, files)
