"""Customers like an account, and what they bought that it has not."""

from collections.abc import Mapping

import numpy as np
import polars as pl

SHOWN = 5
# The seventh place of 32-bit factors is noise.
PLACES = 6
BOUGHT, INSTALLED = "customer", "installed"
SCHEMA = {
    "peer": pl.String,
    "customer_id": pl.String,
    "alike": pl.Float64,
    "bought": pl.String,
    "missing": pl.String,
}


def peer_rows(
    embeddings: pl.LazyFrame,
    customers: pl.LazyFrame,
    history: pl.LazyFrame,
    names: Mapping[str, str],
    customer: str,
) -> tuple[pl.DataFrame, str]:
    """Find the customers whose vectors point most in the direction of an account's.

    Parameters
    ----------
    embeddings
        `embeddings` of a cutoff.
    customers
        `dim_customer` rows that the viewer may see; no other customer is looked at.
    history
        `purchase_history` of the cutoffs up to that one.
    names
        Partition key -> the division's own name.
    customer
        Its id.

    Returns
    -------
    tuple of (polars.DataFrame, str)
        At most `SHOWN` rows, the most alike first: peer (its name, else its id), customer_id, alike
        (cosine), bought (divisions, by name) and missing (those of them that the account has not
        bought in); and the kind of vector they were found by, empty where the account has none.
    """
    seen = customers.select(pl.col("customer_id").alias("id"), "customer_name")
    rows = embeddings.filter(pl.col("kind") != "sku").join(seen, on="id").collect()
    own = rows.filter(id=customer)
    kind = next((one for one in (BOUGHT, INSTALLED) if one in own["kind"]), "")
    others = rows.filter(pl.col("kind") == kind, pl.col("id") != customer)
    if others.is_empty():
        return pl.DataFrame(schema=SCHEMA), kind
    vectors = others["factors"].explode().to_numpy().reshape(others.height, -1)
    alike = _cosines(vectors, own.filter(kind=kind)["factors"][0].to_numpy())
    nearest = (
        others.select("id", "customer_name", alike=pl.Series(alike))
        .filter(pl.col("alike") > 0)
        .sort("alike", "id", descending=[True, False])
        .head(SHOWN)
    )
    bought = _divisions(history, [customer, *nearest["id"]], names)
    mine = bought.get(customer, [])
    found = [
        {
            "peer": name or one,
            "customer_id": one,
            "alike": value,
            "bought": ", ".join(bought.get(one, [])),
            "missing": ", ".join(d for d in bought.get(one, []) if d not in mine),
        }
        for one, name, value in nearest.iter_rows()
    ]
    return pl.DataFrame(found, schema=SCHEMA), kind


def _cosines(vectors: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the cosine of each row with a vector; 0 where one has no length."""
    rows, one = vectors.astype(np.float64), own.astype(np.float64)
    length = np.linalg.norm(rows, axis=1) * np.linalg.norm(one)
    dot = np.einsum("ij,j->i", rows, one)
    return np.divide(dot, length, out=np.zeros_like(dot), where=length > 0).round(PLACES)


def _divisions(
    history: pl.LazyFrame, customers: list[str], names: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return customer -> names of the divisions that it bought in, returns left out."""
    rows = (
        history.filter(
            pl.col("customer_id").is_in(customers), pl.col("line_count") > pl.col("return_count")
        )
        .select("customer_id", pl.col("division").replace(dict(names)))
        .unique()
        .sort("customer_id", "division")
        .collect()
    )
    return {key[0]: part["division"].to_list() for key, part in rows.group_by("customer_id")}
