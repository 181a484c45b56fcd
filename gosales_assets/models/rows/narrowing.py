"""Leaves out of a fitted model what none of its members asks for: nothing of it is read or made for a score."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gosales_assets.models.learners.candidates import NOWHERE, Fitted
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.rows.preparation import Preparation

NOT_ASKED = "no part of the model asks for it"


def keep_asked(
    prepared: Preparation, members: Sequence[Fitted]
) -> tuple[Preparation, list[Fitted]]:
    """Drop the inputs that change no margin: weights of zero, and what no tree splits on.

    Parameters
    ----------
    prepared
        The inputs of the members.
    members
        Fitted on them; at least one of them asks for something.

    Returns
    -------
    tuple
        The inputs that are left, the others among those dropped; and members that give the same
        margins and contributions on them.
    """
    lines = [one for one in members if isinstance(one, Linear)]
    count, flagged = len(prepared.columns), prepared.flagged
    weights = np.array([line.weights for line in lines]).reshape(len(lines), count + len(flagged))
    asked = (weights != 0).any(axis=0)
    flags = {at for at, is_asked in zip(flagged, asked[count:], strict=True) if is_asked}
    kept = {*np.flatnonzero(asked[:count]), *flags}
    for one in members:
        if not isinstance(one, Linear):
            kept.update(one.places[1])
    places = sorted(int(at) for at in kept)
    columns = [replace(prepared.columns[at], flags_missing=at in flags) for at in places]
    dropped = {c.name: NOT_ASKED for at, c in enumerate(prepared.columns) if at not in kept}
    taken = [*places, *(count + i for i, at in enumerate(flagged) if at in flags)]
    narrowed = replace(
        prepared, columns=columns, dropped=dict(sorted((prepared.dropped | dropped).items()))
    )
    return narrowed, [_moved(one, places, taken) for one in members]


def _moved(member: Fitted, places: Sequence[int], taken: Sequence[int]) -> Fitted:
    if isinstance(member, Linear):
        return Linear(member.intercept, member.weights[taken])
    own, source = member.places
    inputs = np.full(member.booster.num_feature(), NOWHERE)
    inputs[own] = np.searchsorted(places, source)
    return replace(member, inputs=tuple(inputs.tolist()))
