"""The readout of the list's experiment, beside least squares by another way and by simulation."""

import math

import numpy as np
import pytest
from scipy.stats import binom, t

from gosales_checks.measures.experiment import (
    Readout,
    least_visible_effect,
    read_out,
    sample_ratio_p,
    verdict,
)
from gosales_checks.measures.intervals import Interval

SHARE = 0.2


def drawn(seed: int, families: int = 400, effect: float = 0.0, share: float = SHARE) -> dict:
    """Families of one to three accounts; values of a family, and of an account before, are alike."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 4, families)
    family = np.repeat(np.arange(families), sizes)
    is_treated = np.repeat(draw.random(families) >= share, sizes)
    level = np.exp(draw.normal(0, 0.7, families))[family]
    value_before = 100 * level * draw.gamma(1.0, 1.0, len(family))
    # Half buy nothing, as accounts do.
    value = 100 * level * draw.gamma(1.0, 1.0, len(family)) * (draw.random(len(family)) < 0.5)
    value += 0.3 * value_before + effect * is_treated
    return {
        "is_treated": is_treated, "value": value, "value_before": value_before, "family": family,
    }  # fmt: skip


def by_lstsq(world: dict, *, with_before: bool, strata: list[np.ndarray] | None = None) -> Interval:
    """Ordinary least squares and the sandwich by matrices, family after family."""
    columns = [np.ones(len(world["value"])), world["is_treated"].astype(float)]
    if with_before:
        columns.append(world["value_before"])
    for labels in strata or []:
        columns += [(labels == level).astype(float) for level in np.unique(labels)[1:]]
    x = np.stack(columns, axis=1)
    slopes = np.linalg.lstsq(x, world["value"], rcond=None)[0]
    left = world["value"] - x @ slopes
    bread, meat = np.linalg.pinv(x.T @ x), np.zeros((x.shape[1], x.shape[1]))
    names = np.unique(world["family"])
    for name in names:
        own = world["family"] == name
        score = x[own].T @ left[own]
        meat += np.outer(score, score)
    n, k, g = *x.shape, len(names)
    error = math.sqrt((bread @ meat @ bread)[1, 1] * g / (g - 1) * (n - 1) / (n - k))
    reach = t.ppf(0.975, g - k) * error
    return Interval(slopes[1], slopes[1] - reach, slopes[1] + reach)


def as_tuple(found: Interval) -> tuple[float, float, float]:
    return found.value, found.low, found.high


@pytest.mark.parametrize("seed", range(5))
def test_effect_and_interval_are_those_of_least_squares_with_a_sandwich(seed):
    world = drawn(seed, 60, effect=20.0, share=0.4)
    found = read_out(**world, control_share=0.4)
    expected = by_lstsq(world, with_before=True)
    assert as_tuple(found.effect) == pytest.approx(as_tuple(expected), rel=1e-9)
    plain = by_lstsq(world, with_before=False)
    assert as_tuple(found.plain) == pytest.approx(as_tuple(plain), rel=1e-9)


def strata_of(world: dict, seed: int = 1, levels: int = 4) -> list[np.ndarray]:
    draw = np.random.default_rng(seed)
    return [draw.choice(list("abcdefgh")[:levels], len(world["value"])) for _ in range(2)]


@pytest.mark.parametrize("seed", range(3))
def test_strata_are_taken_out_as_by_dummies_in_least_squares(seed):
    world = drawn(seed, 200, effect=20.0, share=0.4)
    strata = strata_of(world, seed)
    found = read_out(**world, strata=strata, control_share=0.4).effect
    expected = by_lstsq(world, with_before=True, strata=strata)
    assert as_tuple(found) == pytest.approx(as_tuple(expected), rel=1e-9)


def test_strata_that_say_the_same_twice_change_nothing():
    world = drawn(1, 200)
    one, other = strata_of(world)
    renamed = np.char.add(one, " again")
    mine = read_out(**world, strata=[one, other], control_share=SHARE)
    theirs = read_out(**world, strata=[one, other, renamed], control_share=SHARE)
    assert as_tuple(mine.effect) == pytest.approx(as_tuple(theirs.effect), rel=1e-9)


def test_levels_of_few_families_are_one_level():
    world = drawn(2, 200)
    rare = np.where(world["family"] < 4, world["family"].astype(str), "common")
    together = np.where(world["family"] < 4, "rare", "common")
    mine, theirs, none = (
        read_out(**world, strata=strata, control_share=SHARE) for strata in ([rare], [together], [])
    )
    assert mine == theirs == none


def test_a_stratum_that_is_the_arm_by_another_name_is_left_out():
    world = drawn(3, 200)
    arm = world["is_treated"].astype(str)
    mine = read_out(**world, strata=[arm], control_share=SHARE)
    assert mine == read_out(**world, control_share=SHARE)


def test_without_the_value_before_the_effect_is_the_difference_of_means():
    world = drawn(1)
    found, treated = read_out(**world, control_share=SHARE).plain, world["is_treated"]
    means = world["value"][treated].mean() - world["value"][~treated].mean()
    assert found.value == pytest.approx(means)


def test_the_value_before_narrows_the_interval():
    found = read_out(**drawn(2), control_share=SHARE)
    assert found.effect.high - found.effect.low < found.plain.high - found.plain.low


def test_accounts_that_are_copies_of_each_other_do_not_narrow_it():
    world = drawn(3)
    one = read_out(**world, control_share=SHARE).effect
    copies = {name: np.repeat(values, 4) for name, values in world.items()}
    four = read_out(**copies, control_share=SHARE).effect
    assert four.value == pytest.approx(one.value)
    assert four.high - four.low == pytest.approx(one.high - one.low, rel=0.01)


def test_the_order_of_accounts_changes_nothing():
    world = drawn(4)
    order = np.random.default_rng(1).permutation(len(world["value"]))
    strata = strata_of(world)
    one = read_out(**world, strata=strata, control_share=SHARE)
    shuffled = {k: v[order] for k, v in world.items()}
    other = read_out(**shuffled, strata=[s[order] for s in strata], control_share=SHARE)
    assert one == other


def test_a_split_that_lost_families_is_not_read():
    world = drawn(5, 1000)
    kept = world["is_treated"] | (world["family"] % 2 == 0)
    found = read_out(**{k: v[kept] for k, v in world.items()}, control_share=SHARE)
    assert found.sample_ratio_p < 0.001
    assert found.verdict.startswith("not read: the split is")
    assert math.isnan(found.effect.value)


def test_the_chance_of_a_split_sums_all_that_are_as_odd():
    chances = binom.pmf(np.arange(31), 30, SHARE)
    expected = chances[chances <= chances[11] * (1 + 1e-7)].sum()
    assert sample_ratio_p(19, 11, SHARE) == pytest.approx(expected)
    assert sample_ratio_p(0, 0, SHARE) == 1.0


@pytest.mark.parametrize(
    ("effect", "cost", "said"),
    [
        (400.0, 100.0, "works"),
        (0.0, 100.0, "does not pay"),
        (102.0, 100.0, "not yet decidable: about"),
    ],
)
def test_the_verdict_weighs_the_effect_against_its_cost(effect, cost, said):
    found = read_out(**drawn(6, 2000, effect), control_share=SHARE, cost=cost)
    assert found.verdict.startswith(said)


def test_as_many_more_accounts_as_told_would_decide():
    # An error of 10 and an effect of 15: seen in 4 of 5 at 2.8 errors, so at (2.8 / 1.5)^2 times
    # the accounts.
    effect = Interval(15.0, 15.0 - 19.6, 15.0 + 19.6)
    assert verdict(effect, 0.0, 1000) == "not yet decidable: about 2500 more accounts"
    assert "no number of accounts" in verdict(Interval(0.0, -1.0, 1.0), 0.0, 1000)


def test_an_arm_of_nobody_is_not_read():
    world = drawn(7, 6)
    world["is_treated"] = np.ones_like(world["is_treated"])
    assert read_out(**world, control_share=SHARE).verdict == "not read: too few families in an arm"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w | {"value": w["value"][1:]}, "lengths differ"),
        (lambda w: w | {"value": w["value"] * np.nan}, "null or infinite"),
        (lambda w: w | {"family": w["family"] * 0}, "in both arms"),
    ],
    ids=["lengths", "nan", "both arms"],
)
def test_what_cannot_be_an_experiment_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        read_out(**change(drawn(8)), control_share=SHARE)


def test_an_experiment_needs_no_more_than_four_families_to_be_foretold():
    assert math.isnan(least_visible_effect(np.ones(3), np.arange(3), SHARE))


def simulated(count: int, families: int, effect: float) -> list[Readout]:
    return [
        read_out(**drawn(10_000 + k, families, effect), control_share=SHARE) for k in range(count)
    ]


@pytest.mark.slow
def test_intervals_of_simulated_experiments_hold_the_truth_in_95_of_100():
    found = [r for r in simulated(5000, 500, 25.0) if not math.isnan(r.effect.value)]
    for which in ("effect", "plain"):
        ends = [getattr(r, which) for r in found]
        held = np.mean([one.low <= 25.0 <= one.high for one in ends])
        assert 0.93 <= held <= 0.97


@pytest.mark.slow
def test_false_alarms_of_the_split_are_at_most_2_in_1000():
    draw = np.random.default_rng(11)
    controls = draw.binomial(600, SHARE, 5000)
    alarms = np.mean([sample_ratio_p(600 - c, c, SHARE) < 0.001 for c in controls.tolist()])
    assert alarms <= 0.002


@pytest.mark.slow
def test_the_least_visible_effect_is_seen_in_4_of_5():
    before = drawn(12, 20_000)
    # Of 20,000 families, as an experiment of 500 has them: the error falls with their root.
    told = least_visible_effect(before["value"], before["family"], SHARE) * math.sqrt(20_000 / 500)
    found = [r for r in simulated(1500, 500, told) if not math.isnan(r.effect.value)]
    assert 0.75 <= np.mean([r.plain.low > 0 for r in found]) <= 0.85
