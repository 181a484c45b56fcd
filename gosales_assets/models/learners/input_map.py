"""Where the inputs of one model are among those of another: how a fit is carried over."""

from dataclasses import dataclass

import numpy as np

from gosales_assets.models.rows.preparation import Preparation

# The place of an input that is not there.
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class InputMap:
    """From the standardised columns of one preparation (inputs, then missing indicators) to another's."""

    places: np.ndarray
    """Per column of the one, its place in the other; `NOWHERE` where it is left out."""
    width: int
    """Columns of the other."""

    @classmethod
    def between(cls, old: Preparation, new: Preparation) -> "InputMap":
        """Find the columns of one preparation in another, by name."""
        place = {column: at for at, column in enumerate(_columns(new))}
        return cls(np.array([place.get(column, NOWHERE) for column in _columns(old)]), len(place))


def _columns(preparation: Preparation) -> list[tuple[str, bool]]:
    """Name the standardised columns: input, and whether it is its missing indicator."""
    columns = preparation.columns
    return [
        *((column.name, False) for column in columns),
        *((columns[at].name, True) for at in preparation.flagged),
    ]
