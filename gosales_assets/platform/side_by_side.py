"""Independent partitions made side by side, one thread each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import dagster as dg
from threadpoolctl import threadpool_limits

from gosales_checks.verdicts.leakage import PARTITIONS_READ
from gosales_resources.instance.thread_map import map_threads
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.io_managers import Partition
from gosales_resources.store.upstream import noting_reads


def side_by_side(
    work: Callable[[PartitionKey], Partition],
    keys: Sequence[PartitionKey],
    done: str,
    report: Callable[..., object],
    threads: int,
) -> Iterator[Partition]:
    """Make several partitions at once, one thread each, in order of the keys.

    Parameters
    ----------
    work
        Makes one partition; must not depend on the others.
    keys
        Partition keys.
    done
        What is said of a finished partition, as in "trained 2024-06-30|pdm (3 of 40)".
    report
        Where it is said.
    threads
        How many at once.

    Yields
    ------
    Partition
        In the order of the keys, each with the partitions that were asked for to make it. No more
        than two per thread are in flight, so memory does not grow with the backfill.
    """

    def noted(key: PartitionKey) -> Partition:
        with noting_reads() as reads:
            made = work(key)
        read = {table: sorted(map(str, keys)) for table, keys in sorted(reads.items())}
        shown = {**made.metadata, PARTITIONS_READ: dg.MetadataValue.json(read)}
        return replace(made, metadata=shown)

    # One BLAS thread each: the same sums in the same order, and no oversubscription (9x here).
    with threadpool_limits(1):
        made = map_threads(noted, keys, threads, ahead=threads)
        for count, (key, partition) in enumerate(zip(keys, made, strict=True), start=1):
            yield partition
            report("%s %s (%d of %d)", done, key, count, len(keys))
