"""Scores a feature table with an opened model. Scoring never fits and fills nothing in silence."""

import numpy as np
import polars as pl

from gosales_assets.models.bundle import Bundle
from gosales_assets.models.candidates import mean_margin
from gosales_assets.models.preparation import feature_types
from gosales_resources.errors import BundleError

KEPT = ["customer_id", "division", "cutoff", "segment", "is_whitespace"]
SHOWN = 8


def score(bundle: Bundle, features: pl.LazyFrame) -> pl.DataFrame:
    """Give every customer of a feature table its probability.

    Parameters
    ----------
    bundle
        The model of the same division and cutoff.
    features
        One row per customer.

    Returns
    -------
    polars.DataFrame
        `scores`, sorted by customer_id: `p_icp` is the calibrated probability, the prior rate
        where there is no model, null where nothing is known; `margin` orders rows of equal p_icp.

    Raises
    ------
    BundleError
        When the table is of another division or cutoff, or its features do not match the model's
        by name and type; lists the difference.
    """
    table = features.collect().sort("customer_id")
    _refuse_foreign(bundle, table)
    if bundle.preparation is None or bundle.calibrator is None:
        p = pl.lit(bundle.card.prior, dtype=pl.Float64)
        margin = pl.lit(None, dtype=pl.Float64)
    else:
        raw = bundle.preparation.raw(table)
        standardised = bundle.preparation.standardised(raw)
        margins = mean_margin([m.margin(raw, standardised) for m in bundle.members])
        white = table["is_whitespace"].to_numpy().astype(np.float64)
        p = pl.Series(bundle.calibrator.probability(margins, white), dtype=pl.Float64)
        margin = pl.Series(margins, dtype=pl.Float64)
    return table.select(*KEPT, p_icp=p, margin=margin, model_status=pl.lit(bundle.card.status))


def _refuse_foreign(bundle: Bundle, table: pl.DataFrame) -> None:
    card = bundle.card
    place = f"scores[{card.cutoff}|{card.division}]"
    mine = table.filter(
        (pl.col("division") != card.division) | (pl.col("cutoff").cast(pl.String) != card.cutoff)
    )
    if mine.height:
        raise BundleError(f"{place}: {mine.height} rows of another division or cutoff.")
    if bundle.preparation is None:
        return
    wanted, found = bundle.preparation.features, feature_types(table)
    findings = [
        *(f"{name} is missing" for name in wanted if name not in found),
        *(f"{name} is unknown to the model" for name in found if name not in wanted),
        *(
            f"{name} is {found[name]}, not {kind}"
            for name, kind in wanted.items()
            if name in found and found[name] != kind
        ),
    ]
    if findings:
        more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        raise BundleError(
            f"{place}: the features do not fit the model: {'; '.join(findings[:SHOWN])}{more}. "
            f"Rematerialise model for {card.cutoff}, division {card.division}."
        )
