"""What past buyers of a division spent: the cap, and means by division and industry."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_resources.settings.whitespace import WhitespaceSettings
from gosales_resources.sources.cells import CENTS


@dataclass(frozen=True)
class Levels:
    """Means of one division's past buyers, values capped, in the home currency."""

    buyers: int
    cap: float
    """Quantile of past buyers: no value counts for more, and none is predicted above it."""
    division: float
    industries: dict[str, float]
    """Of the industries with past buyers, shrunk towards the division."""

    def of(self, industry: pl.Series) -> np.ndarray:
        """Return the mean of each customer's industry; of the division where that never bought.

        Parameters
        ----------
        industry
            One text per customer, null where not known.

        Returns
        -------
        numpy.ndarray
            Float64, home currency.
        """
        means = [self.industries.get(one, self.division) for one in industry.to_list()]
        return np.array(means, dtype=np.float64)


def find_levels(buyers: pl.DataFrame, settings: WhitespaceSettings) -> Levels | None:
    """Take the means of one division's past buyers.

    Parameters
    ----------
    buyers
        `industry` (null where not known) and `net_value_window` (home currency), one row per past
        buyer and cutoff, in any order.
    settings
        Values are capped at `ev_cap_quantile` of the buyers; a mean of n of an industry is blended
        with `ev_shrinkage_buyers` of the division's mean.

    Returns
    -------
    Levels or None
        None without a buyer. All are above 0: nobody is a buyer who brought nothing.
    """
    if buyers.is_empty():
        return None
    cents = buyers.with_columns((pl.col("net_value_window") * CENTS).round().cast(pl.Int64))
    cents = cents.select("industry", cents="net_value_window")
    cap = cents["cents"].quantile(settings.ev_cap_quantile, interpolation="lower")
    # Integer cents: a sum of floats would depend on the order of rows.
    capped = cents.with_columns(pl.min_horizontal("cents", pl.lit(int(cap or 0))))
    overall = int(capped["cents"].sum()) / capped.height
    k = settings.ev_shrinkage_buyers
    means = (
        capped.drop_nulls("industry")
        .group_by("industry")
        .agg(mean=(pl.col("cents").sum() + k * overall) / (pl.len() + k) / CENTS)
        .sort("industry")
    )
    return Levels(capped.height, float(cap or 0) / CENTS, overall / CENTS, dict(means.iter_rows()))
