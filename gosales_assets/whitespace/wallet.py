"""The wallet: what peers spend in a division that this customer does not, as money beside the score.

It orders nothing. All of it is known at the cutoff: spend of the last 12 months, industry, size.
"""

import polars as pl

from gosales_assets.whitespace.reasons import VALUE_12M
from gosales_checks.contracts.whitespace import OF_DIVISION, OF_PEERS
from gosales_resources.settings.whitespace import WhitespaceSettings

IN_DIVISION_12M = "rfm__div__gp_sum__12m"
# Bands of what buyers spend in other divisions, of as many buyers each.
SIZE_BANDS = 4
PEERS = ["industry", "band"]


def with_wallet(
    signals: pl.LazyFrame,
    features: pl.LazyFrame,
    customers: pl.LazyFrame,
    settings: WhitespaceSettings,
) -> pl.LazyFrame:
    """Add the wallet of each candidate of one division.

    Peers are the division's buyers of the last 12 months of the same industry and size band (quarters
    by what buyers spend in other divisions); where they are too few, all its buyers.

    Parameters
    ----------
    signals
        One row per customer of the population: customer_id.
    features
        `features` of the division and cutoff.
    customers
        `dim_customer`: industry.
    settings
        Quantile (none: off) and least number of peers.

    Returns
    -------
    polars.LazyFrame
        The same rows with `wallet` (home currency, at least 0) and `wallet_basis`; null where it is
        off, windows of 12 months are not configured, or too few have bought in the division.
    """
    level, least = settings.wallet_quantile, settings.wallet_min_peers
    if level is None or not {IN_DIVISION_12M, VALUE_12M} <= set(features.collect_schema()):
        nothing = pl.lit(None)
        return signals.with_columns(
            wallet=nothing.cast(pl.Float64), wallet_basis=nothing.cast(pl.String)
        )
    spend = features.select(
        "customer_id",
        own=pl.col(IN_DIVISION_12M).cast(pl.Float64),
        elsewhere=pl.col(VALUE_12M).cast(pl.Float64) - pl.col(IN_DIVISION_12M).cast(pl.Float64),
    ).join(customers.select("customer_id", "industry"), on="customer_id", how="left")
    is_buyer = pl.col("own") > 0
    banded = spend.with_columns(band=_band(is_buyer), is_buyer=is_buyer)
    of = pl.col("own").filter("is_buyer")
    enough = {name: pl.col(f"{name}_count") >= least for name in (OF_PEERS, OF_DIVISION)}
    found = banded.with_columns(
        peers_count=pl.when(pl.col("industry").is_not_null()).then(of.len().over(PEERS)),
        peers_spend=of.quantile(level, "linear").over(PEERS),
        division_count=of.len(),
        division_spend=of.quantile(level, "linear"),
    ).select(
        "customer_id",
        wallet=pl.max_horizontal(
            pl.when(enough[OF_PEERS])
            .then("peers_spend")
            .when(enough[OF_DIVISION])
            .then("division_spend")
            - pl.col("own").fill_null(0.0),
            pl.when(enough[OF_DIVISION]).then(0.0),
        ),
        wallet_basis=pl.when(enough[OF_PEERS])
        .then(pl.lit(OF_PEERS))
        .when(enough[OF_DIVISION])
        .then(pl.lit(OF_DIVISION)),
    )
    return signals.join(found, on="customer_id", how="left")


def _band(is_buyer: pl.Expr) -> pl.Expr:
    """Tell in which quarter of the buyers a customer lies, by spend elsewhere."""
    of_buyers = pl.col("elsewhere").filter(is_buyer)
    edges = [
        of_buyers.quantile(step / SIZE_BANDS, "higher").fill_null(0.0)
        for step in range(1, SIZE_BANDS)
    ]
    return pl.sum_horizontal((pl.col("elsewhere") >= edge).cast(pl.Int8) for edge in edges)
