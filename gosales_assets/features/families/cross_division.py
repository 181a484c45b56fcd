"""How a customer's purchases spread over the divisions: shares, breadth, what it ever bought.

Shares are shrunk by empirical Bayes, (x_cd + a p_d) / (x_c + a), with the strength `a` estimated
from the data: a customer with two lines is not 100 % anything.
"""

import math

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature, Scope
from gosales_resources.scope import history_window

MONTHS = 12


def concentration(counts: pl.DataFrame) -> float:
    """Estimate the strength of the Dirichlet prior of division shares by moments.

    With p_d the overall shares and S the mean over customers of sum_d x(x-1) / (n(n-1)), an
    unbiased estimate of E[sum_d theta_d^2] = P + (1 - P)/(a + 1), P = sum_d p_d^2:
    a = (1 - S) / (S - P).

    Parameters
    ----------
    counts
        One row per customer and division: `count`, and `total` of the customer.

    Returns
    -------
    float
        a > 0; infinite where customers do not differ (all shares are then p_d), and 1.0 where no
        customer has two lines to tell from.
    """
    informative = counts.filter(pl.col("total") >= 2)
    if informative.is_empty():
        return 1.0
    overall = counts.group_by("division").agg(pl.col("count").sum())["count"].to_list()
    # Integers until the last division, and an exactly rounded sum: no order of rows shows.
    p_squared = sum(n * n for n in overall) / sum(overall) ** 2
    pairs = (pl.col("count") * (pl.col("count") - 1)).sum()
    per_customer = informative.group_by("customer_id").agg(
        s=pairs / (pl.col("total").first() * (pl.col("total").first() - 1))
    )
    s = math.fsum(per_customer["s"].to_list()) / per_customer.height
    if s <= p_squared:
        return float("inf")
    # All customers are pure: no shrinkage is warranted, yet a must stay positive.
    return max((1.0 - s) / (s - p_squared), 1e-6)


def division_cells(world: AsOf) -> pl.DataFrame:
    """Sum up the last 12 months of each customer and division, with the customer's totals.

    Returns
    -------
    polars.DataFrame
        One row per customer and division it ever had a line in, sorted by both.
    """
    inside = history_window(world.cutoff, MONTHS).contains("month")
    return (
        world.months("div")
        .group_by("customer_id", "division")
        .agg(
            ever=pl.col("transaction_count").sum() > 0,
            count=pl.col("line_count").filter(inside).sum(),
            # A net return is no share of anything: the value share is of positive sums.
            cents=pl.col("gp_cents").filter(inside).sum().clip(lower_bound=0),
        )
        .with_columns(
            total=pl.col("count").sum().over("customer_id"),
            cents_total=pl.col("cents").sum().over("customer_id"),
        )
        .sort("customer_id", "division")
        .collect()
    )


def _cross(world: AsOf, _: Scope) -> list[Block]:
    cells = world.shared(division_cells)
    strength = concentration(cells.filter(pl.col("count") > 0))
    # All divisions of the configuration, so that columns do not depend on the data.
    features = [
        feature
        for division in world.settings.divisions.slugs
        for feature in _division_features(cells, division, strength)
    ]
    return [Block(cells.lazy(), features, is_grouped=True)]


def _diversity(world: AsOf, _: Scope) -> list[Block]:
    return [Block(world.shared(division_cells).lazy(), _breadth(), is_grouped=True)]


def _division_features(cells: pl.DataFrame, division: str, strength: float) -> list[Feature]:
    here = pl.col("division") == division
    sums = cells.select(
        count=pl.col("count").filter(here).sum(),
        cents=pl.col("cents").filter(here).sum(),
        total=pl.col("count").sum(),
        cents_total=pl.col("cents").sum(),
    ).row(0, named=True)
    cents_per_line = sums["cents_total"] / sums["total"] if sums["total"] else 0.0
    shares = [
        _share("transaction_share", "count", "total", sums["count"], sums["total"], strength, here),
        _share(
            "gp_share",
            "cents",
            "cents_total",
            sums["cents"],
            sums["cents_total"],
            strength * cents_per_line,
            here,
        ),
    ]
    text = f"of {division} over {MONTHS} months, shrunk to the overall share"
    return [
        Feature(
            "cross",
            "all",
            f"transaction_share_{division}",
            f"{MONTHS}m",
            shares[0],
            pl.Float64,
            "fraction",
            f"Share of lines {text}",
        ),
        Feature(
            "cross",
            "all",
            f"gp_share_{division}",
            f"{MONTHS}m",
            shares[1],
            pl.Float64,
            "fraction",
            f"Share of positive net value {text}",
        ),
        Feature(
            "cross",
            "all",
            f"lines_{division}",
            f"{MONTHS}m",
            pl.col("count").filter(here).sum(),
            pl.Int32,
            "count",
            f"Lines in {division} over {MONTHS} months",
            0,
        ),
        Feature(
            "cross",
            "all",
            f"bought_{division}",
            ASOF,
            pl.col("ever").filter(here).any(),
            pl.Int8,
            "flag",
            f"Ever bought in {division}",
            0,
        ),
    ]


def _share(
    name: str, part: str, whole: str, overall: int, total: int, strength: float, here: pl.Expr
) -> pl.Expr:
    prior = overall / total if total else 0.0
    if strength == float("inf"):
        return pl.lit(prior)
    own = pl.col(part).filter(here).sum() + strength * prior
    size = pl.col(whole).first() + strength
    return pl.when(size > 0).then(own / size).alias(name)


def _breadth() -> list[Feature]:
    bought = pl.col("count") > 0
    share = pl.col("count").filter(bought) / pl.col("total").filter(bought)
    has = pl.col("total").first() > 0
    # Sorted before they are summed: a float sum depends on the order of addition.
    text = f"of lines over divisions in {MONTHS} months; null without a line"
    return [
        Feature(
            "diversity",
            "all",
            "divisions",
            f"{MONTHS}m",
            bought.sum(),
            pl.Int32,
            "count",
            f"Divisions bought in over {MONTHS} months",
            0,
        ),
        Feature(
            "diversity",
            "all",
            "divisions",
            "ever",
            pl.col("ever").sum(),
            pl.Int32,
            "count",
            "Divisions ever bought in",
            0,
        ),
        Feature(
            "diversity",
            "all",
            "entropy",
            f"{MONTHS}m",
            pl.when(has).then(-(share * share.log()).sort().sum()),
            pl.Float64,
            "nats",
            f"Shannon entropy {text}",
        ),
        Feature(
            "diversity",
            "all",
            "herfindahl",
            f"{MONTHS}m",
            pl.when(has).then((share * share).sort().sum()),
            pl.Float64,
            "fraction",
            f"Herfindahl index {text}",
        ),
    ]


CROSS = Family("cross", "Shares of the divisions, what it ever bought.", _cross, ("all",))
DIVERSITY = Family("diversity", "How broadly a customer buys.", _diversity, ("all",))
