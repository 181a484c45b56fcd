"""What calling brought: the list's experiment read out, and how small an effect it could see.

Families of accounts were drawn into treated and control. Everybody counts in the arm that was drawn
(intention to treat), accounts of a family count as one in the interval. Before anything is read the
split itself is tested. Drawing belongs to the list, not here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm, t

from gosales_checks.measures.intervals import Interval

LEVEL = 0.95
# Chance to see an effect of the size that is foretold.
POWER = 0.80
# A sandwich of fewer families than this says nothing.
FEWEST_FAMILIES = 4
# A level of a stratum has so many families of its own, or goes with the others.
FEWEST_OF_LEVEL = 10
# Share of a column's length that must be left beside the columns before it.
NOTHING_LEFT = 1e-9


@dataclass(frozen=True)
class Readout:
    """What an experiment says."""

    verdict: str
    """works, does not pay, not yet decidable: about N more accounts; or why it is not read."""
    effect: Interval
    """Value that calling adds per account, home currency; nan where it is not read."""
    plain: Interval
    """The same without the value before and the strata: the difference of the means."""
    sample_ratio_p: float
    """Chance of a split as odd as this one."""
    treated: int
    """Accounts drawn to be called."""
    control: int
    """Accounts drawn to be left alone."""
    families: int
    """Families of accounts: what was drawn."""


def sample_ratio_p(treated: int, control: int, control_share: float) -> float:
    """Return the exact chance of a split as odd as this: a small one says that rows were lost.

    Parameters
    ----------
    treated, control
        Families seen in each arm.
    control_share
        Share that was drawn as control, above 0 and below 1.

    Returns
    -------
    float
        Two-sided binomial p; 1 where nobody was seen.

    References
    ----------
    Fabijan et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments.

    Examples
    --------
    >>> sample_ratio_p(800, 200, 0.2), round(sample_ratio_p(800, 150, 0.2), 4)
    (1.0, 0.001)
    """
    seen = treated + control
    return 1.0 if seen == 0 else float(binomtest(control, seen, control_share).pvalue)


def read_out(
    is_treated: np.ndarray,
    value: np.ndarray,
    value_before: np.ndarray,
    family: Sequence[str] | np.ndarray,
    *,
    control_share: float,
    strata: Sequence[Sequence[str] | np.ndarray] = (),
    cost: float = 0.0,
    alpha: float = 0.001,
) -> Readout:
    """Measure what calling added per account, and say whether it pays.

    Parameters
    ----------
    is_treated
        Boolean per account: the arm that was drawn, whatever was done.
    value
        Value per account in the window, home currency; 0 for one that bought nothing.
    value_before
        Value per account in the 12 months before; what it explains is taken out (CUPED).
    family
        Family per account; all of a family are in one arm.
    control_share
        Share of families that was drawn as control.
    strata
        Labels per account that were there before the draw, such as its division: what they explain is
        taken out too. Levels of fewer than 10 families count as one.
    cost
        What working an account costs, home currency.
    alpha
        A split with a smaller chance than this is not read.

    Returns
    -------
    Readout
        Its interval is a cluster-robust 95 % one (CR1, t of families less parameters).

    Raises
    ------
    ValueError
        If lengths differ, a value is not finite, or a family is in both arms.

    References
    ----------
    Deng, Xu, Kohavi, Walker (2013), Improving the sensitivity of online controlled experiments by
    utilizing pre-experiment data; Cameron, Miller (2015), A practitioner's guide to cluster-robust
    inference; SPEC, section 5.
    """
    arm, codes = _checked(is_treated, value, value_before, family)
    levels = [_levels(labels, codes) for labels in strata]
    # Sums of floats depend on their order in the last bits: it is that of families and values.
    order = np.lexsort((*levels, value_before, value, codes))
    arm, codes, value, value_before = (x[order] for x in (arm, codes, value, value_before))
    families = np.bincount(codes).size if len(codes) else 0
    of_family = np.zeros(families, dtype=bool)
    of_family[codes] = arm
    treated = int(of_family.sum())
    p = sample_ratio_p(treated, families - treated, control_share)
    nothing = Interval(math.nan, math.nan, math.nan)
    counts = {"treated": int(arm.sum()), "control": int((~arm).sum()), "families": families}
    if p < alpha:
        lost = f"not read: the split is {treated} to {families - treated} families, drawn was "
        return Readout(f"{lost}{control_share:.0%} control", nothing, nothing, p, **counts)
    if min(treated, families - treated) < FEWEST_FAMILIES // 2:
        return Readout("not read: too few families in an arm", nothing, nothing, p, **counts)
    dummies = [labels[order] == at for labels in levels for at in np.unique(labels)[1:]]
    effect = _difference(arm, value, [value_before, *dummies], codes)
    plain = _difference(arm, value, [], codes)
    return Readout(verdict(effect, cost, len(arm)), effect, plain, p, **counts)


def verdict(effect: Interval, cost: float, accounts: int) -> str:
    """Say in words whether calling pays.

    Parameters
    ----------
    effect
        Value added per account, with its 95 % interval.
    cost
        What working an account costs.
    accounts
        How many accounts the effect was measured on.

    Examples
    --------
    >>> verdict(Interval(30.0, 10.0, 50.0), 5.0, 1000), verdict(Interval(1.0, -1.0, 3.0), 5.0, 1000)
    ('works', 'does not pay')
    >>> verdict(Interval(10.0, -10.0, 30.0), 0.0, 1000)
    'not yet decidable: about 7200 more accounts'
    """
    if effect.low > cost:
        return "works"
    if effect.high <= cost:
        return "does not pay"
    gap = abs(effect.value - cost)
    half = (effect.high - effect.low) / 2
    error = half / norm.ppf((1 + LEVEL) / 2)
    # The error falls with the root of the accounts; at a gap of nearly nothing no number is enough.
    if gap < 0.01 * half:
        return (
            "not yet decidable: what it adds is so near its cost that no number of accounts tells"
        )
    more = accounts * ((_distance() * error / gap) ** 2 - 1)
    step = 10.0 ** max(0, math.floor(math.log10(max(more, 1))) - 1)
    return f"not yet decidable: about {math.ceil(max(more, 1) / step) * step:.0f} more accounts"


def least_visible_effect(
    value_before: np.ndarray,
    family: Sequence[str] | np.ndarray,
    control_share: float,
    *,
    correlation: float = 0.0,
) -> float:
    """Return the least effect per account that is seen in 4 of 5 experiments, told beforehand.

    Parameters
    ----------
    value_before
        Value per account in a span as long as the window, before the experiment; it stands for
        what will be without it.
    family
        Family per account.
    control_share
        Share of families that will be control, above 0 and below 1.
    correlation
        Of the value with that of the span before it, where it is known: CUPED takes it out.

    Returns
    -------
    float
        Home currency per account; nan with fewer than four families.
    """
    _, codes = np.unique(np.asarray(family), return_inverse=True)
    values = np.asarray(value_before, dtype=np.float64)
    sizes = np.bincount(codes)
    if len(sizes) < FEWEST_FAMILIES:
        return math.nan
    # A family's sum of distances from the mean: what the error of a difference of means is made of.
    sums = np.bincount(codes, weights=values - values.mean())
    count = len(sizes)
    variance = (sums**2).sum() / len(values) ** 2 * count / (count - 1)
    spread = variance / (control_share * (1 - control_share)) * (1 - correlation**2)
    return float(_distance() * math.sqrt(spread))


def _distance() -> float:
    """Return how many standard errors an effect needs to be seen as often as `POWER` says."""
    return float(norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER))


def _checked(
    is_treated: np.ndarray,
    value: np.ndarray,
    value_before: np.ndarray,
    family: Sequence | np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return arms and codes of families, or raise for what cannot be an experiment."""
    arm = np.asarray(is_treated, dtype=bool)
    if not len(arm) == len(value) == len(value_before) == len(family):
        raise ValueError("experiment: lengths differ; legal is one of each per account.")
    if not (np.isfinite(value).all() and np.isfinite(value_before).all()):
        raise ValueError("experiment: values null or infinite; give 0 where nothing was bought.")
    _, codes = np.unique(np.asarray(family), return_inverse=True)
    treated = np.bincount(codes, weights=arm)
    mixed = int(((treated > 0) & (treated < np.bincount(codes))).sum())
    if mixed:
        raise ValueError(f"experiment: {mixed} families are in both arms; legal is one arm each.")
    return arm, codes


