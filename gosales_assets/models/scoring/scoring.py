"""Scores a feature table with an opened model, in batches. Scoring never fits and fills nothing.

Memory is that of the scores and one batch of features, however many customers there are.
"""

import datetime as dt
from collections.abc import Iterator

import numpy as np
import polars as pl

from gosales_assets.models.bundle.model import DivisionModel, StoredModel
from gosales_assets.models.rows.model_inputs import ModelInputs
from gosales_assets.models.rows.preparation import feature_types
from gosales_assets.models.scoring.contributions import by_feature
from gosales_assets.models.scoring.score_drivers import name_drivers, worth_explaining
from gosales_resources.errors import BundleError
from gosales_resources.settings.explanation import ExplanationSettings

KEPT = ["customer_id", "division", "cutoff", "segment", "is_whitespace"]
SHOWN = 8
# Rows read at once: half a row group of the store.
BATCH_ROWS = 131_072
# Rows prepared at once, out of what was read: 170 inputs of them are 20 MB, which the allocator keeps;
# of a whole batch it is 180 MB of new pages each time, and four times as slow.
BLOCK_ROWS = 16_384


def score(
    model: StoredModel, features: pl.LazyFrame, settings: ExplanationSettings | None = None
) -> pl.DataFrame:
    """Give every customer of a feature table its probability.

    Parameters
    ----------
    model
        Of the same division, of the same cutoff or an earlier one.
    features
        One row per customer; read in batches where it is stored sorted by customer.
    settings
        Level of the interval, and whose drivers are named.

    Returns
    -------
    polars.DataFrame
        `scores`, sorted by customer_id: `p_icp` is the calibrated probability with its interval,
        the prior rate where there is no model, null where nothing is known; `margin` orders rows of
        equal p_icp.

    Raises
    ------
    BundleError
        When the table is of another division or before the model's cutoff, or its features do not
        match the model's by name and type; lists the difference.
    """
    chosen = settings or ExplanationSettings()
    _refuse_mismatch(model, features)
    features = _by_customer(features.select(KEPT + _features_read(model)))
    blocks = (_score_block(model, block, chosen) for block in _blocks(features))
    scored = pl.concat(
        [_score_block(model, features.head(0).collect(), chosen), *blocks]
    ).with_columns(model_status=pl.lit(model.card.status), model_id=pl.lit(model.model_id))
    return scored.with_columns(drivers=_drivers(model, features, scored, chosen))


def _by_customer(features: pl.LazyFrame) -> pl.LazyFrame:
    ids = features.select("customer_id").collect()["customer_id"]
    return features if ids.is_sorted() else features.sort("customer_id")


