"""The bundle of a pooled model: JSON and LightGBM's own text, nothing that could run code when opened."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from lightgbm.basic import LightGBMError

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.manifest import seal, verified
from gosales_assets.models.learners.pooled import PooledTrees
from gosales_assets.models.learners.trees import Trees
from gosales_assets.models.rows.preparation import Preparation
from gosales_checks.contracts.models import POOLED_MODEL
from gosales_resources.errors import BundleError

POOLED_FILE = "pooled.json"


@dataclass(frozen=True, kw_only=True)
class PooledCard:
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
        """Return the row of the contract."""
        return {
            **asdict(self),
            "cutoff": dt.date.fromisoformat(self.cutoff),
            "training_cutoff_count": len(self.training_cutoffs),
            "fold_count": len(self.folds),
        }


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
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
    return seal({POOLED_FILE: text.encode(), **texts})


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
            preparation=Preparation.from_json(content["preparation"]),
            trees=_open_trees(content["trees"], files),
            by_fold={name: _open_trees(one, files) for name, one in content["by_fold"].items()},
        )
    except (KeyError, TypeError, ValueError, LightGBMError) as error:
        raise _damaged(error) from error


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
    try:
        card = PooledCard(**_read(files)["card"])
    except (KeyError, TypeError) as error:
        raise _damaged(error) from error
    return contract_table(POOLED_MODEL, [card.to_row()])


def _read(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        return dict(json.loads(verified(files)[POOLED_FILE]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(error) from error


def _open_trees(described: Mapping[str, Any], files: Mapping[str, bytes]) -> Trees:
    # They take all inputs of the pooled preparation, in order.
    return Trees.from_json({**described, "inputs": None}, files)


def _damaged(error: Exception) -> BundleError:
    return BundleError(f"The pooled model is damaged: {error!r}. Rematerialise pooled_model.")
