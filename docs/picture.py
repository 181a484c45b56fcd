"""Draws rows of a list as the picture of the README, from a store that `gosales demo` has filled.

`python docs/picture.py demo/gosales.yaml 2025-06-30` writes docs/list.png. The company is invented.
"""

import datetime as dt
import sys
from pathlib import Path

import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gosales_assets.platform.platform import Platform
from gosales_resources.markdown import visible
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address

TARGET = Path(__file__).parent / "list.png"
INCHES, DPI = (10.6, 3.2), 110
INK, MUTED, STRIPE, BAR = "#222222", "#6b7280", "#f3f5f8", "#1f6feb"
# Title -> where its column begins, of 100.
COLUMNS = {
    "Rank": 1, "Customer": 5, "Rep": 23, "Division": 31, "Grade": 40, "Chance": 44.5, "Why": 59,
}  # fmt: skip
WIDE = 78


def best_rows(config: Path, cutoff: dt.date) -> list[dict]:
    """Return the best row of each division of a stored list, as it is stored."""
    store = Platform.of(load_settings(config)).store
    ranked = store.scan_table(Address("whitespace", cutoff), None).filter(
        pl.col("rank").is_not_null()
    )
    return ranked.sort("rank").unique("division", keep="first").sort("rank").collect().to_dicts()


def draw(rows: list[dict], cutoff: dt.date) -> Figure:
    """Draw rows as a table: text, and a bar from the low to the high end of each chance."""
    figure = Figure(figsize=INCHES, dpi=DPI)
    axes = figure.add_axes((0.005, 0.01, 0.99, 0.98))
    axes.set_xlim(0, 100)
    axes.set_ylim(len(rows) + 0.1, -2.1)
    axes.axis("off")
    title = f"Whom to call about what, as of {cutoff}: the best row of each division"
    axes.text(1, -1.4, title, fontsize=10, color=INK, weight="bold", va="center")
    for name, at in COLUMNS.items():
        axes.text(at, -0.4, name, fontsize=8, color=MUTED, va="center")
    for place, row in enumerate(rows):
        _row(axes, place, row)
    return figure


def _row(axes: Axes, place: int, row: dict) -> None:
    if place % 2 == 0:
        axes.axhspan(place, place + 1, color=STRIPE, linewidth=0)
    why = row["nba_reason"] or ""
    cells = (
        f"{row['rank']:,}", row["customer_name"], row["rep"], row["division_name"].replace("_", " "),
        row["grade"], f"{100 * row['p_icp']:.1f} %", why if len(why) <= WIDE else f"{why[: WIDE - 1]}…",
    )  # fmt: skip
    for at, text in zip(COLUMNS.values(), cells, strict=True):
        told = visible(text)
        axes.text(at, place + 0.5, told, fontsize=7, color=INK, va="center", parse_math=False)
    start, wide = COLUMNS["Chance"] + 5, 9
    known = [row["p_icp"] if row[name] is None else row[name] for name in ("p_low", "p_high")]
    ends = [start + wide * end for end in known]
    axes.plot(ends, [place + 0.5] * 2, color=BAR, linewidth=3, alpha=0.35, solid_capstyle="butt")
    axes.plot([start + wide * row["p_icp"]], [place + 0.5], "o", color=BAR, markersize=3.5)


def main() -> None:
    """Write the picture."""
    config, cutoff = Path(sys.argv[1]), dt.date.fromisoformat(sys.argv[2])
    figure = draw(best_rows(config, cutoff), cutoff)
    FigureCanvasAgg(figure)
    figure.savefig(TARGET, format="png", metadata={"Software": None})
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
