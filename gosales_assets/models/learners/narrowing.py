"""Leaves out of a fitted model what none of its members uses: nothing of it is read or made for a score."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gosales_assets.models.learners.input_map import InputMap
from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.rows.preparation import Preparation

NOT_USED = "no part of the model asks for it"


def narrow_inputs(
    prepared: Preparation, members: Sequence[Learner]
) -> tuple[Preparation, list[Learner]]:
    """Drop the inputs that change no margin.

    Parameters
    ----------
    prepared
        The inputs of the members.
    members
        Fitted on them; at least one of them uses some input.

    Returns
    -------
    tuple
        The inputs that are left, the others among those dropped; and members that give the same
        margins and contributions on them.
    """
    count = len(prepared.columns)
    used = np.any([one.used_inputs(prepared) for one in members], axis=0)
    flags = {at for at, is_used in zip(prepared.flagged, used[count:], strict=True) if is_used}
    kept, dropped = [], {}
    for at, column in enumerate(prepared.columns):
        if used[at] or at in flags:
            kept.append(replace(column, flags_missing=at in flags))
        else:
            dropped[column.name] = NOT_USED
    narrowed = replace(
        prepared, columns=kept, dropped=dict(sorted((prepared.dropped | dropped).items()))
    )
    to = InputMap.between(prepared, narrowed)
    return narrowed, [one.remapped(to) for one in members]
