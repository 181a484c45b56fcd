"""Charts as Vega-Lite specifications beside the rows that they draw: units, intervals, one look.

No Streamlit and no drawing library: what draws them takes plain dictionaries. Texts from data are values
of fields, never part of a specification.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

ACCENT, MUTED, WARNING = "#1F5FBF", "#8A94A3", "#C2410C"
BAND = 18
Spec = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """What is drawn, how, and the same in a sentence for who does not see it."""

    rows: pl.DataFrame
    spec: Spec = field(hash=False)
    alt: str


def intervals(
    rows: pl.DataFrame, label: str, title: str, *, is_share: bool = True, accent: str | None = None
) -> Chart:
    """Draw figures with their intervals, a line each.

    Parameters
    ----------
    rows
        `label`, `value`, `low` and `high` (null where there is no interval), drawn from the top.
    label
        Column of what each is of.
    title
        Of the axis, with the unit.
    is_share
        Fractions, told as percentages.
    accent
        The value of `label` that stands out; the others are drawn pale. None draws all alike.
    """
    axis = {"title": title, "format": "%" if is_share else ",~s", "grid": True, "tickCount": 5}
    x = {"field": "value", "type": "quantitative", "axis": axis}
    order = rows[label].unique(maintain_order=True).to_list()
    y: Spec = {"field": label, "type": "nominal", "sort": order, "title": None}
    y["axis"] = {"labelLimit": 220, "ticks": False, "domain": False}
    colour: Spec = {"value": ACCENT}
    if accent is not None:
        chosen = {"field": label, "equal": accent}
        colour = {"condition": {"test": chosen, "value": ACCENT}, "value": MUTED}
    told = [_told(label, "", None)] + [
        _told(name, words, ".1%" if is_share else ",.4~g")
        for name, words in (("value", title), ("low", "from"), ("high", "to"))
    ]
    encoding = {"y": y, "color": colour, "tooltip": told}
    rule = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    layers = [
        {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": encoding | rule},
        {"mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
         "encoding": encoding | {"x": x}},
    ]  # fmt: skip
    spec = {"layer": layers, "height": {"step": BAND + 6}}
    return Chart(rows, spec, f"{title}: {rows.height} figures with their intervals")


def reliability(rows: pl.DataFrame) -> Chart:
    """Draw what was stated against what came, a point a tenth, on the line where both are equal.

    Parameters
    ----------
    rows
        `stated`, `value`, `low`, `high`: fractions.
    """
    highest = rows.select(pl.max_horizontal(pl.max("stated", "value", "high"))).item()
    top = max(0.01, float(highest or 0))
    scale = {"domain": [0, top * 1.05]}
    axis = {"format": "%", "tickCount": 5}
    x = {"field": "stated", "type": "quantitative", "scale": scale,
         "axis": axis | {"title": "stated chance"}}  # fmt: skip
    y = {"field": "value", "type": "quantitative", "scale": scale,
         "axis": axis | {"title": "bought"}}  # fmt: skip
    told = [_told(n, n, ".1%") for n in ("stated", "value", "low", "high")]
    same = [{"stated": 0, "value": 0}, {"stated": top * 1.05, "value": top * 1.05}]
    layers = [
        {"data": {"values": same}, "mark": {"type": "line", "color": MUTED, "strokeDash": [4, 4]},
         "encoding": {"x": x, "y": y}},
        {"mark": {"type": "rule", "color": ACCENT},
         "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}},
        {"mark": {"type": "point", "filled": True, "size": 55, "color": ACCENT, "opacity": 1},
         "encoding": {"x": x, "y": y, "tooltip": told}},
    ]  # fmt: skip
    return Chart(rows, {"layer": layers, "height": 260}, "Stated chances against what came")


def gains(rows: pl.DataFrame) -> Chart:
    """Draw the share of buyers that the first tenths hold, against as many at random.

    Parameters
    ----------
    rows
        `share` of customers called and `value`, the share of buyers among them: fractions.
    """
    axis = {"format": "%", "tickCount": 5}
    x = {"field": "share", "type": "quantitative",
         "axis": axis | {"title": "customers called, best first"}}  # fmt: skip
    y = {"field": "value", "type": "quantitative", "axis": axis | {"title": "buyers among them"}}
    chance = [{"share": 0, "value": 0}, {"share": 1, "value": 1}]
    layers = [
        {"data": {"values": chance}, "mark": {"type": "line", "color": MUTED, "strokeDash": [4, 4]},
         "encoding": {"x": x, "y": y}},
        {"mark": {"type": "line", "color": ACCENT, "point": True},
         "encoding": {"x": x, "y": y, "tooltip": [_told("share", "called", ".0%"),
                                                  _told("value", "buyers", ".1%")]}},
    ]  # fmt: skip
    return Chart(rows, {"layer": layers, "height": 260}, "Buyers among the first tenths")


def bars(
    rows: pl.DataFrame,
    label: str,
    value: str,
    title: str,
    form: str,
    kind: str,
    colours: Mapping[str, str],
) -> Chart:
    """Draw sizes as bars from the top.

    Parameters
    ----------
    rows
        `label`, `value` and `kind`, in the order of the bars.
    label, value, kind
        Columns: what each is of, its size, its colour.
    title, form
        Of the axis of sizes.
    colours
        Kind -> colour; those that are there are in the legend.
    """
    kinds = [name for name in colours if name in set(rows[kind])]
    encoding: Spec = {
        "y": {"field": label, "type": "nominal", "sort": rows[label].unique(maintain_order=True).to_list(),
              "title": None, "axis": {"labelLimit": 240, "ticks": False, "domain": False}},
        "x": {"field": value, "type": "quantitative",
              "axis": {"title": title, "format": form, "tickCount": 5}},
        "tooltip": [_told(label, "", None), _told(value, title, ".1%" if form == "%" else form),
                    _told(kind, "", None)],
        "color": {"field": kind, "type": "nominal", "legend": {"title": None, "orient": "bottom"},
                  "scale": {"domain": kinds, "range": [colours[name] for name in kinds]}},
    }  # fmt: skip
    spec = {"mark": {"type": "bar", "height": {"band": 0.65}}, "encoding": encoding,
            "height": {"step": BAND + 6}}  # fmt: skip
    return Chart(rows, spec, f"{title}, {rows[label].n_unique()} bars")


def months(rows: pl.DataFrame, title: str) -> Chart:
    """Draw money by month, divisions on top of each other.

    Parameters
    ----------
    rows
        `month` (first day), `division` and `value`.
    title
        Of the axis, with the currency.
    """
    encoding = {
        "x": {"field": "month", "type": "temporal", "timeUnit": "yearmonth",
              "axis": {"title": None, "format": "%b %Y", "labelOverlap": True}},
        "y": {"field": "value", "type": "quantitative", "axis": {"title": title, "format": ",.0f", "tickCount": 5}},
        "color": {"field": "division", "type": "nominal",
                  "legend": {"title": None, "orient": "bottom", "columns": 3}},
        "tooltip": [_told("month", "month", None) | {"type": "temporal", "format": "%b %Y"},
                    _told("division", "division", None), _told("value", title, ",.0f")],
    }  # fmt: skip
    return Chart(rows, {"mark": "bar", "encoding": encoding, "height": 240}, f"{title} by month")


def heat_map(rows: pl.DataFrame, columns: Sequence[str]) -> Chart:
    """Draw sizes as shades of a table: 1 is the bound of an alarm, which is framed.

    Parameters
    ----------
    rows
        `division`, `measure`, `size` (value over its bound) and `is_alarm`.
    columns
        Measures, from the left.
    """
    place: Spec = {
        "x": {"field": "measure", "type": "nominal", "sort": list(columns), "title": None,
              "axis": {"orient": "top", "labelAngle": -25, "labelLimit": 160, "ticks": False}},
        "y": {"field": "division", "type": "nominal", "title": None, "axis": {"labelLimit": 180}},
    }  # fmt: skip
    shade = {"field": "size", "type": "quantitative", "legend": None,
             "scale": {"domain": [0, 2], "clamp": True, "range": ["#FFFFFF", "#F5A352"]}}  # fmt: skip
    frame = {"condition": {"test": "datum.is_alarm", "value": "#222222"}, "value": "#FFFFFF"}
    told = [_told("division", "division", None), _told("measure", "measure", None),
            _told("size", "times its bound", ".2f")]  # fmt: skip
    layers = [
        {"mark": {"type": "rect", "strokeWidth": 2.5},
         "encoding": place | {"color": shade, "stroke": frame, "tooltip": told}},
        {"mark": {"type": "text", "fontSize": 11},
         "encoding": place | {"text": {"field": "size", "type": "quantitative", "format": ".2f"},
                              "color": {"value": "#222222"}}},
    ]  # fmt: skip
    spec = {"layer": layers, "height": {"step": 28}}
    return Chart(rows, spec, "Shifts since training, by division and measure")


def _told(name: str, words: str, form: str | None) -> Spec:
    kind = "nominal" if form is None else "quantitative"
    told: Spec = {"field": name, "type": kind, "title": words or name}
    return told | ({"format": form} if form else {})
