"""Runs a function over items in threads: results in their order, a bounded number at once."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Apply a function to items, as many at once as there are cores.

    Parameters
    ----------
    function
        Called in a thread of its own; what it raises is raised here, at its item's turn.
    items
        Taken in the calling thread, one more ahead than there are cores: memory is bounded.

    Yields
    ------
    Result
        One per item, in their order.
    """
    workers = os.cpu_count() or 1
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
