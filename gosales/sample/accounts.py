"""The CRM's view of the customers: ids, names, attributes that tell what they are like to buy."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gosales.sample.behaviour import Customers
from gosales.sample.catalogue import (
    INDUSTRIES,
    NAME_HEADS,
    NAME_MIDDLES,
    NAME_SYLLABLES,
    NAME_TAILS,
    REGIONS,
    REPS,
)
from gosales.sample.orders import month_starts

# A prime above the largest sample: multiples of another number modulo it never meet.
ID_MODULUS = 8_999_009
ID_STEP = 3_141_593
# Every third id is written with leading zeros, always.
ID_DIGITS = 8
# One name in so many begins with a word that many others begin with too.
COMMON_HEAD_EVERY = 10


def accounts(customers: Customers, first: int, rng: np.random.Generator) -> pl.DataFrame:
    """Write the CRM's view of a chunk of customers.

    Parameters
    ----------
    customers
        Who they are.
    first
        Number of the first of them in the whole sample.
    rng
        Source of names and of noise.

    Returns
    -------
    polars.DataFrame
        The columns of `customers.csv` and `branch`, in the order of `customers`.
    """
    count = len(customers)
    number = (np.arange(first, first + count) * ID_STEP) % ID_MODULUS + 100_003
    texts = pl.Series(number).cast(pl.String)
    ids = texts.str.zfill(ID_DIGITS).zip_with(pl.Series(np.arange(count) % 3 == 0), texts)
    subs = [names for _, names, _ in INDUSTRIES.values()]
    sub = _nested(subs, customers.industry, customers.sub_industry)
    territories = [names for _, names in REGIONS.values()]
    territory = _nested(territories, customers.region, customers.territory)
    employees = np.maximum(2, np.rint(np.exp(4.0 + 1.1 * customers.size)))
    revenue = employees * np.exp(rng.normal(12.0, 0.25, count))
    names = [
        _take(parts, rng.integers(0, len(parts), count))
        for parts in (NAME_HEADS, NAME_MIDDLES, NAME_TAILS)
    ]
    heads = _coined(number).zip_with(pl.Series(number % COMMON_HEAD_EVERY > 0), names[0])
    known = month_starts()[customers.entry_month] - rng.integers(0, 200, count)
    # Those there from the start were found at any time in the ten years before.
    known -= np.where(customers.entry_month == 0, rng.integers(0, 3650, count), 0)
    return pl.DataFrame(
        {
            "customer_id": ids,
            "customer_name": heads + " " + names[1] + " " + names[2],
            "industry": _take(tuple(INDUSTRIES), customers.industry),
            "sub_industry": _flat(subs).gather(sub),
            "region": _take(tuple(REGIONS), customers.region),
            "territory": _flat(territories).gather(territory),
            "rep": _take(REPS, territory * 2 + rng.integers(0, 2, count)),
            # Some accounts were never asked.
            "employees": _some_missing(pl.Series(employees.astype(np.int64)), rng),
            "annual_revenue_usd": _some_missing(
                pl.Series((np.rint(revenue / 1000) * 1000).astype(np.int64)), rng
            ),
            "known_since": pl.Series(known.astype(np.int32)).cast(pl.Date),
            "branch": _take(tuple(branch for branch, _ in REGIONS.values()), customers.region),
        }
    )


def _take(names: tuple[str, ...], positions: NDArray[np.int64]) -> pl.Series:
    return pl.Series(list(names)).gather(pl.Series(positions))


def _coined(number: NDArray[np.int64]) -> pl.Series:
    """Coin a word of each number; the syllables are the digits of a number of mixed base."""
    word = pl.Series([""]).gather(pl.Series(np.zeros(len(number), dtype=np.int64)))
    for syllables in NAME_SYLLABLES:
        word += _take(syllables, number % len(syllables))
        number = number // len(syllables)
    return word


def _nested(
    groups: list[tuple[str, ...]], group: NDArray[np.int64], draw: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Choose a member of each group by a draw that may be too large; positions in `_flat`."""
    sizes = np.array([len(members) for members in groups])
    return (np.cumsum(sizes) - sizes)[group] + draw % sizes[group]


def _flat(groups: list[tuple[str, ...]]) -> pl.Series:
    return pl.Series([member for members in groups for member in members])


def _some_missing(values: pl.Series, rng: np.random.Generator) -> pl.Series:
    return values.to_frame("v").select(
        pl.when(pl.Series(rng.random(len(values)) >= 0.03)).then("v")
    )["v"]
