"""Bars with intervals as SVG: sharp at any size, no script, figures beside the bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gosales_assets.rendering.markup import Markup, tag

# Of the drawing; it is as wide as there is room.
WIDTH, NAMES, FIGURES, ROW, HEAD, FOOT = 760, 170, 190, 26, 8, 40
TICKS = 4
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Bar:
    """A figure with its interval."""

    name: str
    value: float
    low: float | None
    high: float | None
    told: str
    """The figure as people read it."""
    is_marked: bool = False
    """The one that the others are held against."""


def interval_chart(title: str, unit: str, bars: Sequence[Bar]) -> Markup:
    """Draw bars from 0, each with its interval.

    Parameters
    ----------
    title
        What is drawn, for who cannot see it too.
    unit
        Below the axis.
    bars
        First on top; figures of 0 and above.
    """
    high = HEAD + ROW * len(bars) + FOOT
    step = _step(max([*(bar.high or bar.value for bar in bars), 1e-9]))
    top = step * TICKS
    room = WIDTH - NAMES - FIGURES

    def at(value: float) -> float:
        return round(NAMES + room * max(value, 0.0) / top, 1)

    base = HEAD + ROW * len(bars)
    marks = [
        mark
        for number in range(TICKS + 1)
        for mark in (
            tag(
                "line", x1=at(number * step), x2=at(number * step), y1=HEAD, y2=base, class_="grid"
            ),
            tag("text", f"{number * step:g}", x=at(number * step), y=base + 15, class_="tick"),
        )
    ]
    rows = [part for row, bar in enumerate(bars) for part in _row(bar, HEAD + ROW * row, at)]
    axis = tag("text", unit, x=NAMES + room / 2, y=base + 33, class_="tick")
    drawn = tag(
        "svg", tag("title", title), *marks, *rows, axis,
        viewBox=f"0 0 {WIDTH} {high}", role="img", class_="chart",
    )  # fmt: skip
    figure = tag("figure", tag("figcaption", title), drawn)
    return tag("div", figure, class_="scroll", tabindex=0, role="region", aria_label=title)


def _row(bar: Bar, y: float, at: Callable[[float], float]) -> list[Markup]:
    middle = y + ROW / 2
    parts = [
        tag("text", bar.name, x=NAMES - 8, y=middle + 4, class_="name"),
        tag("rect", x=at(0), y=y + 6, width=round(at(bar.value) - at(0), 1), height=ROW - 12,
            class_="bar marked" if bar.is_marked else "bar"),
        tag("text", bar.told, x=WIDTH - FIGURES + 10, y=middle + 4, class_="told"),
    ]  # fmt: skip
    if bar.low is not None and bar.high is not None:
        parts.append(
            tag("line", x1=at(bar.low), x2=at(bar.high), y1=middle, y2=middle, class_="interval")
        )
    return parts


def _step(most: float) -> float:
    """Return the round step that four of reach the most."""
    size = 1e-9
    while size * STEPS[-1] * TICKS < most:
        size *= 10
    return next(size * step for step in STEPS if size * step * TICKS >= most)