def _blocks(features: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    rows = features.select(pl.len()).collect().item()
    for start in range(0, max(rows, 1), BATCH_ROWS):
        yield from features.slice(start, BATCH_ROWS).collect().iter_slices(BLOCK_ROWS)


def margins(model: DivisionModel, features: pl.LazyFrame) -> pl.DataFrame:
    """Ask a model for its margins alone, of whatever cutoff the rows are.

    Parameters
    ----------
    model
        Of the same division. Unlike `score` it may be asked of rows from before it was trained:
        margins say what a model makes of data, and are no forecast.
    features
        One row per customer, as `score` takes them; `mismatches` must find nothing.

    Returns
    -------
    polars.DataFrame
        customer_id and margin (null of a prior rate), sorted by customer_id.
    """
    read = _by_customer(features.select(KEPT + _features_read(model)))
    nothing = read.head(0).collect().select("customer_id", margin=pl.lit(None, pl.Float64))
    return pl.concat([nothing, *(_margins(model, block) for block in _blocks(read))])


def _margins(model: DivisionModel, table: pl.DataFrame) -> pl.DataFrame:
    if model.preparation is None:
        return table.select("customer_id", margin=pl.lit(None, pl.Float64))
    white = table["is_whitespace"].to_numpy().astype(float)
    found = model.margin(ModelInputs.of(model.preparation, table), white)
    return table.select("customer_id", margin=pl.Series(found, dtype=pl.Float64))


def _features_read(model: DivisionModel) -> list[str]:
    """List the features that the model's inputs come from; the others are not read."""
    sources = model.preparation.sources if model.preparation else []
    return [name for name in sources if name not in KEPT]


def _score_block(
    model: DivisionModel, table: pl.DataFrame, settings: ExplanationSettings
) -> pl.DataFrame:
    _refuse_foreign(model, table)
    prepared, calibrator = model.preparation, model.calibrator
    nothing = pl.lit(None, dtype=pl.Float64)
    if prepared is None or calibrator is None:
        prior = pl.lit(model.card.prior, dtype=pl.Float64)
        return table.select(*KEPT, p_icp=prior, p_low=nothing, p_high=nothing, margin=nothing)
    white = table["is_whitespace"].to_numpy().astype(float)
    margin = model.margin(ModelInputs.of(prepared, table), white)
    p = calibrator.probability(margin, white, _level_added(model, table, white))
    low = high = nothing
    if model.band is not None:
        ends = model.band.interval(p, white, settings.interval_level)
        low, high = (pl.Series(end, dtype=pl.Float64) for end in ends)
    return table.select(
        *KEPT,
        p_icp=pl.Series(p, dtype=pl.Float64),
        p_low=low,
        p_high=high,
        margin=pl.Series(margin, dtype=pl.Float64),
    )


def _level_added(
    model: DivisionModel, table: pl.DataFrame, white: np.ndarray
) -> np.ndarray | float:
    if model.level is None:
        return 0.0
    # What is forecast is the window after the model's own cutoff; a later one has another season.
    is_own = (table["cutoff"] == dt.date.fromisoformat(model.card.cutoff)).to_numpy()
    return model.level.added(white, is_own)


def _drivers(
    model: DivisionModel,
    features: pl.LazyFrame,
    scored: pl.DataFrame,
    settings: ExplanationSettings,
) -> pl.Series:
    """Name the drivers of the best of each slice; null for the others."""
    named = pl.Series("drivers", [None] * scored.height, dtype=pl.String)
    if model.preparation is None:
        return named
    wanted = worth_explaining(scored, settings.scored_frac)
    for start in range(0, wanted.len(), BLOCK_ROWS):
        at = wanted.slice(start, BLOCK_ROWS)
        mine = scored["customer_id"].gather(at).implode()
        table = features.filter(pl.col("customer_id").is_in(mine)).collect()
        rows = ModelInputs.of(model.preparation, table)
        found = model.contributions(rows, table["is_whitespace"].to_numpy())
        names, values = by_feature(model.preparation, found.by_input)
        named = named.scatter(at, name_drivers(names, values, settings.drivers_shown))
    return named


def _refuse_foreign(model: DivisionModel, table: pl.DataFrame) -> None:
    card = model.card
    trained = dt.date.fromisoformat(card.cutoff)
    mine = (pl.col("division") == card.division) & (pl.col("cutoff") >= trained)
    foreign = table.filter(~mine).height
    if foreign:
        raise BundleError(
            f"scores[{card.division}]: {foreign} rows of another division, or before the model's "
            f"cutoff {card.cutoff}: no model scores its own past."
        )


def _refuse_mismatch(model: DivisionModel, features: pl.LazyFrame) -> None:
    if model.preparation is None:
        return
    findings = mismatches(model, features.collect_schema())
    if findings:
        card = model.card
        more = f" and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
        raise BundleError(
            f"scores[{card.cutoff}|{card.division}]: the features do not fit the model: "
            f"{'; '.join(findings[:SHOWN])}{more}. "
            f"Rematerialise model for {card.cutoff}, division {card.division}."
        )


def mismatches(model: DivisionModel, schema: pl.Schema) -> list[str]:
    """List how a feature table differs, by name and type, from what a model was trained on."""
    if model.preparation is None:
        return []
    wanted, found = model.preparation.features, feature_types(schema)
    return [
        *(f"{name} is missing" for name in wanted if name not in found),
        *(f"{name} is unknown to the model" for name in found if name not in wanted),
        *(
            f"{name} is {found[name]}, not {kind}"
            for name, kind in wanted.items()
            if name in found and found[name] != kind
        ),
    ]
