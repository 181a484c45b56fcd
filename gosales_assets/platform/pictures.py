"""Pictures as metadata that the UI shows in place; they are drawn in `rendering`."""

import base64

import dagster as dg
import polars as pl

from gosales_assets.rendering.plots import plot_validation
from gosales_resources import markdown

# The slice that matters first; the whole where it shows nothing.
PLOTTED = {"whitespace": "never bought in the division", "all": "all customers"}


def plot_of_list(table: pl.DataFrame, key: str) -> dict[str, dg.MetadataValue]:
    """Draw calibration and gains of a table of measures; nothing where it has no outcome.

    One picture, of the slice that matters: the event log keeps metadata for good.

    Parameters
    ----------
    table
        `model_evaluation` or `forward_validation` of a partition: one row per slice, measure and bin.
    key
        Of the partition, in the title.

    Returns
    -------
    dict of str to MetadataValue
        One picture under `plot`; empty where no slice has an outcome.
    """
    for part, name in PLOTTED.items():
        rows = table.filter(pl.col("slice") == part)
        observed = rows.filter(pl.col("measure") == "calibration_observed")
        capture = rows.filter(pl.col("measure") == "gain_capture")["value"].drop_nulls()
        if observed.height and capture.len():
            stated = rows.filter(pl.col("measure") == "calibration_stated")["value"].to_list()
            rate, low, high = (observed[c].to_list() for c in ("value", "low", "high"))
            image = plot_validation(stated, rate, low, high, capture.to_list(), f"{key}: {name}")
            return {"plot": embedded(image, name)}
    return {}


def embedded(image: bytes, text: str) -> dg.MetadataValue:
    """Return a PNG as metadata that the UI shows in place."""
    data = base64.b64encode(image).decode()
    return dg.MetadataValue.md(f"![{markdown.escape(text)}](data:image/png;base64,{data})")
