"""What alerts are made of: failures and passes as the run history tells them.

No file, no clock, no Dagster: who reads the history fills these in, the outbox keeps them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gosales_resources.hashing import digest_of_json

RANK = {"WARN": 0, "ERROR": 1}
# Stands where the name of a check stands: the run itself failed.
RUN = "run"
RANGE = ".."
ASSETS = ", "
# Of a SHA-256: enough to tell apart what one company will ever see.
ID_DIGITS = 24


@dataclass(frozen=True)
class Failed:
    """A check that failed on a partition, or a run that failed."""

    event: int
    """Id of its event in the run history; grows with time."""
    at: float
    """When, in seconds since 1970 (UTC)."""
    asset: str
    """The asset; of a run those that it did not make, joined by `ASSETS`."""
    check: str
    """The check; `RUN` of a run."""
    partition: str
    """The partition's key; of a run over many the first and last, joined by `RANGE`; may be empty."""
    severity: str
    """WARN or ERROR."""
    cause: str
    """What it failed on: the digest of the content that was examined, or nothing."""
    run: str
    """Id of the run."""
    command: str
    """What the run belongs to; the run's id where it belongs to nothing else."""
    finding: str
    """What was found, one line."""
    cure: str = ""
    """The command that cures it, or shows more."""
    division: str = ""
    """The division's own name, where the partition is of one."""
    link: str = ""
    """Page of the UI, where one is set."""

    @property
    def id(self) -> str:
        """Name the alert by what failed on what: the same however often it is read."""
        return digest_of_json(
            [self.asset, self.check, self.partition, self.severity, self.cause, self.run], ID_DIGITS
        )


@dataclass(frozen=True)
class Passed:
    """A check that passed on a partition."""

    event: int
    at: float
    asset: str
    check: str
    partition: str
    run: str
    command: str


@dataclass(frozen=True)
class RunPassed:
    """A run that ended well."""

    event: int
    at: float
    assets: frozenset[str] | None
    """What it was to make; None for everything."""
    partition: str
    """As `Failed.partition`."""
    run: str
    command: str

    def repairs(self, assets: str, partition: str) -> bool:
        """Tell whether it made something that a failed run did not: an asset, at one of its cutoffs.

        Examples
        --------
        >>> good = RunPassed(9, 0.0, frozenset({"scores"}), "2024-06-30|pdm", "r2", "r2")
        >>> good.repairs("model, scores", "2024-03-31..2024-12-31")
        True
        >>> good.repairs("model, scores", "2024-09-30..2024-12-31"), good.repairs("model", "")
        (False, False)
        """
        if self.assets is not None and self.assets.isdisjoint(assets.split(ASSETS)):
            return False
        if not (self.partition and partition):
            return True
        (first, last), (begin, end) = _cutoffs(self.partition), _cutoffs(partition)
        return first <= end and begin <= last


Event = Failed | Passed | RunPassed


def _cutoffs(partition: str) -> tuple[str, str]:
    first, _, last = partition.partition(RANGE)
    # Dates in ISO are ordered as text.
    return first.partition("|")[0], (last or first).partition("|")[0]


def message_id(kind: str, sink: str, parts: Iterable[str]) -> str:
    """Name a message by what it tells to whom."""
    return digest_of_json([kind, sink, *parts], ID_DIGITS)
