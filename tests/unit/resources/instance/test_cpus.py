"""Threads are as many as the process may use, not as the machine has."""

import os

import pytest

from gosales_resources.instance.cpus import usable_cpus
from gosales_resources.instance.thread_map import map_threads


def test_it_is_not_more_than_the_process_may_run_on():
    assert 1 <= usable_cpus() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "most"),
    [("100000 100000", 1), ("50000 100000", 1), ("max 100000", 10_000), ("", 10_000)],
)
def test_the_quota_of_a_container_counts(tmp_path, quota, most):
    path = tmp_path / "cpu.max"
    path.write_text(quota, encoding="ascii")
    assert usable_cpus(path) == max(1, min(most, len(os.sched_getaffinity(0))))


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_results_come_in_the_order_of_the_items_and_few_are_taken_ahead(threads):
    taken = []

    def items():
        for item in range(50):
            taken.append(item)
            yield item

    for count, result in enumerate(map_threads(lambda n: n * n, items(), threads)):
        assert result == count * count
        assert len(taken) <= count + threads + 2
    assert len(taken) == 50


def test_what_an_item_raises_is_raised_at_its_turn():
    made = map_threads(lambda n: 1 // (3 - n), range(10), 2)
    assert [next(made) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)
