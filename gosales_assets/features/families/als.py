"""Closeness to a target in the space of factors: to those who own it, and to its SKUs."""

import numpy as np
import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature, Scope

# Similarities are kept to the sixth place: the seventh of 32-bit factors is noise.
PLACES = 6


def owner_similarity(vectors: np.ndarray, is_owner: np.ndarray) -> np.ndarray:
    """Return each row's cosine similarity to the centroid of the owners.

    Parameters
    ----------
    vectors
        Rows of unit length (or zero), sorted.
    is_owner
        Which rows make the centroid; an owner's own row is left out of what it is compared with,
        or it would be close to itself.

    Returns
    -------
    numpy.ndarray
        In [-1, 1]; nan where there is no (other) owner.
    """
    total = vectors[is_owner].sum(axis=0)
    # Length of the centroid as each row sees it; einsum adds in one order, BLAS need not.
    others = total[None, :] - np.where(is_owner[:, None], vectors, 0.0)
    length = np.sqrt(np.einsum("ij,ij->i", others, others))
    dot = np.einsum("ij,ij->i", vectors, others)
    # What is left of an owner's own vector after rounding is no centroid.
    exists = is_owner.sum() - is_owner > 0
    return np.divide(dot, length, out=np.full(length.shape, np.nan), where=exists & (length > 0))


def similarities(world: AsOf) -> pl.DataFrame:
    """Compute similarity and best score of every customer with factors, target by target."""
    customers, factors = _vectors(world, "customer")
    skus, sku_factors = _vectors(world, "sku")
    owners = world.days("div").select("customer_id", "division").unique().collect()
    booked = world.skus("div").select("sku", "division").unique().collect()
    length = np.sqrt(np.einsum("ij,ij->i", factors, factors))[:, None]
    unit = np.divide(factors, length, out=np.zeros_like(factors), where=length > 0)
    found = []
    for target in world.settings.divisions.targets:
        here = pl.col("division") == target
        is_owner = customers.is_in(owners.filter(here)["customer_id"].implode()).to_numpy()
        its = sku_factors[skus.is_in(booked.filter(here)["sku"].implode()).to_numpy()]
        found.append(
            pl.DataFrame(
                {
                    "customer_id": customers,
                    "division": pl.repeat(target, customers.len(), dtype=pl.String, eager=True),
                    "similarity": owner_similarity(unit, is_owner),
                    "score": _best(factors, its),
                }
            )
        )
    return pl.concat(found).with_columns(pl.col("similarity", "score").fill_nan(None).round(PLACES))


def _best(factors: np.ndarray, skus: np.ndarray) -> np.ndarray:
    """Return each row's largest dot product with a SKU; nan without any."""
    best = np.full(factors.shape[0], -np.inf)
    for sku in skus:
        np.maximum(best, np.einsum("ij,j->i", factors, sku), out=best)
    return np.where(np.isfinite(best), best, np.nan)


def _vectors(world: AsOf, kind: str) -> tuple[pl.Series, np.ndarray]:
    rows = world.embeddings.filter(pl.col("kind") == kind).sort("id").collect()
    width = world.settings.features.als.factors
    flat = rows["factors"].explode().drop_nulls().to_numpy() if rows.height else np.empty(0)
    return rows["id"], flat.reshape(rows.height, width).astype(np.float64)


def _als(world: AsOf, scope: Scope) -> list[Block]:
    features = [
        Feature(
            "als",
            scope,
            "owner_similarity",
            ASOF,
            pl.col("similarity"),
            pl.Float64,
            "cosine",
            "Similarity to the centroid of the division's other owners; null without factors",
        ),
        Feature(
            "als",
            scope,
            "score_max",
            ASOF,
            pl.col("score"),
            pl.Float64,
            "score",
            "Largest dot product with a SKU of the division; null without factors",
        ),
    ]
    return [Block(similarities(world).lazy(), features)]


ALS = Family("als", "Closeness to the target's owners and SKUs.", _als, ("div",))
