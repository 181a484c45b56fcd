"""How a customer's purchases spread over the divisions: shares, breadth, what it ever bought.

Shares are shrunk by empirical Bayes, (x_cd + a p_d) / (x_c + a), with the strength `a` estimated
from the data: a customer with two invoices is not 100 % anything.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.features.asof import AsOf, CustomerPool
from gosales_assets.features.declaration import ASOF, Block, Family, Feature, divide
from gosales_assets.features.scopes import KEYS, Scope
from gosales_resources.dates import history_window

# Entropies are summed in integer trillionths.
PICO = 10**12


@dataclass(frozen=True)
class Spread:
    """How customers spread over the divisions: what the prior of their shares is estimated from."""

    sums: dict[str, tuple[int, int]]
    """Division -> invoices and cents of all customers."""
    pairs: list[float]
    """Of each customer with two invoices or more, the share of its pairs that are of one division."""

    @property
    def total(self) -> int:
        """Invoices in all divisions."""
        return sum(count for count, _ in self.sums.values())

    @property
    def cents_total(self) -> int:
        """Cents in all divisions."""
        return sum(cents for _, cents in self.sums.values())


def spread(cells: pl.DataFrame) -> Spread:
    """Sum up the cells of some customers.

    Parameters
    ----------
    cells
        One row per customer and division: `count` and `cents`, and `total` of the customer's counts.

    Returns
    -------
    Spread
        Of no cells: without divisions and pairs.
    """
    overall = cells.group_by("division").agg(pl.col("count", "cents").sum())
    same = (pl.col("count") * (pl.col("count") - 1)).sum()
    per_customer = (
        cells.filter(pl.col("total") >= 2)
        .group_by("customer_id")
        .agg(s=same / (pl.col("total").first() * (pl.col("total").first() - 1)))
    )
    sums = {division: (count, cents) for division, count, cents in overall.iter_rows()}
    return Spread(sums, per_customer["s"].to_list())


def merge_spreads(spreads: Sequence[Spread]) -> Spread:
    """Put the figures of several ranges of customers together."""
    sums: dict[str, tuple[int, int]] = {}
    for found in spreads:
        for division, (count, cents) in found.sums.items():
            before = sums.get(division, (0, 0))
            sums[division] = (before[0] + count, before[1] + cents)
    return Spread(sums, [s for found in spreads for s in found.pairs])


def concentration(known: Spread) -> float:
    """Estimate the strength of the Dirichlet prior of division shares by moments.

    With p_d the overall shares and S the mean over customers of sum_d x(x-1) / (n(n-1)), an
    unbiased estimate of E[sum_d theta_d^2] = P + (1 - P)/(a + 1), P = sum_d p_d^2:
    a = (1 - S) / (S - P).

    Parameters
    ----------
    known
        Of all customers.

    Returns
    -------
    float
        a > 0; infinite where customers do not differ (all shares are then p_d), and 1.0 where no
        customer has two to tell from.
    """
    if not known.pairs:
        return 1.0
    # Integers until the last division, and an exactly rounded sum: no order of rows shows.
    p_squared = sum(count * count for count, _ in known.sums.values()) / known.total**2
    s = math.fsum(known.pairs) / len(known.pairs)
    if s <= p_squared:
        return float("inf")
    # All customers are pure: no shrinkage is warranted, yet a must stay positive.
    return max((1.0 - s) / (s - p_squared), 1e-6)


def division_cells(world: AsOf) -> pl.DataFrame:
    """Sum up the last months of each customer and division, with the customer's totals.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    polars.DataFrame
        One row per customer and division it ever had a line in, sorted by both.
    """
    inside = history_window(world.cutoff, world.settings.features.share_months).contains("month")
    return (
        world.months("div")
        # Targets that are sets of SKUs would count their lines twice.
        .filter(pl.col("division").is_in(world.settings.divisions.slugs))
        .group_by("customer_id", "division")
        .agg(
            ever=pl.col("transaction_count").sum() > 0,
            count=pl.when(inside).then(pl.col("transaction_count")).otherwise(0).sum(),
            # A net return is no share of anything: the value share is of positive sums.
            cents=pl.when(inside).then(pl.col("gp_cents")).otherwise(0).sum().clip(lower_bound=0),
        )
        .with_columns(
            total=pl.col("count").sum().over("customer_id"),
            cents_total=pl.col("cents").sum().over("customer_id"),
        )
        .sort("customer_id", "division")
        .collect()
    )


SPREAD = CustomerPool(lambda world: spread(world.shared(division_cells)), merge_spreads)


def _cross(world: AsOf, _: Scope) -> list[Block]:
    cells, known = world.shared(division_cells), world.pooled(SPREAD)
    strength, total, cents_total = concentration(known), known.total, known.cents_total
    # So many cents weigh as much as one invoice.
    cents_each = cents_total / total if total else 0.0
    months = world.settings.features.share_months
    features = []
    # All divisions of the configuration, so that columns do not depend on the data.
    for division in world.settings.divisions.slugs:
        here, (count, cents) = pl.col("division") == division, known.sums.get(division, (0, 0))
        by_count = _share("count", "total", count, total, strength, here)
        by_value = _share("cents", "cents_total", cents, cents_total, strength * cents_each, here)
        features += _division_features(division, months, by_count, by_value)
    return [Block(cells.lazy(), features, is_grouped=True)]


def _division_features(
    division: str, months: int, by_count: pl.Expr, by_value: pl.Expr
) -> list[Feature]:
    here, window = pl.col("division") == division, f"{months}m"
    text = f"of {division} in the last {months} months, shrunk to its overall share"
    count = pl.when(here).then(pl.col("count")).otherwise(0).sum()
    ever = (here & pl.col("ever")).any()
    rows: list[tuple] = [
        (
            "transaction_share",
            window,
            by_count,
            pl.Float64,
            "fraction",
            f"Share of invoices {text}",
        ),
        (
            "gp_share",
            window,
            by_value,
            pl.Float64,
            "fraction",
            f"Share of positive net value {text}",
        ),
        (
            "transactions",
            window,
            count,
            pl.Int32,
            "count",
            f"Distinct invoices in {division} in the last {months} months",
            0,
        ),
        ("bought", ASOF, ever, pl.Int8, "flag", f"Ever bought in {division}", 0),
    ]
    return [Feature("cross", "all", f"{name}_{division}", *rest) for name, *rest in rows]


def _share(
    part: str, whole: str, overall: int, total: int, strength: float, here: pl.Expr
) -> pl.Expr:
    if not total:
        # Nobody bought anything, or all that is worth nothing: there is no share to shrink to.
        return pl.lit(None, dtype=pl.Float64)
    prior = overall / total
    if strength == float("inf"):
        return pl.lit(prior)
    own = pl.when(here).then(pl.col(part)).otherwise(0).sum() + strength * prior
    size = pl.col(whole).first() + strength
    return pl.when(size > 0).then(own / size)


def _diversity(world: AsOf, scope: Scope) -> list[Block]:
    months = world.settings.features.share_months
    # A SKU was bought within the window where it was last bought in it.
    bought = world.skus(scope).group_by(*KEYS[scope], "sku").agg(pl.col("last_day").max())
    recent = history_window(world.cutoff, months).contains("last_day")
    text = f"in the last {months} months"
    rows: list[tuple] = [
        ("skus", f"{months}m", recent.sum(), pl.Int32, "count", f"Distinct SKUs bought {text}", 0),
        ("skus", "ever", pl.len(), pl.Int32, "count", "Distinct SKUs ever bought", 0),
    ]
    features = [Feature("diversity", scope, *row) for row in rows]
    blocks = [Block(bought, features, is_grouped=True)]
    if scope == "all":
        cells = world.shared(division_cells).lazy()
        blocks.append(Block(cells, _breadth(months), is_grouped=True))
    return blocks


def _breadth(months: int) -> list[Feature]:
    bought, window = pl.col("count") > 0, f"{months}m"
    share = pl.col("count").filter(bought) / pl.col("total").filter(bought)
    total = pl.col("total").first()
    # Summed as integers: a float sum depends on the order of addition, and on how many groups
    # there are.
    terms = (share * share.log() * PICO).round().cast(pl.Int64)
    entropy = pl.when(total > 0).then(divide(-terms.sum(), PICO))
    herfindahl = pl.when(total > 0).then((pl.col("count") ** 2).sum() / total**2)
    text = f"of invoices over divisions in the last {months} months; null without one"
    shown = f"Divisions bought in over the last {months} months"
    rows: list[tuple] = [
        ("divisions", window, bought.sum(), pl.Int32, "count", shown, 0),
        (
            "divisions",
            "ever",
            pl.col("ever").sum(),
            pl.Int32,
            "count",
            "Divisions ever bought in",
            0,
        ),
        ("entropy", window, entropy, pl.Float64, "nats", f"Shannon entropy {text}"),
        ("herfindahl", window, herfindahl, pl.Float64, "fraction", f"Herfindahl index {text}"),
    ]
    return [Feature("diversity", "all", *row) for row in rows]


CROSS = Family(
    "cross",
    "How what a customer bought spreads over the divisions (`features.share_months`): shares by "
    "invoices and by positive net value, shrunk to the division's overall share by empirical Bayes "
    "with a strength estimated from the data, and whether it ever bought there.",
    _cross,
    ("all",),
    (SPREAD,),
)
DIVERSITY = Family(
    "diversity",
    "How broadly a customer buys: distinct SKUs and divisions, entropy and concentration of its "
    "divisions.",
    _diversity,
)
