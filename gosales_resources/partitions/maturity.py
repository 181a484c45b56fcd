"""Which past labels may be learnt from at a cutoff: those whose own window had ended by then.

A window may have been widened for want of positives (`labels.min_positive_target`), so when it
ended is read from the labels, not from the settings. What is used up to a cutoff depends on
nothing after it: a window that was not wide enough by the cutoff is not over, however it goes on.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Mature:
    """Past cutoffs whose labels may be learnt from, and why others may not."""

    used: list[dt.date]
    """Oldest first."""
    left_out: dict[dt.date, str]
    """Newer than the oldest used, with the reason; newest first."""


def mature_labels(
    labels: Mapping[dt.date, pl.LazyFrame], cutoff: dt.date, newest: int | None = None
) -> Mature:
    """Choose the newest past cutoffs whose label windows had ended by a cutoff.

    Parameters
    ----------
    labels
        Cutoff t -> `labels` of one target at t.
    cutoff
        The as-of date C that something is learnt for.
    newest
        How many at most; None for all.

    Returns
    -------
    Mature
        Only t with t + W(t) <= C, W(t) the recorded window. The reasons say nothing that was not
        known at C.
    """
    used: list[dt.date] = []
    left_out: dict[dt.date, str] = {}
    for past in sorted(labels, reverse=True):
        if newest is not None and len(used) == newest:
            break
        head = labels[past].select("window_end", "is_censored").head(1).collect()
        if head.is_empty():
            left_out[past] = "nobody was in its population"
        elif head.item(0, "window_end") > cutoff:
            left_out[past] = f"its label window had not ended by {cutoff}"
        elif head.item(0, "is_censored"):
            left_out[past] = "the data does not cover its label window"
        else:
            used.append(past)
    return Mature(used[::-1], left_out)
