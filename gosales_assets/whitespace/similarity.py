"""What stands in for the similarity to owners of customers without factors of what they bought.

That of customers with an installed base like theirs; without one, that of their industry. For the order
of the list alone: models see the similarity as it is, null without factors. What stands in is known at
the cutoff, is marked as such (`als_source`), and counts in no coverage.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.isotonic import IsotonicRegression

from gosales_checks.contracts.whitespace import CENTROID, GENUINE, INSTALLED

# Customers with factors that something is learnt of, an industry's at the least. In the sample company
# the similarity of 20 drawn of 200 is 0.04 from that of all 200 (root mean square), of 5 it is 0.09.
FEWEST_PEERS = 20
# As of the similarity itself: the seventh place of 32-bit factors is noise.
PLACES = 6


@dataclass(frozen=True)
class Vectors:
    """Directions of some customers, customers x factors, each of unit length (or zero)."""

    ids: pl.Series
    """customer_id, sorted."""
    units: np.ndarray

    def sum_of(self, customers: pl.Series) -> np.ndarray:
        """Add up the vectors of some customers, in their order; those without one count nothing."""
        return self.units[self.ids.is_in(customers.implode()).to_numpy()].sum(axis=0)


@dataclass(frozen=True)
class Peers:
    """Factors of the customers of one cutoff, and of the industries that they are of."""

    customers: pl.DataFrame
    """`dim_customer`: customer_id, industry, and `has_factors`."""
    bought: Vectors
    """By what they bought."""
    installed: Vectors
    """By what they have installed, in a space of its own."""
    industries: pl.Series
    """Industries of at least `FEWEST_PEERS` of those who bought, sorted."""
    centroids: np.ndarray
    """Mean of the vectors of each industry, industries x factors: the shorter, the less they agree."""


def peers_of(
    embeddings: pl.LazyFrame, customers: pl.LazyFrame, fewest: int = FEWEST_PEERS
) -> Peers:
    """Add up the factors of each industry.

    Parameters
    ----------
    embeddings
        `embeddings` of the cutoff, one row per kind and customer or SKU; may be empty.
    customers
        `dim_customer` of the cutoff: customer_id, industry (null: of none).
    fewest
        Customers with factors that an industry needs.

    Returns
    -------
    Peers
        The same in whatever order the rows come.
    """
    rows = embeddings.filter(pl.col("kind") != "sku").sort("id").collect()
    bought, installed = (_vectors(rows, kind) for kind in ("customer", "installed"))
    told = (
        customers.select("customer_id", "industry", has_factors=_is_in(bought.ids))
        .sort("customer_id")
        .collect()
    )
    of = pl.DataFrame({"customer_id": bought.ids}).join(told, on="customer_id", how="left")
    counts = of.drop_nulls("industry").group_by("industry").len()
    large = counts.filter(pl.col("len") >= fewest).sort("industry").with_row_index("at")
    at = of.join(large, on="industry", how="left").sort("customer_id")["at"]
    is_peer = at.is_not_null().to_numpy()
    centroids = np.zeros((large.height, bought.units.shape[1]))
    # Each customer counts once, a large one no more; added one by one in the order of customers.
    np.add.at(centroids, at.drop_nulls().to_numpy(), bought.units[is_peer])
    centroids /= large["len"].to_numpy()[:, None]
    return Peers(told, bought, installed, large["industry"], centroids)


def industry_similarities(peers: Peers, owners: pl.Series) -> pl.DataFrame:
    """Return how far each industry's centroid goes in the direction of a division's owners.

    Which is the mean of the cosines of its customers. The cosine of the centroid itself is higher than
    that of nearly any of them, as a mean has no noise: in the sample company it put customers
    who bought a fifth as often as others at the 98th percentile of these (this: at the 43rd).

    Parameters
    ----------
    peers
        Factors of the cutoff.
    owners
        customer_id of the division's owners; those without factors count for nothing.

    Returns
    -------
    polars.DataFrame
        industry (sorted) and `similarity` in [-1, 1]; no row where owners have no direction.
    """
    return pl.DataFrame(
        {
            "industry": peers.industries,
            "similarity": _along(peers.centroids, peers.bought.sum_of(owners)),
        },
        schema={"industry": pl.String, "similarity": pl.Float64},
    ).filter(pl.col("similarity").is_not_nan())


def installed_similarities(
    peers: Peers, owners: pl.Series, genuine: pl.DataFrame, fewest: int = FEWEST_PEERS
) -> pl.DataFrame:
    """Return what the similarity is of customers whose installed base is as close to the owners'.

    Cosines of two spaces cannot be compared: few rollups, so that many customers point the same way,
    make that of the installed base the higher. What is learnt of those who have both is the mean of
    the one, never falling in the other (isotonic regression); where the base tells nothing it is the
    mean of all.

    Parameters
    ----------
    peers
        Factors of the cutoff.
    owners
        customer_id of the division's owners; those without an installed base count for nothing.
    genuine
        customer_id and als_similarity, null where it has none; owners are not learnt from.
    fewest
        Customers that have both, at the least.

    Returns
    -------
    polars.DataFrame
        customer_id (sorted) and `similarity` in [-1, 1] of all with an installed base; no row where
        owners have none, or too few customers have both.
    """
    cosine = pl.DataFrame(
        {
            "customer_id": peers.installed.ids,
            "cosine": _along(peers.installed.units, peers.installed.sum_of(owners)),
        },
        schema={"customer_id": pl.String, "cosine": pl.Float64},
    ).filter(pl.col("cosine").is_not_nan())
    # In one order: ties are averaged, and a sum of floats is not the same in another.
    both = (
        cosine.join(genuine.drop_nulls("als_similarity"), on="customer_id")
        .filter(~_is_in(owners))
        .sort("cosine", "als_similarity", "customer_id")
    )
    if both.height < fewest:
        return pl.DataFrame(schema={"customer_id": pl.String, "similarity": pl.Float64})
    learnt = IsotonicRegression(out_of_bounds="clip").fit(both["cosine"], both["als_similarity"])
    found = np.asarray(learnt.predict(cosine["cosine"])).clip(-1.0, 1.0).round(PLACES)
    return cosine.select("customer_id", similarity=pl.Series(found))


def with_fallback(signals: pl.LazyFrame, features: pl.LazyFrame, peers: Peers) -> pl.LazyFrame:
    """Give candidates without factors what stands in for them, below the best genuine similarity.

    Parameters
    ----------
    signals
        One row per customer of the population: customer_id, is_eligible, als_similarity (null where
        it has none).
    features
        `features` of the division and cutoff: customer_id, is_whitespace (false for owners).
    peers
        Factors of the cutoff.

    Returns
    -------
    polars.LazyFrame
        The rows with `als_similarity` and `als_source`. Nothing stands in where no eligible candidate
        has a genuine similarity, nor for a customer with factors, nor for one that has neither an
        installed base to learn of nor an industry with enough peers.
    """
    known = signals.collect()
    owners = features.filter(~pl.col("is_whitespace")).select("customer_id").collect().to_series()
    genuine = known.select("customer_id", "als_similarity")
    of_base = installed_similarities(peers, owners, genuine).rename({"similarity": INSTALLED})
    of_industry = industry_similarities(peers, owners).rename({"similarity": CENTROID})
    told = (
        peers.customers.filter(~pl.col("has_factors"))
        .join(of_base, on="customer_id", how="left")
        .join(of_industry, on="industry", how="left")
        .select(
            "customer_id",
            stand_in=pl.coalesce(INSTALLED, CENTROID),
            stands_in=pl.when(pl.col(INSTALLED).is_not_null())
            .then(pl.lit(INSTALLED))
            .when(pl.col(CENTROID).is_not_null())
            .then(pl.lit(CENTROID)),
        )
    )
    similarity = pl.col("als_similarity")
    best = known.filter("is_eligible").select(similarity.max()).item()
    cap = None if best is None else np.nextafter(best, -np.inf)
    if cap is None or cap < -1.0:
        told = told.clear()
    return (
        known.lazy()
        .join(told.lazy(), on="customer_id", how="left")
        .with_columns(
            als_similarity=pl.coalesce(similarity, pl.col("stand_in").clip(upper_bound=cap)),
            als_source=pl.when(similarity.is_not_null())
            .then(pl.lit(GENUINE))
            .otherwise("stands_in"),
        )
        .drop("stand_in", "stands_in")
    )


def _is_in(ids: pl.Series) -> pl.Expr:
    return pl.col("customer_id").is_in(ids.implode())


def _vectors(rows: pl.DataFrame, kind: str) -> Vectors:
    """Return the vectors of one kind, of unit length (or zero); all are of one length."""
    of = rows.filter(pl.col("kind") == kind)
    width = len(of["factors"][0]) if of.height else 0
    flat = of["factors"].explode().drop_nulls().to_numpy() if width else np.empty(0)
    vectors = flat.reshape(of.height, width).astype(np.float64)
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return Vectors(
        of["id"], np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    )


def _along(vectors: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return how far each vector goes in a direction; nan where it is none."""
    length = np.sqrt(np.einsum("i,i->", total, total))
    dot = np.einsum("ij,j->i", vectors, total)
    along = np.divide(dot, length, out=np.full(dot.shape, np.nan), where=length > 0)
    return along.clip(-1.0, 1.0).round(PLACES)
