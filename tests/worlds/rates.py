"""Purchase histories for the tests of rates: drawn by a known rate per month and division."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import polars as pl

from gosales_assets.models.rates.counts import Calendar, count_rates
from gosales_assets.models.rates.forecast import build_forecasts
from gosales_resources.dates import cutoffs_between, month_end, shift_months
from gosales_resources.settings.divisions import DivisionSettings
from gosales_resources.settings.labels import LabelSettings

FIRST = dt.date(2020, 1, 31)
START = dt.date(2020, 12, 31)
C = dt.date(2023, 12, 31)
LABELS = LabelSettings(window_months=6)
NAMES = ["Aa", "Bb", "Cc", "Dd", "Ee", "Ff"]
DIVISIONS = DivisionSettings(names=[*NAMES, "Base"], predictor_only=["Base"])
# Division and month (0 is the log's first) -> chance that a customer buys it in that month.
Chance = Callable[[str, int], float]


def season(division: str, month: int) -> float:
    """Return a chance that is three times as high in the second half of each year."""
    return 0.02 * (1.5 if month % 12 >= 6 else 0.5)


def flat(division: str, month: int) -> float:
    """Return a chance that never changes."""
    return 0.015


def history(
    chance: Chance, customers: int = 500, months: int = 48, seed: int = 0, names: list[str] = NAMES
) -> pl.LazyFrame:
    """Draw `purchase_history`: everyone buys Base in the first month, and divisions by chance."""
    draw = np.random.default_rng(seed)
    ids = np.array([f"c{i:04d}" for i in range(customers)])
    parts = [lines(ids, "base", FIRST)]
    for month in range(months):
        day = shift_months(FIRST, month)
        for name in names:
            bought = ids[draw.random(customers) < chance(name, month)]
            parts.append(lines(bought, name.lower(), day))
    return pl.concat(parts).lazy()


def lines(customers: np.ndarray, division: str, day: dt.date, cents: int = 1000) -> pl.DataFrame:
    """Return a line a customer, bought and known on a day."""
    grid = cutoffs_between(START, shift_months(C, 24), 3)
    return pl.DataFrame(
        {"customer_id": customers.tolist()}, schema={"customer_id": pl.String}
    ).with_columns(
        division=pl.lit(division),
        sku=pl.lit(f"{division}-1"),
        order_date=pl.lit(day),
        visible_cutoff=pl.lit(min(c for c in grid if c >= month_end(day))),
        line_count=pl.lit(1, pl.Int64),
        return_count=pl.lit(0, pl.Int64),
        value_cents=pl.lit(cents, pl.Int64),
    )


def counted(
    log: pl.LazyFrame, cutoff: dt.date = C, labels: LabelSettings = LABELS, **known
) -> pl.DataFrame:
    """Return `rate_history` at a cutoff of a calendar of quarters."""
    divisions = known.get("divisions", DIVISIONS)
    calendar = Calendar(START, 3, known.get("through", cutoff))
    return count_rates(log, cutoff, calendar, labels, divisions)


def forecast(log: pl.LazyFrame, cutoff: dt.date = C) -> pl.DataFrame:
    """Return `rate_forecast` at a cutoff."""
    return build_forecasts(counted(log, cutoff), 3)
