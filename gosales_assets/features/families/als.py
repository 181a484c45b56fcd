"""Closeness to a target in the space of factors: to those who own it, and to its SKUs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.features.asof import AsOf, CustomerPool
from gosales_assets.features.declaration import ASOF, Block, Family, Feature
from gosales_assets.features.scopes import Scope

# Similarities are kept to the sixth place: the seventh of 32-bit factors is noise.
PLACES = 6


@dataclass(frozen=True)
class Owners:
    """Who owns what among some customers, and the SKUs that they bought."""

    vectors: np.ndarray
    """Factors of the customers, by customer_id, each of unit length (or zero)."""
    owns: dict[str, np.ndarray]
    """Target -> which of the rows own it."""
    booked: frozenset[tuple[str, str]]
    """SKU and target it was bought in."""


def owner_similarity(
    vectors: np.ndarray, is_owner: np.ndarray, total: np.ndarray, owner_count: int
) -> np.ndarray:
    """Return each row's cosine similarity to the centroid of the owners.

    Parameters
    ----------
    vectors
        Rows of unit length (or zero), sorted.
    is_owner
        Which rows are in the centroid; an owner's own row is left out of what it is compared with,
        or it would be close to itself.
    total, owner_count
        Sum of the vectors of all owners, who may be more than those here, and their number.

    Returns
    -------
    numpy.ndarray
        In [-1, 1]; nan where there is no (other) owner.
    """
    # Length of the centroid as each row sees it; einsum adds in one order, BLAS need not.
    others = total[None, :] - np.where(is_owner[:, None], vectors, 0.0)
    length = np.sqrt(np.einsum("ij,ij->i", others, others))
    dot = np.einsum("ij,ij->i", vectors, others)
    # What is left of an owner's own vector after rounding is no centroid.
    exists = owner_count - is_owner > 0
    return np.divide(dot, length, out=np.full(length.shape, np.nan), where=exists & (length > 0))


def owners_of(world: AsOf) -> Owners:
    """Find the owners of every target among the customers with factors."""
    customers, factors = _vectors(world, "customer")
    pairs = world.days("div").select("customer_id", "division").unique().collect()
    booked = world.skus("div").select("sku", "division").unique().collect()
    length = np.sqrt(np.einsum("ij,ij->i", factors, factors))[:, None]
    owns = {
        target: customers.is_in(
            pairs.filter(pl.col("division") == target)["customer_id"].implode()
        ).to_numpy()
        for target in world.settings.divisions.targets
    }
    unit = np.divide(factors, length, out=np.zeros_like(factors), where=length > 0)
    return Owners(unit, owns, frozenset(booked.iter_rows()))


def merge_owners(found: Sequence[Owners]) -> Owners:
    """Put the owners of several ranges of customers, in their order, together."""
    return Owners(
        np.concatenate([owners.vectors for owners in found]),
        {t: np.concatenate([owners.owns[t] for owners in found]) for t in found[0].owns},
        frozenset[tuple[str, str]]().union(*(owners.booked for owners in found)),
    )


OWNERS = CustomerPool(lambda world: world.shared(owners_of), merge_owners)


def similarities(world: AsOf) -> pl.DataFrame:
    """Compute similarity and best score of every customer with factors, target by target.

    Parameters
    ----------
    world
        What was known at the cutoff; `embeddings` may be empty.

    Returns
    -------
    polars.DataFrame
        One row per target and customer with factors, by target, then customer_id: `similarity` in
        [-1, 1], null where the target has no other owner; `score`, null where no SKU with factors
        was bought in the target.
    """
    customers, factors = _vectors(world, "customer")
    skus, sku_factors = _vectors(world, "sku")
    here, everyone = world.shared(owners_of), world.pooled(OWNERS)
    found = []
    for target in world.settings.divisions.targets:
        # Added in the order of customers, one by one: the same however they are cut into ranges.
        total = everyone.vectors[everyone.owns[target]].sum(axis=0)
        count = int(everyone.owns[target].sum())
        similarity = owner_similarity(here.vectors, here.owns[target], total, count)
        of_target = [(sku, target) in everyone.booked for sku in skus]
        found.append(
            pl.DataFrame(
                {
                    "customer_id": customers,
                    "division": pl.repeat(target, customers.len(), dtype=pl.String, eager=True),
                    "similarity": similarity,
                    "score": _best(factors, sku_factors[np.array(of_target, dtype=bool)]),
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


ALS = Family("als", "Closeness to the target's owners and SKUs.", _als, ("div",), (OWNERS,))
