"""The tags of runs: by which they are found in the UI, by sensors and by alerts."""

import datetime as dt
from collections.abc import Sequence

COMMAND = "gosales/command"
"""Id of the command, or of the job's run, that a run is part of."""
JOB = "gosales/job"
CUTOFFS = "gosales/cutoffs"
DIVISIONS = "gosales/divisions"
TRIGGER = "gosales/trigger"
"""The command line, the UI, a schedule or a sensor by its name."""
SETTINGS = "gosales/settings"
ASKED_FOR = "gosales/asked_for"
"""Digest of the state that a sensor asked for a run of."""
ALL = "all"


def span_of(cutoffs: Sequence[dt.date]) -> str:
    """Return the first and the last of some cutoffs, as people and `--cutoffs` write a range.

    Examples
    --------
    >>> span_of([dt.date(2024, 6, 30)]), span_of([dt.date(2024, 6, 30), dt.date(2024, 3, 31)])
    ('2024-06-30', '2024-03-31..2024-06-30')
    """
    first, last = min(cutoffs), max(cutoffs)
    return f"{first}" if first == last else f"{first}..{last}"
