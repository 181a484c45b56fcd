"""One model over (customer, division) pairs: what divisions have in common, learnt from all of them.

It sees no input that names a division, so that its answer for a division is a function of that
division's own feature table. Each division decides on its own validation rows what it is worth there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from gosales_assets.models.learners.input_map import InputMap
from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.learners.trees import Trees
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.rows.preparation import LEAK, Preparation


@dataclass(frozen=True, kw_only=True)
class PooledTrees:
    """The fitted pooled model, and its likes that each left a fold out."""

    preparation: Preparation
    trees: Trees
    by_fold: dict[str, Trees]

    def held_out(self, fold: str, table: pl.DataFrame) -> np.ndarray:
        """Return margins by the trees that saw none of a fold's validation rows.

        Parameters
        ----------
        fold
            One of `by_fold`.
        table
            Feature rows of one division, one per customer and cutoff.

        Returns
        -------
        numpy.ndarray
            Float64, one per row.
        """
        # A copy opens a booster of its own: divisions ask side by side.
        trees = replace(self.by_fold[fold])
        return trees.margin(ModelInputs.of(self.preparation, table), rounds=self.trees.rounds)

    def fits(self, prepared: Preparation) -> bool:
        """Tell whether a division may use it: not where one of its inputs leaks there."""
        leaks = {n for n, why in prepared.dropped.items() if why.startswith(LEAK)}
        return not leaks & {column.name for column in self.preparation.columns}


def join_pooled(
    prepared: Preparation, members: Sequence[Learner], pooled: PooledTrees
) -> tuple[Preparation, list[Learner]]:
    """Put the pooled trees behind a division's own members, over one list of inputs.

    Parameters
    ----------
    prepared
        The inputs of the members.
    members
        The division's own; may be none.
    pooled
        Whose trees come last.

    Returns
    -------
    tuple
        The inputs of all, and the members over them. Inputs that only the pooled trees use come last;
        the division's own members do not see them.
    """
    own = {column.name for column in prepared.columns}
    extra = [
        replace(column, flags_missing=False)
        for column in pooled.preparation.columns
        if column.name not in own
    ]
    added = {column.name for column in extra}
    dropped = {name: why for name, why in prepared.dropped.items() if name not in added}
    joined = replace(prepared, columns=[*prepared.columns, *extra], dropped=dropped)
    to = InputMap.between(prepared, joined)
    # A copy opens a booster of its own: divisions are trained side by side.
    trees = replace(pooled.trees).remapped(InputMap.between(pooled.preparation, joined))
    return joined, [*(one.remapped(to) for one in members), trees]