def _levels(labels: Sequence[str] | np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Give each account the number of its level, by name; levels of few families are together 0."""
    if len(labels) != len(codes):
        raise ValueError("experiment: lengths differ; legal is one of each per account.")
    if not len(codes):
        return codes
    _, level = np.unique(np.asarray(labels), return_inverse=True)
    pairs = np.unique(np.stack([level, codes]), axis=1)
    is_large = np.bincount(pairs[0]) >= FEWEST_OF_LEVEL
    left_over = np.unique(codes[~is_large[level]]).size
    # Too few even together: they go with the first that is large.
    first = 1 if left_over >= FEWEST_OF_LEVEL else 0
    return np.where(is_large, np.cumsum(is_large) - 1 + first, 0)[level]


def _difference(
    arm: np.ndarray, value: np.ndarray, explaining: Sequence[np.ndarray], codes: np.ndarray
) -> Interval:
    """Measure treated less control by least squares, with a cluster-robust interval.

    What the other columns explain is taken out of arm and value first (Frisch, Waugh, Lovell). Sums
    are written out, without BLAS, whose sums depend on its threads.
    """
    drawn = arm.astype(np.float64)
    # What is the arm under another name cannot be told from it.
    usable = _independent([np.ones(len(arm)), drawn, *explaining])
    directions = _directions([column for at, column in usable if at != 1])
    drawn = _beside(drawn, directions)
    weight = (drawn * drawn).sum()
    left = _beside(value, directions)
    slope = (drawn * left).sum() / weight
    scores = np.bincount(codes, weights=drawn * (left - slope * drawn))
    count, size = len(scores), len(directions) + 1
    correction = count / (count - 1) * (len(arm) - 1) / (len(arm) - size)
    error = math.sqrt(correction * (scores * scores).sum()) / weight
    reach = t.ppf((1 + LEVEL) / 2, count - size) * error
    return Interval(float(slope), float(slope - reach), float(slope + reach))


def _independent(columns: Sequence[np.ndarray]) -> list[tuple[int, np.ndarray]]:
    """Return the columns that those before them do not make up, with their numbers."""
    found: list[tuple[int, np.ndarray]] = []
    directions: list[np.ndarray] = []
    for at, column in enumerate(columns):
        wanted = column.astype(np.float64)
        left = _beside(wanted, directions)
        size = math.sqrt((left * left).sum())
        if size > NOTHING_LEFT * math.sqrt((wanted * wanted).sum()):
            directions.append(left / size)
            found.append((at, wanted))
    return found


def _directions(columns: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return columns of length 1 that are at right angles and explain the same."""
    directions: list[np.ndarray] = []
    for column in columns:
        left = _beside(column, directions)
        directions.append(left / math.sqrt((left * left).sum()))
    return directions


def _beside(column: np.ndarray, directions: Sequence[np.ndarray]) -> np.ndarray:
    """Return what of a column no direction explains."""
    left = column
    # Twice: of nearly parallel columns the first pass leaves rounding behind.
    for direction in (*directions, *directions):
        left = left - (left * direction).sum() * direction
    return left
