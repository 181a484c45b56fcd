"""What a purchase would be worth, customer by customer: means of past buyers times the model's ratio."""

import numpy as np
import polars as pl

from gosales_assets.models.value.levels import Levels, find_levels
from gosales_assets.models.value.training import with_industry
from gosales_assets.models.value.value_model import SLICES, ValueModel
from gosales_checks.contracts.values import DIVISION_MEAN, INDUSTRY_MEAN, LEARNT, NO_BUYER
from gosales_resources.settings.whitespace import WhitespaceSettings


def value_customers(
    features: pl.LazyFrame,
    past_labels: pl.LazyFrame | None,
    model: ValueModel | None,
    settings: WhitespaceSettings,
) -> pl.DataFrame:
    """Estimate E[value | buys] of every customer of one division and cutoff.

    Parameters
    ----------
    features
        `features` of the target, one row per customer of the population.
    past_labels
        `labels` of the target at past cutoffs whose window had ended by this one (see
        `mature_labels`); None where there are none.
    model
        The value model of the cutoff; None where there is none.
    settings
        Cap and shrinkage.

    Returns
    -------
    polars.DataFrame
        `conditional_values`, sorted by customer; without past buyers all are null.
    """
    table = with_industry(features.collect()).sort("customer_id")
    known = table.select("customer_id", "division", "cutoff", "industry")
    levels = find_levels(_buyers(past_labels, known), settings)
    if levels is None:
        missing = pl.lit(None, dtype=pl.Float64)
        found = known.with_columns(conditional_value=missing, value_status=pl.lit(NO_BUYER))
        return found.drop("industry")
    value, status = _means(levels, known["industry"])
    if model is not None and known.height:
        ratio, is_learnt = model.ratios(table, str(known.item(0, "division")))
        value = np.minimum(value * ratio, levels.cap)
        status = np.where(is_learnt, LEARNT, status)
    return known.drop("industry").with_columns(
        conditional_value=pl.Series(value), value_status=pl.Series(status, dtype=pl.String)
    )


def _buyers(past_labels: pl.LazyFrame | None, known: pl.DataFrame) -> pl.DataFrame:
    if past_labels is None:
        return pl.DataFrame()
    bought = past_labels.filter(pl.col("label") == 1).select("customer_id", "net_value_window")
    industry = known.select("customer_id", "industry")
    return bought.collect().join(industry, on="customer_id", how="left")


def _means(levels: Levels, industry: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each customer's industry, and whether it is that or the division's."""
    own = industry.is_in(list(levels.industries)).fill_null(value=False).to_numpy()
    return levels.of(industry), np.where(own, INDUSTRY_MEAN, DIVISION_MEAN)


def summarise_values(values: pl.DataFrame, model: ValueModel | None) -> dict[str, object]:
    """Return the figures shown per partition: where values come from, and how large they are.

    Parameters
    ----------
    values
        `conditional_values` of a partition; may be empty.
    model
        What they were made with.
    """
    counts = values["value_status"].value_counts(name="rows").sort("value_status").rows()
    shown: dict[str, object] = {f"customers_{status}": rows for status, rows in counts}
    mean = values["conditional_value"].mean()
    if mean is not None:
        shown["mean_conditional_value"] = mean
    if model is not None and values.height:
        for part in SLICES:
            found = model.spread(values.item(0, "division"), part)
            shown |= {f"sampled_buyers_{part}": found.buyers, f"slope_{part}": found.slope}
            if not found.slope > 0:
                shown[f"not_learnt_{part}"] = "values of past buyers do not rise with their sizes"
    return shown
