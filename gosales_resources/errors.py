"""The errors GoSales raises on purpose.

A message names the thing, the partition, what was found, what is legal and what to do.
A breach of data is a failed check; a breach of code, settings or input is one of these.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class GosalesError(Exception):
    """Base of every error a user can act on."""


class SettingsError(GosalesError):
    """The settings tree is not valid: an unknown key, a value out of bounds, a missing file."""


class SourceError(GosalesError):
    """A source file is missing, empty, unreadable, or lacks a configured column."""


class ScopeError(GosalesError):
    """A cutoff or division was asked for that the calendar or the taxonomy does not know."""


class PartitionMissingError(GosalesError):
    """A partition that is needed has never been materialised."""


class StalePartitionError(GosalesError):
    """A stored partition was written under other settings or another schema than are in force."""


class ContractError(GosalesError):
    """A table does not have the columns and types its contract declares."""


class BundleError(GosalesError):
    """A model bundle is damaged, foreign, or does not fit the features it is asked to score."""


class DamagedError(GosalesError):
    """A stored file is not the one that was written: cut off, changed, or another's."""


class HistoryError(GosalesError):
    """The run history is damaged: it cannot say what is stored, or what has passed its checks."""


class StorageError(GosalesError):
    """The store cannot be written: no space, no permission."""


def nearest(name: str, legal: Iterable[str]) -> str:
    """Return a hint naming the closest legal names, or what is legal when none is close.

    Parameters
    ----------
    name
        The name that was not found.
    legal
        The names that would have been accepted.

    Returns
    -------
    str
        A sentence such as ``Did you mean 'cutoffs'?``; lists up to ten legal names otherwise.

    Examples
    --------
    >>> nearest("custmer_id", ["customer_id", "sku"])
    "Did you mean 'customer_id'?"
    """
    names = sorted(legal)
    folded = {candidate.casefold(): candidate for candidate in names}
    close = get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(f"'{folded[c]}'" for c in close) + "?"
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return f"Legal: {shown}." if names else "Nothing is legal here."
