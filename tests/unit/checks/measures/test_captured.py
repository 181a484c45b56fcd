"""Wins and money in the top of a list over all divisions: by counting, and paired by customer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_checks.measures.captured import (
    MONEY,
    WINS,
    Pairs,
    captured_at_random,
    captured_draws,
    captured_shares,
    interval_of_draws,
)
from gosales_checks.measures.ordering import top_count

FRACS = (0.05, 0.1, 0.25, 1.0)
CUSTOMERS = 6


def pairs_of(rows: list[tuple[int, int, int, int]]) -> Pairs:
    customer, division, label, cents = (np.array(column) for column in zip(*rows, strict=True))
    # Hashes of another order than the codes.
    return Pairs(customer, (customer * 5 + 2) % 7, division, label, cents)


def drawn_world(
    customers: int = 200, divisions: int = 4, seed: int = 3
) -> tuple[Pairs, np.ndarray]:
    """Draw pairs of which some scores tie, and a score that knows something."""
    draw = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), divisions)
    taste = draw.normal(size=customers)[customer]
    label = (draw.random(customer.size) < 1 / (1 + np.exp(2 - taste))).astype(int)
    division = np.tile(np.arange(divisions), customers)
    cents = label * draw.integers(100, 90_000, customer.size)
    return Pairs(
        customer, draw.permutation(customers)[customer], division, label, cents
    ), taste.round(1)


rows = st.tuples(
    st.integers(0, CUSTOMERS - 1), st.integers(0, 3), st.integers(0, 1), st.integers(-3, 9)
)
worlds = st.lists(rows, min_size=1, max_size=14, unique_by=lambda row: row[:2])
counts = st.lists(st.integers(0, 3), min_size=CUSTOMERS, max_size=CUSTOMERS)


@given(worlds, counts, st.data())
def test_shares_are_those_of_the_repeated_rows_counted_one_by_one(world, drawn, data):
    scores = data.draw(st.lists(st.sampled_from([0.1, 0.2, 0.5]), min_size=14, max_size=14))
    pairs, score = pairs_of(world), np.array(scores[: len(world)])
    ranked = sorted(zip(-score, pairs.ties, pairs.division, world, strict=True))
    again = [row for *_, row in ranked for _ in range(drawn[row[0]])]
    if not again:
        return
    found = captured_shares(pairs, {"p": score}, np.array([drawn], dtype=float), FRACS)["p"]
    for top, frac in enumerate(FRACS):
        kept = again[: top_count(len(again), frac)]
        for at, column in ((WINS, 2), (MONEY, 3)):
            total = sum(row[column] for row in again)
            wanted = sum(row[column] for row in kept) / total if total > 0 else math.nan
            assert found[at, 0, top] == pytest.approx(wanted, nan_ok=True)


def test_row_order_does_not_show_in_a_single_bit():
    pairs, score = drawn_world()
    mixed = np.random.default_rng(8).permutation(len(pairs))
    other = Pairs(**{name: column[mixed] for name, column in vars(pairs).items()})
    first = captured_draws(pairs, {"p": score}, 200, draws=30, seed=5)["p"]
    second = captured_draws(other, {"p": score[mixed]}, 200, draws=30, seed=5)["p"]
    assert first.tobytes() == second.tobytes()


def test_orders_are_measured_on_the_same_customers():
    pairs, score = drawn_world()
    orders = {"p": score, "the same": np.exp(score), "nothing": np.zeros(len(pairs))}
    found = captured_draws(pairs, orders, 200, draws=40, seed=5)
    assert np.array_equal(found["p"], found["the same"])
    assert (found["p"][WINS, 1:, 2].std(ddof=1)) > 0
    assert np.array_equal(
        found["p"], captured_draws(pairs, {"p": score}, 200, draws=40, seed=5)["p"]
    )


def test_the_list_itself_comes_first():
    pairs, score = drawn_world()
    alone = captured_shares(pairs, {"p": score}, np.ones((1, 200)))["p"]
    assert np.array_equal(
        captured_draws(pairs, {"p": score}, 200, draws=3, seed=5)["p"][:, :1], alone
    )


def test_all_pairs_of_a_customer_are_drawn_together():
    # The same list four times over, in four divisions: four times the pairs say no more.
    once, score = drawn_world(divisions=1)
    four = {name: np.tile(column, 4) for name, column in vars(once).items()}
    four["division"] = np.repeat(np.arange(4), len(once))
    widths = []
    for pairs, by in ((once, score), (Pairs(**four), np.tile(score, 4))):
        drawn = captured_draws(pairs, {"p": by}, 200, draws=400, seed=5)["p"][WINS, :, 2]
        found = interval_of_draws(drawn)
        widths.append(found.high - found.low)
    assert widths[1] == pytest.approx(widths[0], rel=0.2)


def test_an_order_without_information_captures_its_share_in_the_mean():
    pairs, _ = drawn_world()
    draw = np.random.default_rng(1)
    orders = {str(i): draw.random(len(pairs)) for i in range(300)}
    found = captured_shares(pairs, orders, np.ones((1, 200)), FRACS)
    for at, tolerance in ((WINS, 0.01), (MONEY, 0.015)):
        mean = np.mean([shares[at, 0] for shares in found.values()], axis=0)
        assert mean == pytest.approx(captured_at_random(len(pairs), FRACS), abs=tolerance)


def test_a_resample_without_a_customer_of_the_list_is_nan_and_not_a_share():
    pairs = Pairs(*(np.array([value]) for value in (0, 1, 0, 1, 500)))
    orders = {"p": np.ones(1)}
    found = captured_draws(pairs, orders, 4, draws=60, seed=2, fracs=(1.0,))["p"][WINS, :, 0]
    assert set(found[~np.isnan(found)]) == {1.0}
    # (3/4)^4 of the resamples leave the one customer out.
    assert 8 <= np.isnan(found).sum() <= 32
