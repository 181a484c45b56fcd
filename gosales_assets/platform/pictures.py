"""Pictures as metadata that the UI shows in place; they are drawn in `rendering`."""

import base64

import dagster as dg
import polars as pl

from gosales_assets.rendering.plots import plot_heat_map, plot_measures
from gosales_checks.verdicts.drift import largest_shifts
from gosales_resources import markdown


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
    drawn = plot_measures(table, key)
    return {"plot": embedded(*drawn)} if drawn else {}


def heat_map_of(drift: pl.DataFrame, key: str) -> dict[str, dg.MetadataValue]:
    """Draw how far the divisions of a cutoff have moved; nothing where no shift is known.

    Parameters
    ----------
    drift
        `drift` of all divisions.
    key
        Of the partition, in the title.

    Returns
    -------
    dict of str to MetadataValue
        One picture under `plot`: a row per division, a column per measure and slice.
    """
    column = pl.format("{} {}", "measure", "slice").alias("column")
    known = largest_shifts(drift, "division", column)
    if known.is_empty():
        return {}
    divisions, columns = (known[name].unique().sort().to_list() for name in ("division", "column"))
    sizes = {(r["division"], r["column"]): (r["size"], r["is_alarm"]) for r in known.to_dicts()}
    cells = [[sizes.get((division, column)) for column in columns] for division in divisions]
    title = f"{key}: shifts since training, 1 = the bound of an alarm"
    return {"plot": embedded(plot_heat_map(divisions, columns, cells, title), title)}


def embedded(image: bytes, text: str) -> dg.MetadataValue:
    """Return a PNG as metadata that the UI shows in place."""
    data = base64.b64encode(image).decode()
    return dg.MetadataValue.md(f"![{markdown.escape(text)}](data:image/png;base64,{data})")
