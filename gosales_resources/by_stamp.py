"""What was read of a file, remembered for as long as the file is the same one.

A server lives for months and a command for seconds: both must answer alike. So whatever is kept in
memory of something outside is kept with its stamp, and is made anew when the stamp is another.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByStamp(Generic[Key, Value]):
    """Values by key, each with the stamp of what it was made from; one stamp a key is kept."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[Hashable, Value]] = {}

    def get(self, key: Key, stamp: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key as of a stamp.

        Parameters
        ----------
        key
            What is asked for.
        stamp
            Differs when the value may: size, time of change and number of a file, or several; a
            day, where the calendar is open. None where nothing tells: made every time.
        make
            Makes the value; what it raises is raised, and nothing is kept.

        Examples
        --------
        >>> kept = ByStamp()
        >>> kept.get("a", 1, lambda: "old"), kept.get("a", 1, lambda: "new"), kept.get("a", 2, lambda: "new")
        ('old', 'old', 'new')
        """
        found = self._known.get(key)
        if stamp is not None and found is not None and found[0] == stamp:
            return found[1]
        value = make()
        if stamp is not None:
            self._known[key] = stamp, value
        return value
