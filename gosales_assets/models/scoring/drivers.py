"""What a model goes by: coefficients, gain and SHAP over a sample of the population it scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from gosales_assets.models.bundle.bundle import Bundle
from gosales_assets.models.rows.preparation import Preparation
from gosales_assets.models.scoring.contributions import (
    Contributions,
    coefficients,
    contributions,
    gain_shares,
)
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.explanations import MODEL_DRIVERS, MODEL_SHAP_SAMPLE
from gosales_checks.measures.ranking import tie_breaker


def sample_customers(features: pl.LazyFrame, count: int) -> pl.DataFrame:
    """Draw customers by the hash of their id: the same ones whatever the order, sorted by id."""
    ids = features.select("customer_id").collect()["customer_id"]
    chosen = (
        pl.DataFrame({"customer_id": ids, "ties": tie_breaker(ids.to_list())})
        .sort("ties", "customer_id")
        .head(count)
    )
    wanted = chosen["customer_id"].implode()
    return features.filter(pl.col("customer_id").is_in(wanted)).sort("customer_id").collect()


def explain_sample(
    bundle: Bundle, sample: pl.DataFrame, shown: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Explain a model on a sample of the customers that it scores.

    Parameters
    ----------
    bundle
        The model; one that gives the prior rate has no drivers.
    sample
        Feature rows, one per customer, sorted.
    shown
        Customers whose contributions are kept, the first ones by the hash of their id.

    Returns
    -------
    tuple of polars.DataFrame
        `model_drivers`, strongest first, dropped inputs last; and `model_shap_sample`, by customer
        and falling absolute contribution. Both empty for a prior rate.
    """
    if bundle.preparation is None:
        return _empty(MODEL_DRIVERS), _empty(MODEL_SHAP_SAMPLE)
    raw = bundle.preparation.raw(sample)
    found = contributions(bundle, raw, sample["is_whitespace"].to_numpy())
    drivers = _drivers(bundle, bundle.preparation, raw, found)
    names = [column.name for column in bundle.preparation.columns]
    return drivers, _singles(bundle, names, sample, raw, found, shown)


def _drivers(
    bundle: Bundle, prepared: Preparation, raw: np.ndarray, found: Contributions
) -> pl.DataFrame:
    size = np.abs(found.by_input).mean(axis=0) if raw.shape[0] else np.zeros(raw.shape[1])
    order = np.lexsort((np.array([c.name for c in prepared.columns]), -size))
    rank = np.empty(size.size, dtype=np.int64)
    rank[order] = np.arange(1, size.size + 1)
    weights, gain = coefficients(bundle), gain_shares(bundle)
    directions = _directions(raw.T, found.by_input.T)
    used = [
        {
            "input": column.name,
            "feature": column.source,
            "status": "used",
            "shap_rank": int(rank[at]),
            "shap_mean_abs": float(size[at]),
            "shap_frac": float(size[at] / size.sum()) if size.sum() > 0 else None,
            "direction": directions[at],
            "coefficient": None if weights is None else float(weights[at]),
            "gain_frac": None if gain is None else float(gain[at]),
        }
        for at, column in enumerate(prepared.columns)
    ]
    dropped = [
        {
            "input": name,
            "feature": name.partition("=")[0],
            "status": "dropped",
            "dropped_because": reason,
        }
        for name, reason in prepared.dropped.items()
    ]
    return _table(MODEL_DRIVERS, bundle, [*used, *dropped]).sort(
        "shap_rank", "input", nulls_last=True
    )


def _singles(
    bundle: Bundle,
    names: list[str],
    sample: pl.DataFrame,
    raw: np.ndarray,
    found: Contributions,
    shown: int,
) -> pl.DataFrame:
    ties = tie_breaker(sample["customer_id"].to_list())
    at = np.sort(np.argsort(ties, kind="stable")[:shown])
    values = raw[at]
    return (
        pl.DataFrame(
            {
                "customer_id": np.repeat(sample["customer_id"].to_numpy()[at], len(names)),
                "input": names * at.size,
                "value": pl.Series(values.ravel()).fill_nan(None),
                "contribution": found.by_input[at].ravel(),
                "base": np.repeat(found.base[at], len(names)),
                "margin": np.repeat(found.margin[at], len(names)),
            }
        )
        .with_columns(
            division=pl.lit(bundle.card.division),
            cutoff=pl.lit(bundle.card.cutoff).str.to_date(),
        )
        .sort("customer_id", pl.col("contribution").abs(), "input", descending=[False, True, False])
    )


def _directions(values: np.ndarray, contributions: np.ndarray) -> list[float | None]:
    """Return Spearman's correlation of each input (first axis) over the rows where it is known."""
    known = ~np.isnan(values)
    # Ranked all at once: one by one, the checks around each ranking took longer than the rest.
    pairs = zip(_ranks(values), _ranks(np.where(known, contributions, np.nan)), known, strict=True)
    return [_correlation(x[rows], c[rows]) for x, c, rows in pairs]


def _correlation(x: np.ndarray, c: np.ndarray) -> float | None:
    """Return Pearson's correlation; None where one of both does not vary."""
    if x.size < 2 or (x == x[0]).all() or (c == c[0]).all():
        return None
    x, c = x - x.mean(), c - c.mean()
    return float(np.clip((x * c).sum() / np.sqrt((x * x).sum() * (c * c).sum()), -1, 1))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Rank along the last axis from 1, equal ones by their mean rank; nan comes last, each by itself."""
    order = np.argsort(values, axis=-1)
    rising = np.take_along_axis(values, order, axis=-1)
    new = np.ones(rising.shape, dtype=bool)
    new[:, 1:] = rising[:, 1:] != rising[:, :-1]
    first = np.flatnonzero(new)
    size = np.diff(first, append=new.size)
    mean = np.repeat(first % max(values.shape[1], 1) + (size + 1) / 2, size)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, mean.reshape(values.shape), axis=-1)
    return ranks


def _table(contract: Contract, bundle: Bundle, rows: list[Mapping[str, Any]]) -> pl.DataFrame:
    schema = {name: column.dtype for name, column in contract.schema.columns().items()}
    place = {"division": bundle.card.division, "cutoff": None}
    table = pl.DataFrame([{**place, **row} for row in rows], schema=schema)
    return table.with_columns(cutoff=pl.lit(bundle.card.cutoff).str.to_date())


def _empty(contract: Contract) -> pl.DataFrame:
    schema = {name: column.dtype for name, column in contract.schema.columns().items()}
    return pl.DataFrame(schema=schema)
