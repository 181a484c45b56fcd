"""How good a model was on rows that its training did not fit, as a table."""

import datetime as dt

import numpy as np
import polars as pl

from gosales_assets.models.bundle.contract_rows import contract_table
from gosales_assets.models.bundle.model import Card
from gosales_assets.models.rows.slices import ALL, WHITESPACE
from gosales_checks.contracts.explanations import MODEL_EVALUATION, NO_PREDICTIONS
from gosales_checks.measures.scored_list import Row, ScoredList, describe_list, rank_within_ties
from gosales_resources.settings.explanation import ExplanationSettings


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
    model = {"division": card.division, "cutoff": dt.date.fromisoformat(card.cutoff)}
    rows = [
        {**model, "slice": name, **row.__dict__}
        for name, part in ((ALL, held_out), (WHITESPACE, held_out.filter("is_whitespace")))
        for row in _measure(part, settings)
    ]
    return contract_table(MODEL_EVALUATION, rows).sort("slice", "measure", "bin")


def _measure(part: pl.DataFrame, settings: ExplanationSettings) -> list[Row]:
    if part.is_empty():
        return [
            Row(
                measure="none",
                bin=0,
                value=None,
                low=None,
                high=None,
                n=0,
                positives=0,
                status=NO_PREDICTIONS,
            )
        ]
    p, margin = part["p"].to_numpy(), part["margin"].to_numpy()
    scored = ScoredList(
        label=part["label"].to_numpy().astype(np.float64),
        p=p,
        score=rank_within_ties(p, margin),
        ties=part["ties"].to_numpy(),
        net_value=part["net_value_window"].to_numpy(),
        repeats=part["cutoff"].n_unique() > 1,
    )
    return describe_list(scored, draws=settings.bootstrap_draws, seed=settings.seed)
