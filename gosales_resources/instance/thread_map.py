"""Runs a function over items in threads: results in their order, a bounded number at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_threads(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int = 1
) -> Iterator[Result]:
    """Apply a function to items, as many at once as there are threads.

    Parameters
    ----------
    function
        Called in a thread of its own; what it raises is raised here, at its item's turn.
    items
        Taken in the calling thread, `ahead` more than there are threads: memory is bounded.
    threads, ahead
        At least 1 each.

    Yields
    ------
    Result
        One per item, in their order.
    """
    pending: deque[Future[Result]] = deque()
    coming = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        while True:
            for item in islice(coming, threads + ahead - len(pending)):
                pending.append(pool.submit(function, item))
            if not pending:
                return
            yield pending.popleft().result()
