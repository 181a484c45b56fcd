"""Small plots for the metadata panel: PNG bytes, the same bytes for the same numbers."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from gosales_resources.markdown import visible

SIZE_INCHES = (7.1, 2.7)
DPI = 100
FEW_TICKS = 5
BACKTEST_TOP = "10 %"
# Measure -> title of its panel.
OVER_TIME = {
    "auc": "AUC",
    "lift_10": "lift in the top tenth",
    "cal_mae": "calibration error",
    "prior_shift": "shift of the rate of buyers, log-odds",
}
# The slice that matters first; the whole where it shows nothing.
PLOTTED = {"whitespace": "never bought in the division", "all": "all customers"}
SHOWN = 100
INK, MUTED, ACCENT = "#222222", "#9aa0a6", "#1f6feb"


def plot_validation(
    stated: Sequence[float],
    observed: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    capture: Sequence[float],
    title: str,
) -> bytes:
    """Draw calibration (stated against observed rates) beside gains (share of buyers captured).

    Parameters
    ----------
    stated, observed, low, high
        One value per calibration bin; low and high are the interval of the observed rate.
    capture
        Cumulative share of buyers per decile, best first.
    title
        Shown above both.

    Returns
    -------
    bytes
        A PNG of about 20 kB.
    """
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI)
    # Fixed margins: fitting them takes as long as drawing, and there is one picture a partition.
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.17, top=0.8)
    left, right = figure.subplots(1, 2)
    figure.suptitle(visible(title, SHOWN), fontsize=10, color=INK, parse_math=False)
    top = max([*high, *stated, 0.01]) * 1.05
    left.plot([0, top], [0, top], color=MUTED, linewidth=1, zorder=1)
    errors = np.abs(np.array([low, high], dtype=float) - np.asarray(observed, dtype=float))
    left.errorbar(stated, observed, errors, fmt="o", color=ACCENT, markersize=4, elinewidth=1)
    _label(left, "Calibration", "stated probability", "observed rate")
    share = np.linspace(0, 100, len(capture) + 1)
    right.plot(share, share, color=MUTED, linewidth=1)
    right.plot(share, 100 * np.array([0.0, *capture]), color=ACCENT, marker="o", markersize=3)
    _label(right, "Gains", "% of customers, best first", "% of buyers")
    return _png(figure)


def plot_measures(table: pl.DataFrame, key: str) -> tuple[bytes, str] | None:
    """Draw calibration and gains of a table of measures, of the slice that matters.

    Parameters
    ----------
    table
        `model_evaluation` or `forward_validation` of a partition: one row per slice, measure and bin.
    key
        Of the partition, in the title.

    Returns
    -------
    tuple of bytes and str, or None
        The PNG and whom it is of; None where no slice has an outcome.
    """
    for part, name in PLOTTED.items():
        rows = table.filter(pl.col("slice") == part)
        observed = rows.filter(pl.col("measure") == "calibration_observed")
        capture = rows.filter(pl.col("measure") == "gain_capture")["value"].drop_nulls()
        if observed.height and capture.len():
            stated = rows.filter(pl.col("measure") == "calibration_stated")["value"].to_list()
            rate, low, high = (observed[c].to_list() for c in ("value", "low", "high"))
            image = plot_validation(stated, rate, low, high, capture.to_list(), f"{key}: {name}")
            return image, name
    return None


def plot_families(
    families: Sequence[str], shares: Mapping[str, Sequence[Sequence[float]]], title: str
) -> bytes:
    """Draw shares of rows by family of features: least, middle and largest feature of each.

    Parameters
    ----------
    families
        Their names, first on top.
    shares
        Title of a panel -> lowest, median and highest share, one value per family each.
    title
        Shown above all.

    Returns
    -------
    bytes
        A PNG of about 20 kB.
    """
    height = 1.1 + 0.2 * len(families)
    figure = Figure(figsize=(SIZE_INCHES[0], height), dpi=DPI)
    figure.subplots_adjust(left=0.13, right=0.98, bottom=0.5 / height, top=1 - 0.55 / height)
    figure.suptitle(visible(title, SHOWN), fontsize=10, color=INK, parse_math=False)
    places = list(range(len(families)))
    for at, (axes, (name, (low, middle, high))) in enumerate(
        zip(figure.subplots(1, len(shares)), shares.items(), strict=True)
    ):
        axes.hlines(places, low, high, color=MUTED, linewidth=2)
        axes.plot(middle, places, "o", color=ACCENT, markersize=4)
        _label(axes, name, "share of rows", "")
        axes.set_xlim(-0.02, 1.02)
        names = [visible(family, SHOWN) for family in families]
        axes.set_yticks(places, names if at == 0 else [""] * len(families), parse_math=False)
        axes.invert_yaxis()
    return _png(figure)


def plot_backtest(table: pl.DataFrame, title: str) -> bytes:
    """Draw what the tops of past lists captured, by order: wins beside money.

    Parameters
    ----------
    table
        `replay`: one row per kind, top and order.
    title
        Shown above both.

    Returns
    -------
    bytes
        A PNG.
    """
    figure = Figure(figsize=(SIZE_INCHES[0], 3.4), dpi=DPI)
    figure.subplots_adjust(left=0.14, right=0.98, bottom=0.14, top=0.84, wspace=0.45)
    figure.suptitle(visible(title, SHOWN), fontsize=10, color=INK, parse_math=False)
    for axes, kind in zip(figure.subplots(1, 2), ("wins", "money"), strict=True):
        rows = table.filter(pl.col("kind") == kind, pl.col("top") == BACKTEST_TOP)[::-1]
        places = np.arange(rows.height)
        share = 100 * rows["share"].to_numpy()
        ends = [
            100 * rows.select(pl.coalesce(name, "share")).to_series().to_numpy()
            for name in ("low", "high")
        ]
        colours = [ACCENT if order == "published" else MUTED for order in rows["order"]]
        axes.barh(places, share, color=colours, height=0.65)
        axes.errorbar(share, places, xerr=np.abs(np.array(ends) - share), fmt="none", ecolor=INK,
                      elinewidth=1)  # fmt: skip
        _label(axes, f"{kind}, top {BACKTEST_TOP}", f"% of {kind} captured", "")
        axes.set_yticks(places, rows["order"].to_list())
    return _png(figure)


def plot_over_time(metrics: pl.DataFrame, title: str) -> bytes:
    """Draw measures of targets over cutoffs, a line each, and the mean of all.

    Parameters
    ----------
    metrics
        `target_metrics` of one slice: one row per cutoff and division.
    title
        Shown above all.

    Returns
    -------
    bytes
        A PNG.
    """
    figure = Figure(figsize=(SIZE_INCHES[0], 4.6), dpi=DPI)
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.12, top=0.86, wspace=0.28, hspace=0.75)
    figure.suptitle(visible(title, SHOWN), fontsize=10, color=INK, parse_math=False)
    cutoffs = metrics["cutoff"].unique().sort().to_list()
    for axes, (measure, name) in zip(figure.subplots(2, 2).flat, OVER_TIME.items(), strict=True):
        for rows in metrics.sort("cutoff").partition_by("division", maintain_order=True):
            at = [cutoffs.index(day) for day in rows["cutoff"]]
            axes.plot(at, rows[measure].to_list(), color=MUTED, linewidth=0.8, alpha=0.7)
        means = metrics.group_by("cutoff").agg(pl.col(measure).mean()).sort("cutoff")[measure]
        axes.plot(range(len(cutoffs)), means.to_list(), color=ACCENT, marker="o", markersize=3)
        _label(axes, name, "", "")
        ticks = range(0, len(cutoffs), -(-len(cutoffs) // FEW_TICKS))
        axes.set_xticks(ticks, [f"{cutoffs[at]:%b %Y}" for at in ticks])
    return _png(figure)


def plot_heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[tuple[float, bool] | None]],
    title: str,
) -> bytes:
    """Draw sizes as a table of shades: from white at 0 to full at twice the bound.

    Parameters
    ----------
    rows, columns
        Their names, first on top and left.
    cells
        Per row and column the size, 1 being the bound of an alarm, and whether it is an alarm; None where
        it is not known.
    title
        Shown above.

    Returns
    -------
    bytes
        A PNG; an alarm is framed.
    """
    high = 0.95 + 0.24 * len(rows)
    figure = Figure(figsize=(SIZE_INCHES[0], high), dpi=DPI)
    figure.subplots_adjust(left=0.2, right=0.98, bottom=0.5 / high, top=1 - 0.4 / high)
    axes = figure.subplots()
    axes.set_title(visible(title, SHOWN), fontsize=9, color=INK, loc="left", parse_math=False)
    shades = [[np.nan if cell is None else min(cell[0], 2.0) for cell in row] for row in cells]
    axes.imshow(np.array(shades), cmap="Oranges", vmin=0, vmax=2, aspect="auto")
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            if cell is None:
                continue
            size, is_alarm = cell
            axes.text(x, y, f"{size:.2f}", ha="center", va="center", fontsize=7, color=INK)
            if is_alarm:
                frame = Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, fill=False, edgecolor=INK)
                axes.add_patch(frame)
    names = [visible(name, SHOWN) for name in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=7, color=INK, parse_math=False)
    axes.set_xticks(
        range(len(columns)), [name.replace(" ", "\n") for name in columns], fontsize=6, color=INK
    )
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return _png(figure)


def _label(axes: Axes, title: str, x_label: str, y_label: str) -> None:
    # Places of title and labels are given, and ticks are few: else the extents of all their texts
    # are asked for, and a picture takes half as long again.
    wide, high = axes.bbox.size
    axes.set_title(
        visible(title, SHOWN), fontsize=9, color=INK, loc="left", y=1.0, parse_math=False
    )
    axes.set_xlabel(x_label, fontsize=8, color=INK)
    axes.xaxis.set_label_coords(0.5, -0.25 * DPI / high)
    axes.set_ylabel(y_label, fontsize=8, color=INK)
    axes.yaxis.set_label_coords(-0.37 * DPI / wide, 0.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(FEW_TICKS, steps=[1, 2, 2.5, 5, 10]))
    axes.tick_params(labelsize=7, colors=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Figure) -> bytes:
    target = io.BytesIO()
    FigureCanvasAgg(figure)
    # Without the version of the drawing library, which would change the bytes.
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
