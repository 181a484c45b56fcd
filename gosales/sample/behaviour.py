"""Who the customers are and what they buy each month, with the exact probabilities.

The hazard of month m depends on latents and on purchases up to month m - 6 alone. At a cutoff at
the end of month k the hazards of k + 1 .. k + 6 are therefore settled, purchases in them are
independent draws, and p = 1 - prod(1 - h) is the true probability, not an estimate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gosales.sample.catalogue import AFFINITIES, DIVISIONS, INDUSTRIES, MONTHS, WINDOW_MONTHS

# Accounts that never buy.
PROSPECT_FRACTION = 0.08
CAD_FRACTION = 0.10
# Customers already there when the log starts; the others come evenly up to the last entry month.
EARLY_FRACTION = 0.55
LAST_ENTRY_MONTH = 66
CHURN_PER_MONTH = 0.0025
# Activity of a leaving customer halves every this many months before it ends, so that recency
# tells of it: a sudden end would be known to the oracle alone.
FADE_MONTHS = 5
# What no file tells directly. The first shows in a customer's history, the second hardly does.
ENGAGEMENT_SD = 0.35
TASTE_SD = 0.1
GROWTH_PER_YEAR_SD = 0.05
GROWTH_PER_YEAR = 0.03
# So that a heavy buyer still skips a month now and then.
HAZARD_CAP = 0.9


@dataclass(frozen=True)
class Customers:
    """Attributes and latents of a chunk of customers; arrays of one value a customer."""

    industry: NDArray[np.int64]
    sub_industry: NDArray[np.int64]
    region: NDArray[np.int64]
    territory: NDArray[np.int64]
    size: NDArray[np.float64]
    engagement: NDArray[np.float64]
    taste: NDArray[np.float64]
    growth: NDArray[np.float64]
    entry_month: NDArray[np.int64]
    end_month: NDArray[np.float64]
    is_prospect: NDArray[np.bool_]
    is_cad: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.size)


@dataclass(frozen=True)
class History:
    """What a chunk of customers bought and how likely that was.

    `bought` has the shape (customers, divisions, months); `p_true` and `owned_before` have
    (cutoffs, customers, divisions).
    """

    bought: NDArray[np.bool_]
    p_true: NDArray[np.float64]
    owned_before: NDArray[np.bool_]


def draw_customers(count: int, rng: np.random.Generator) -> Customers:
    """Draw attributes and latents.

    Parameters
    ----------
    count
        Number of customers.
    rng
        Source of all draws.

    Returns
    -------
    Customers
        In the order they were drawn.
    """
    shares = np.array([share for share, _, _ in INDUSTRIES.values()])
    entry = rng.integers(0, LAST_ENTRY_MONTH + 1, count)
    entry = np.where(rng.random(count) < EARLY_FRACTION, 0, entry)
    return Customers(
        industry=rng.choice(len(shares), count, p=shares / shares.sum()),
        sub_industry=rng.integers(0, 6, count),
        region=rng.choice(5, count, p=[0.28, 0.24, 0.2, 0.16, 0.12]),
        territory=rng.integers(0, 6, count),
        size=rng.standard_normal(count),
        engagement=rng.normal(0, ENGAGEMENT_SD, count),
        taste=rng.normal(0, TASTE_SD, (count, len(DIVISIONS))),
        growth=rng.normal(GROWTH_PER_YEAR, GROWTH_PER_YEAR_SD, count),
        entry_month=entry,
        end_month=entry + 6 + rng.exponential(1 / CHURN_PER_MONTH, count),
        is_prospect=rng.random(count) < PROSPECT_FRACTION,
        is_cad=rng.random(count) < CAD_FRACTION,
    )


def simulate(customers: Customers, cutoffs: list[int], rng: np.random.Generator) -> History:
    """Live through all months, drawing purchases from the hazards.

    Parameters
    ----------
    customers
        Who buys.
    cutoffs
        Month numbers at whose end the true probability of the next six months is wanted; each
        window must end within the history.
    rng
        Source of the draws.

    Returns
    -------
    History
        Purchases and probabilities.
    """
    shape = (len(customers), len(DIVISIONS))
    still = constant_effects(customers)
    bought = np.zeros((*shape, MONTHS), dtype=bool)
    log_none = np.zeros((len(cutoffs), *shape))
    for month in range(MONTHS):
        hazard = monthly_hazard(customers, still, bought[:, :, : max(0, month - 5)], month)
        bought[:, :, month] = rng.random(shape) < hazard
        for position, cutoff in enumerate(cutoffs):
            if cutoff < month <= cutoff + WINDOW_MONTHS:
                log_none[position] += np.log1p(-hazard)
    owned = [bought[:, :, : cutoff + 1].any(axis=2) for cutoff in cutoffs]
    return History(bought, -np.expm1(log_none), np.array(owned).reshape(len(cutoffs), *shape))


def monthly_hazard(
    customers: Customers, still: NDArray[np.float64], past: NDArray[np.bool_], month: int
) -> NDArray[np.float64]:
    """Compute the probability of a purchase in a month.

    Parameters
    ----------
    customers
        Who buys.
    still
        Log hazard that does not move with time; shape (customers, divisions).
    past
        Purchases of the months 0 .. month - 6; later ones must not be there.
    month
        Month number.

    Returns
    -------
    numpy.ndarray
        Shape (customers, divisions), in [0, HAZARD_CAP]; 0 before entry and for prospects.
    """
    log_hazard = still + _monthly_effects(customers, month)[:, None]
    if past.shape[2]:
        log_hazard += _effects_of_past(past)
    log_hazard += np.array([_season(month) * d.season for d in DIVISIONS])
    hazard = np.minimum(-np.expm1(-np.exp(log_hazard)), HAZARD_CAP)
    for index, division in enumerate(DIVISIONS):
        if division.is_constant:
            hazard[:, index] = np.exp(division.base)
        if month < division.first_month:
            hazard[:, index] = 0.0
    hazard[customers.is_prospect | (customers.entry_month > month)] = 0.0
    return hazard


def constant_effects(customers: Customers) -> NDArray[np.float64]:
    """Return the log hazard that does not move with time; shape (customers, divisions).

    Parameters
    ----------
    customers
        Who buys.

    Returns
    -------
    numpy.ndarray
        Shape (customers, divisions).
    """
    effects = np.array(
        [[by.get(d.name, 0.0) for d in DIVISIONS] for _, _, by in INDUSTRIES.values()]
    )
    # Bounds keep one giant from buying everything every month.
    size = np.clip(customers.size, -2.5, 2.5)[:, None] * np.array([d.size for d in DIVISIONS])
    engaged = customers.engagement[:, None] * np.array([d.engagement for d in DIVISIONS])
    base = np.array([d.base for d in DIVISIONS])
    return base + effects[customers.industry] + size + engaged + customers.taste


def _monthly_effects(customers: Customers, month: int) -> NDArray[np.float64]:
    grown = customers.growth * (month - customers.entry_month) / 12
    # It fades from ten months before the end on and halves on; after years it is nothing.
    fading = np.clip(month - customers.end_month + 2 * FADE_MONTHS, 0, 12 * FADE_MONTHS)
    return grown - np.log(2) * fading / FADE_MONTHS


def _effects_of_past(past: NDArray[np.bool_]) -> NDArray[np.float64]:
    ever: NDArray[np.bool_] = np.asarray(past.any(axis=2))
    months_bought = past[:, :, -24:].sum(axis=2)
    # The last month of `past` lies six months back, so 11 to 13 months back are these.
    year_ago = past[:, :, -8:-5].any(axis=2)
    effect = ever * np.array([d.owner for d in DIVISIONS])
    effect += np.log1p(months_bought) * np.array([d.frequency for d in DIVISIONS])
    effect += year_ago * np.array([d.cycle for d in DIVISIONS])
    index = {division.name: position for position, division in enumerate(DIVISIONS)}
    # A loop in fixed order and no matrix product: its sums would depend on the BLAS in use.
    for (owned, wanted), strength in AFFINITIES.items():
        effect[:, index[wanted]] += strength * ever[:, index[owned]]
    return effect


def _season(month: int) -> float:
    """Quarter ends are strong, December most, January weak."""
    by_month = (-0.6, -0.2, 0.8, -0.3, -0.1, 0.9, -0.5, -0.4, 0.8, -0.2, 0.0, 1.0)
    return by_month[month % 12]
