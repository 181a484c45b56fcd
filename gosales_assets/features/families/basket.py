"""Market basket: how much more often owners of a customer's SKUs buy the target.

Rules are of the cutoff less the lag; baskets are of the cutoff itself, for what was bought last says
most: on the whitespace slice of AdventureWorks (36 divisions and cutoffs) lift@10 rose by 0.32 with
the basket of the cutoff and by 0.09 with that of 60 days before. Both are the same in training and in
scoring. The lift of a rule is one number for all who hold the SKU, so it cannot tell who of them owns
the target; leaving a customer's own row out would tell exactly that (owners would have less).
"""

import numpy as np
import polars as pl

from gosales_assets.features.affinity import baskets
from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature
from gosales_assets.features.scopes import Scope

# Lifts are summed as integer millionths: float sums depend on the order of addition.
MICRO = 1_000_000


def basket_lifts(held: pl.DataFrame, rules: pl.DataFrame, targets: list[str]) -> pl.DataFrame:
    """Sum up the significant rules of the SKUs each customer holds.

    Parameters
    ----------
    held
        customer_id and sku, each pair once, sorted.
    rules
        `affinity_rules`.
    targets
        Divisions wanted.

    Returns
    -------
    polars.DataFrame
        One row per customer and target with a rule: max and mean lift, and the SKUs behind them.
    """
    held = held.join(rules.filter("is_significant").select("sku").unique(), on="sku", how="semi")
    # Where each customer's run of rows begins.
    starts = np.flatnonzero(held["customer_id"].ne_missing(held["customer_id"].shift()).to_numpy())
    customers = held["customer_id"].gather(starts)
    found = []
    for target in targets:
        lifts = rules.filter(pl.col("is_significant") & (pl.col("division") == target))
        micro = (
            held.select("sku")
            .join(
                lifts.select("sku", m=(pl.col("lift") * MICRO).round().cast(pl.Int64)),
                on="sku",
                how="left",
                maintain_order="left",
            )["m"]
            .fill_null(0)
            .to_numpy()
        )
        if not starts.size or not micro.any():
            continue
        count = np.add.reduceat((micro > 0).astype(np.int64), starts)
        found.append(
            pl.DataFrame(
                {
                    "customer_id": customers,
                    "division": pl.repeat(target, starts.size, eager=True),
                    "lift_max": np.maximum.reduceat(micro, starts) / MICRO,
                    "lift_sum": np.add.reduceat(micro, starts) / MICRO,
                    "rule_count": count,
                }
            ).filter(pl.col("rule_count") > 0)
        )
    schema = {
        "customer_id": pl.String,
        "division": pl.String,
        "lift_max": pl.Float64,
        "lift_sum": pl.Float64,
        "rule_count": pl.Int64,
    }
    return pl.concat(found) if found else pl.DataFrame(schema=schema)


def _basket(world: AsOf, scope: Scope) -> list[Block]:
    held = baskets(world.lines, world.cutoff)
    found = basket_lifts(
        held.select("customer_id", "sku").unique(maintain_order=True).collect(),
        world.affinity_rules.collect(),
        world.settings.divisions.targets,
    )
    text = "the SKUs bought so far, by significant rules alone"
    features = [
        Feature(
            "basket",
            scope,
            "lift_max",
            ASOF,
            pl.col("lift_max"),
            pl.Float64,
            "ratio",
            f"Largest lift towards the division of {text}; null without one",
        ),
        Feature(
            "basket",
            scope,
            "lift_mean",
            ASOF,
            pl.col("lift_sum") / pl.col("rule_count"),
            pl.Float64,
            "ratio",
            f"Mean lift towards the division of {text}; null without one",
        ),
        Feature(
            "basket",
            scope,
            "skus",
            ASOF,
            pl.col("rule_count"),
            pl.Int32,
            "count",
            "How many SKUs bought so far point to the division by a significant rule",
            0,
        ),
    ]
    return [Block(found.lazy(), features)]


BASKET = Family(
    "basket", "Lifts of the SKUs a customer holds towards the target.", _basket, ("div",)
)
