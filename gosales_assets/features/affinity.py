"""Market-basket rules of one cutoff: SKU -> division, with their significance.

Counts are of customers, not of invoices: who has the one and who has the other. The features made
of the rules are in `families/basket.py`.
"""

import datetime as dt

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from scipy.stats import false_discovery_control, hypergeom

from gosales_resources.settings.features import BasketSettings


def baskets(lines: pl.LazyFrame, until: dt.date) -> pl.LazyFrame:
    """Return what each customer had bought by a day, that day included; returns do not count.

    Parameters
    ----------
    lines
        Lines known at the cutoff (`purchase_lines`).
    until
        The cutoff, or an earlier day.

    Returns
    -------
    polars.LazyFrame
        customer_id, sku, division, each once, sorted.
    """
    keys = ["customer_id", "sku", "division"]
    bought = pl.col("is_purchase") & (pl.col("order_date") <= until)
    return lines.filter(bought).select(keys).unique().sort(keys)


def mine_rules(lines: pl.LazyFrame, cutoff: dt.date, settings: BasketSettings) -> pl.DataFrame:
    """Test every SKU against every division that it does not belong to.

    Parameters
    ----------
    lines
        Lines known at the cutoff (`purchase_lines`).
    cutoff
        As-of date.
    settings
        Lag, and the customers that a rule must have; only rules that have them are tested, so
        only they count in the correction for the many tests of a division.

    Returns
    -------
    polars.DataFrame
        `affinity_rules`, sorted by sku and division; empty without any rule to test.

    References
    ----------
    Fisher (1922); Benjamini and Hochberg (1995).
    """
    lagged = cutoff - dt.timedelta(settings.affinity_lag_days)
    held = baskets(lines, lagged).collect()
    counts = _count(held).filter(pl.col("both_customer_count") >= settings.min_customers)
    n, n_s, n_d, both = (
        counts[f"{name}customer_count"].to_numpy() for name in ("", "sku_", "division_", "both_")
    )
    # Whoever else has the SKU, n_s draws of n customers: n_d of them have the division.
    p = np.clip(hypergeom.sf(both - 1, n, n_d, n_s), 0.0, 1.0)
    # Each target is corrected for its own tests: one target more changes no other's rules.
    q = (
        counts.select(pl.col("division"), p=pl.Series(p, dtype=pl.Float64))
        .select(pl.col("p").map_batches(_corrected, return_dtype=pl.Float64).over("division"))["p"]
        .to_numpy()
    )
    return counts.select(
        "sku",
        "division",
        pl.lit(cutoff).alias("cutoff"),
        "customer_count",
        "sku_customer_count",
        "division_customer_count",
        "both_customer_count",
        support=both / n,
        confidence=both / n_s,
        lift=both * n / (n_s * n_d),
        leverage=both / n - (n_s / n) * (n_d / n),
        p_value=p,
        # Rounding inside the correction may leave it a bit below.
        q_value=np.maximum(q, p),
        is_significant=q <= settings.max_q,
    )


def _corrected(p: pl.Series) -> pl.Series:
    return pl.Series(false_discovery_control(p.to_numpy()), dtype=pl.Float64)


def _count(held: pl.DataFrame) -> pl.DataFrame:
    """Count customers of every SKU, division and pair of them, own divisions left out."""
    customers, skus, divisions = (
        held[name].unique().sort() for name in ("customer_id", "sku", "division")
    )
    of = {
        name: held[name].rank("dense").cast(pl.Int64).to_numpy() - 1
        for name in ("customer_id", "sku", "division")
    }
    has_sku = _incidence(of["customer_id"], of["sku"], customers.len(), skus.len())
    has_division = _incidence(of["customer_id"], of["division"], customers.len(), divisions.len())
    both = (has_sku.T @ has_division).tocoo()
    own = _incidence(of["sku"], of["division"], skus.len(), divisions.len()).toarray()
    n_s, n_d = (np.asarray(m.sum(axis=0)).ravel() for m in (has_sku, has_division))
    # A SKU that some lines book in the division would be its own evidence.
    other = own[both.row, both.col] == 0
    row, col = both.row[other], both.col[other]
    return pl.DataFrame(
        {
            "sku": skus.gather(row),
            "division": divisions.gather(col),
            "customer_count": np.full(row.size, customers.len(), dtype=np.int64),
            "sku_customer_count": n_s[row],
            "division_customer_count": n_d[col],
            "both_customer_count": both.data[other],
        }
    ).sort("sku", "division")


def _incidence(rows: np.ndarray, columns: np.ndarray, height: int, width: int) -> csr_matrix:
    """Return the 0/1 matrix of pairs, however often a pair occurs."""
    found = csr_matrix((np.ones(rows.size, dtype=np.int64), (rows, columns)), shape=(height, width))
    found.data[:] = 1
    return found
