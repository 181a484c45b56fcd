"""What names a partition: its cutoff, and its division where it has one.

The one place that parses Dagster's keys or writes them; everybody else has a `PartitionKey`.
"""

import datetime as dt
from typing import NamedTuple


class PartitionKey(NamedTuple):
    """A cutoff, and a division for tables that are of one; equal to a plain pair of both."""

    cutoff: dt.date
    division: str | None = None

    @classmethod
    def of(cls, text: str) -> "PartitionKey":
        """Read a key as Dagster has it, or as it prints it.

        Examples
        --------
        >>> PartitionKey.of("2024-06-30|pdm")
        PartitionKey(cutoff=datetime.date(2024, 6, 30), division='pdm')
        >>> PartitionKey.of("2024-06-30").division is None
        True
        """
        # Dagster prints products alphabetically by dimension: cutoff before division.
        cutoff, _, division = str(text).partition("|")
        return cls(dt.date.fromisoformat(cutoff), division or None)

    def __str__(self) -> str:
        """Return the key as Dagster prints it."""
        return "|".join([self.cutoff.isoformat(), *([self.division] if self.division else [])])
