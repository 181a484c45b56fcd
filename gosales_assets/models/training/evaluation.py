"""How good a model was on rows that its training did not fit, as a table."""

import numpy as np
import polars as pl

from gosales_assets.models.bundle.bundle import Card
from gosales_checks.contracts.explanations import MODEL_EVALUATION
from gosales_checks.measures.scored_list import Row, ScoredList, describe_list, rank_within_ties
from gosales_resources.settings.models import ExplanationSettings

ALL, WHITESPACE = "all", "whitespace"


def evaluate_training(
    card: Card, held_out: pl.DataFrame, settings: ExplanationSettings
) -> pl.DataFrame:
    """Measure a training's held-out predictions, for all customers and for the whitespace.

    Parameters
    ----------
    card
        Of the model.
    held_out
        `held_out.SCHEMA`, one row per customer and validation cutoff.
    settings
        Draws and seed of the intervals.

    Returns
    -------
    polars.DataFrame
        `model_evaluation`, sorted by slice, measure and bin. A training that predicted nothing
        (no cutoff, too few buyers) gives one row per slice that says so.
    """
    rows = []
    for name, part in ((ALL, held_out), (WHITESPACE, held_out.filter("is_whitespace"))):
        rows += [{"slice": name, **row.__dict__} for row in _measure(part, settings)]
    schema = {n: c.dtype for n, c in MODEL_EVALUATION.schema.columns().items()}
    table = pl.DataFrame([{**row, "division": card.division, "cutoff": None} for row in rows],
                         schema=schema)  # fmt: skip
    dated = table.with_columns(cutoff=pl.lit(card.cutoff).str.to_date())
    return dated.sort("slice", "measure", "bin")


def _measure(part: pl.DataFrame, settings: ExplanationSettings) -> list[Row]:
    if part.is_empty():
        return [Row("none", 0, None, None, None, 0, 0, "no_predictions")]
    p, margin = part["p"].to_numpy(), part["margin"].to_numpy()
    scored = ScoredList(
        part["label"].to_numpy().astype(np.float64),
        p,
        rank_within_ties(p, margin),
        part["ties"].to_numpy(),
        part["net_value_window"].to_numpy(),
        repeats=part["cutoff"].n_unique() > 1,
    )
    return describe_list(scored, draws=settings.bootstrap_draws, seed=settings.seed)
