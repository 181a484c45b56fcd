"""Whether encoders leave out the customer's own purchases, judged by what they came out as.

In a group of n customers, blended with p of all N, a buyer's rate without its own purchase is below a
non-buyer's by (1 + p / (N - 1)) / (n - 1 + p): worked out from the definition, not by the encoder.
"""

import polars as pl

from gosales_assets.operations.gauntlet.bench import Bench
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES
from gosales_checks.verdicts.gauntlet import FAIL, NOT_RUN, PASS, Result
from gosales_resources.store.address import Address

NAME = "own_rows_left_out"
GROUP = "attr__all__industry__asof"


def own_rows_left_out(bench: Bench) -> Result:
    """Compare the encoded rates of buyers and non-buyers of the same industry and target."""
    platform = bench.alone.platform
    contracts = (CUSTOMER_FEATURES, DIVISION_FEATURES)
    if not all(platform.store.has(Address(c.name, bench.cutoff)) for c in contracts):
        return Result(NAME, NOT_RUN, "features were not made")
    months = platform.settings.features.encoder.window_months
    bought, rate = f"rfm__div__transactions__{months}m", f"encoder__div__industry_rate__{months}m"
    shared, own = (platform.read(c, bench.cutoff) for c in contracts)
    wanted = {GROUP: shared, bought: own, rate: own}
    if "encoder" in platform.settings.features.off:
        return Result(NAME, NOT_RUN, "the family `encoder` is off")
    if lacking := [name for name, t in wanted.items() if name not in t.collect_schema().names()]:
        return Result(NAME, NOT_RUN, f"there is no {', '.join(lacking)} to compare")
    rows = own.select("customer_id", "division", bought, rate).join(
        shared.select("customer_id", GROUP), on="customer_id"
    )
    prior = platform.settings.features.encoder.prior_customers
    return judge_rates(rows.collect(), bought, rate, prior)


def judge_rates(rows: pl.DataFrame, bought: str, rate: str, prior: float) -> Result:
    """Judge the rates of customers by group.

    Parameters
    ----------
    rows
        One row per customer and division: `customer_id`, `division`, `GROUP`, `bought`, `rate`.
    bought
        Column of the customer's own purchases in the encoder's window.
    rate
        Column of the encoded rate of its group.
    prior
        Customers of all that a group is blended with.
    """
    everyone = rows["customer_id"].n_unique()
    below = (1 + prior / max(everyone - 1, 1)) / (pl.col("customers") - 1 + prior)
    groups = (
        rows.filter(pl.col(rate).is_not_null() & pl.col(GROUP).is_not_null())
        .group_by("division", GROUP)
        .agg(
            customers=pl.len(),
            buyers=pl.col(rate).filter(pl.col(bought) > 0).max(),
            others=pl.col(rate).filter(pl.col(bought) == 0).min(),
        )
        .drop_nulls()
    )
    is_wrong = pl.col("others") - pl.col("buyers") < below * (1 - 1e-6)
    wrong = groups.filter(is_wrong).sort("division", GROUP)
    figures = f"{groups.height} groups with buyers and others"
    if groups.is_empty():
        return Result(NAME, NOT_RUN, "no group has both buyers and others", figures)
    if wrong.height:
        first = wrong.row(0, named=True)
        words = (
            f"{rate} of {first['division']}, {first[GROUP]}: buyers have their own purchase in it"
        )
        return Result(NAME, FAIL, words, f"{wrong.height} of {figures}")
    return Result(NAME, PASS, "Buyers' rates are without their own purchases.", figures)
