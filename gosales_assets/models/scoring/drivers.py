"""What a model goes by: coefficients, gain and SHAP over a sample of the population it scores."""

import datetime as dt

import numpy as np
import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.learners.learner import Contributions
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.scoring.contributions import coefficients, gain_shares
from gosales_checks.contracts.explanations import DROPPED, MODEL_DRIVERS, MODEL_SHAP_SAMPLE, USED
from gosales_checks.measures.ranking import tie_breaker


def sample_customers(features: pl.LazyFrame, count: int) -> pl.DataFrame:
    """Draw customers by the hash of their id: the same ones whatever the order.

    Parameters
    ----------
    features
        One row per customer.
    count
        Most that are drawn.

    Returns
    -------
    polars.DataFrame
        Their feature rows, sorted by id.
    """
    ids = features.select("customer_id").collect()["customer_id"]
    chosen = (
        pl.DataFrame({"customer_id": ids, "ties": tie_breaker(ids.to_list())})
        .sort("ties", "customer_id")
        .head(count)
    )
    wanted = chosen["customer_id"].implode()
    return features.filter(pl.col("customer_id").is_in(wanted)).sort("customer_id").collect()


def explain_sample(
    model: DivisionModel, sample: pl.DataFrame, shown: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Explain a model on a sample of the customers that it scores.

    Parameters
    ----------
    model
        One that gives the prior rate has no drivers.
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
    if model.preparation is None:
        return contract_table(MODEL_DRIVERS, []), contract_table(MODEL_SHAP_SAMPLE, [])
    rows = ModelInputs.of(model.preparation, sample)
    found = model.contributions(rows, sample["is_whitespace"].to_numpy())
    return _drivers(model, rows, found), _singles(model, sample, rows, found, shown)


def _drivers(model: DivisionModel, rows: ModelInputs, found: Contributions) -> pl.DataFrame:
    columns = rows.preparation.columns
    size = np.abs(found.by_input).mean(axis=0) if rows.raw.shape[0] else np.zeros(len(columns))
    order = np.lexsort((np.array([c.name for c in columns]), -size))
    rank = np.empty(size.size, dtype=np.int64)
    rank[order] = np.arange(1, size.size + 1)
    weights, gain = coefficients(model), gain_shares(model)
    directions = _directions(rows.raw.T, found.by_input.T)
    place = _place(model)
    used = [
        {
            **place,
            "input": column.name,
            "feature": column.source,
            "status": USED,
            "shap_rank": int(rank[at]),
            "shap_mean_abs": float(size[at]),
            "shap_frac": float(size[at] / size.sum()) if size.sum() > 0 else None,
            "direction": directions[at],
            "coefficient": None if weights is None else float(weights[at]),
            "gain_frac": None if gain is None else float(gain[at]),
        }
        for at, column in enumerate(columns)
    ]
    dropped = [
        {
            **place,
            "input": name,
            "feature": name.partition("=")[0],
            "status": DROPPED,
            "dropped_because": reason,
        }
        for name, reason in rows.preparation.dropped.items()
    ]
    return contract_table(MODEL_DRIVERS, [*used, *dropped]).sort(
        "shap_rank", "input", nulls_last=True
    )


def _singles(
    model: DivisionModel, sample: pl.DataFrame, rows: ModelInputs, found: Contributions, shown: int
) -> pl.DataFrame:
    names = [column.name for column in rows.preparation.columns]
    ties = tie_breaker(sample["customer_id"].to_list())
    at = np.sort(np.argsort(ties, kind="stable")[:shown])
    return (
        pl.DataFrame(
            {
                "customer_id": np.repeat(sample["customer_id"].to_numpy()[at], len(names)),
                "input": names * at.size,
                "value": pl.Series(rows.raw[at].ravel()).fill_nan(None),
                "contribution": found.by_input[at].ravel(),
                "base": np.repeat(found.base[at], len(names)),
                "margin": np.repeat(found.margin[at], len(names)),
            }
        )
        .with_columns(pl.lit(value).alias(name) for name, value in _place(model).items())
        .sort("customer_id", pl.col("contribution").abs(), "input", descending=[False, True, False])
    )


def _place(model: DivisionModel) -> dict[str, object]:
    """Say which model it is, as every table of it does."""
    card = model.card
    return {"division": card.division, "cutoff": dt.date.fromisoformat(card.cutoff)}


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
