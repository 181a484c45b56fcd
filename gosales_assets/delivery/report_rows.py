"""The rows of a list as its page shows them: columns of the settings, grouped for eyes.

Words and figures are those of workbook and CSV (`columns`); only where they stand is decided here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from gosales_assets.delivery.columns import MOVED, Column, as_text, rounded, shown_columns
from gosales_assets.delivery.listed import NO_REP, Listed
from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.report_list import (
    DOWN,
    UP,
    Choice,
    Head,
    ListTable,
    Order,
    Row,
    list_row,
)
from gosales_checks.contracts.movement import ENTERED, LEFT, OUT, STAYED
from gosales_resources.settings.delivery import DeliverySettings

# Column that a cell is of -> what stands below it, where the settings have it.
CELLS: dict[str, tuple[str, ...]] = {
    "rank": (),
    "customer_name": ("customer_id", "segment", "industry", "region", "territory"),
    "division_name": (),
    "grade": (),
    "p_icp": ("p_low", "p_high"),
    "ev": ("conditional_value",),
    # And every other column, with its title.
    "nba_reason": (),
    "rep": (),
}
NAMED_BY = "customer_name"
# Of `list_movement.selection`, for eyes.
SELECTIONS = {
    ENTERED: "new on the list",
    STAYED: "on the last list too",
    LEFT: "was on the last list",
    OUT: "not selected",
}
MOST_ROWS = 5_000
LARGEST, SMALLEST = (DOWN, "largest first"), (UP, "smallest first")
FIRST, LAST = (UP, "A to Z"), (DOWN, "Z to A")
# Of the interval's drawing, as the style has it.
BAR_WIDTH = 112


def build_list_table(
    listed: Listed, movement: pl.DataFrame | None, settings: DeliverySettings, room: int
) -> ListTable:
    """Prepare the rows of a list for its page.

    Parameters
    ----------
    listed
        What is delivered.
    movement
        `list_movement` of the cutoff; None where it is not stored.
    settings
        Columns, and decimals of money.
    room
        Bytes that the rows may take: the first rows of the list that they have room for, 5,000 at
        the most.
    """
    terms, rows = listed.terms, _with_movement(listed.rows, movement)
    columns = {c.name: c for c in shown_columns(settings.columns, terms.currency, terms.months)} | (
        {MOVED.name: MOVED} if MOVED.name in rows.columns else {}
    )
    heads = _heads(columns)
    choices = _choices(rows, columns)
    made = _rows(rows.head(MOST_ROWS), columns, heads, choices, settings.decimals)
    kept = list(_that_fit(made, room))
    shown = _counted(choices, rows, kept)
    caption = f"Whom to call about what, as of {terms.cutoff}, in the order of the list"
    return ListTable(caption, shown, _orders(columns, choices), heads, kept)


def _with_movement(rows: pl.DataFrame, movement: pl.DataFrame | None) -> pl.DataFrame:
    """Add who calls as a choice and, where there is an earlier list, what became of each row."""
    named = pl.col("rep").str.strip_chars()
    rows = rows.with_columns(_rep=pl.when(named != "").then(named).otherwise(pl.lit(NO_REP)))
    if movement is None or movement["selection"].null_count() == movement.height:
        return rows
    key = ["customer_id", "division"]
    told = movement.select(*key, MOVED.name, _selection=pl.col("selection").replace(SELECTIONS))
    return rows.join(told, on=key, how="left", maintain_order="left")


def _groups(columns: Mapping[str, Column]) -> dict[str, list[str]]:
    """Return cell -> columns in it, its own first; all columns are in one."""
    groups = {
        name: [one for one in (name, *under) if one in columns] for name, under in CELLS.items()
    }
    placed = {one for group in groups.values() for one in group}
    groups["nba_reason"] += [one for one in columns if one not in placed]
    return {name: group for name, group in groups.items() if group}


def _heads(columns: Mapping[str, Column]) -> list[Head]:
    heads = []
    for name, (first, *under) in _groups(columns).items():
        below = ", ".join(columns[one].title for one in under)
        if name == "p_icp":
            # An interval is two columns and one thing.
            below = " to ".join(columns[one].short.lower() for one in under)
        if name == "nba_reason":
            below = ""
        heads.append(Head(name, columns[first].title, below or None, _key_of(name)))
    return heads


# Where a row's keys are: its place in each choice, then these.
CHOSEN = ("rep", "division_name", "grade", "selection")
KEYS = (*CHOSEN, "rank", "p_icp", "ev", "customer_name")


def _key_of(name: str) -> int | None:
    return KEYS.index(name) if name in KEYS else None


def _choices(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[Choice]:
    of = {"rep": "_rep", "division_name": "division_name", "grade": "grade"}
    titles = {name: columns[name].title if name in columns else name.capitalize() for name in of}
    titles["division_name"] = "Division"
    if "_selection" in rows.columns:
        of["selection"] = "_selection"
    titles["selection"] = "Status"
    found = []
    for name in CHOSEN:
        known = rows[of[name]].drop_nulls().unique().to_list() if name in of else []
        ordered = sorted(known, key=lambda one: (one == NO_REP, one.casefold(), one))
        found.append(Choice(name, titles[name], [(one, one) for one in ordered]))
    return found


def _counted(choices: Sequence[Choice], rows: pl.DataFrame, kept: Sequence[Row]) -> list[Choice]:
    """Say of each choice how many rows it has here, and how many the list has where that is more."""
    columns = ("_rep", "division_name", "grade", "_selection")
    counted = []
    for at, (choice, column) in enumerate(zip(choices, columns, strict=True)):
        every = dict(rows[column].value_counts().iter_rows()) if column in rows.columns else {}
        here = [row.keys[at] for row in kept]
        options = []
        for number, (name, _) in enumerate(choice.options):
            shown, total = here.count(number), every[name]
            more = "" if shown == total else f" of {total:,}"
            options.append((name, f"{name} ({shown:,}{more})"))
        counted.append(Choice(choice.name, choice.title, options))
    return counted


def _orders(columns: Mapping[str, Column], choices: Sequence[Choice]) -> list[Order]:
    ways = {
        "rank": ((UP, "best first"), (DOWN, "last first")),
        "p_icp": (LARGEST, SMALLEST),
        "ev": (LARGEST, SMALLEST),
        "customer_name": (FIRST, LAST),
        "division_name": (FIRST, LAST),
        "grade": ((UP, "best first"), (DOWN, "last first")),
        "rep": (FIRST, LAST),
    }
    titles = {choice.name: choice.title for choice in choices} | {"rank": "Rank"}
    return [
        Order(KEYS.index(name), columns[name].title if name in columns else titles[name], way)
        for name, way in ways.items()
        if name in columns or name == "rank"
    ]


def _that_fit(rows: Iterator[Row], room: int) -> Iterator[Row]:
    for row in rows:
        room -= len(row.markup.encode())
        if room < 0:
            return
        yield row


def _rows(
    rows: pl.DataFrame,
    columns: Mapping[str, Column],
    heads: Sequence[Head],
    choices: Sequence[Choice],
    decimals: int,
) -> Iterator[Row]:
    groups = _groups(columns)
    header = list(groups).index(NAMED_BY) if NAMED_BY in groups else 0
    places = [{name: at for at, (name, _) in enumerate(one.options)} for one in choices]
    chosen = [
        n if n in rows.columns else None for n in ("_rep", "division_name", "grade", "_selection")
    ]
    names = rows["customer_name"].fill_null("")
    alphabetical = names.str.to_lowercase().rank("dense").to_list()
    figures = rounded(rows, list(columns.values()), decimals)
    top = float(rows["p_high"].max() or rows["p_icp"].max() or 1.0)  # pyright: ignore[reportArgumentType]  a number
    for at, (raw, shown) in enumerate(
        zip(rows.iter_rows(named=True), figures.iter_rows(named=True), strict=True)
    ):
        keys = [
            places[number].get(raw[name]) if name else None for number, name in enumerate(chosen)
        ]
        told = {name: as_text(shown[name], column, decimals) for name, column in columns.items()}
        # Who has no name is called by the id.
        if not told.get("customer_name", "").strip():
            told["customer_name"] = raw["customer_id"]
        cells = [_cell(head.name, groups[head.name], told, raw, columns, top) for head in heads]
        keys += [raw["rank"], raw["p_icp"], raw["ev"], alphabetical[at]]
        yield list_row(keys, cells, heads, header)


def _cell(
    name: str,
    group: Sequence[str],
    told: Mapping[str, str],
    raw: Mapping[str, Any],
    columns: Mapping[str, Column],
    top: float,
) -> Markup:
    main = told.get(name, "")
    under = [told[one] for one in group if one != name and told[one]]
    if name == "grade" and main:
        return tag("span", main, class_=f"g g{main}")
    if name == "p_icp":
        return join(
            _label(columns, name),
            tag("b", main),
            _interval(raw, top),
            tag("small", " to ".join(under)) if under else None,
        )
    if name == "ev":
        parts = [f"{columns[one].short} {told[one]}" for one in group if one != name and told[one]]
        return join(_label(columns, name), tag("b", main), *(tag("small", p) for p in parts))
    if name == "nba_reason":
        parts = [f"{columns[one].title}: {told[one]}" for one in group if one != name and told[one]]
        return join(main, *(tag("small", part) for part in parts))
    if name == NAMED_BY:
        # Who is called by the id has it once.
        also = " · ".join(one for one in under if one != main)
        return join(tag("b", main), tag("small", also) if also else None)
    return join(main)


def _label(columns: Mapping[str, Column], name: str) -> Markup | None:
    """Name a figure where the column's heading is not shown: on a telephone."""
    return tag("span", columns[name].short, " ", class_="l") if name in columns else None


def _interval(raw: Mapping[str, Any], top: float) -> Markup:
    """Draw a chance in its interval; the figures beside it say the same."""

    def at(value: float) -> int:
        return round(4 + (BAR_WIDTH - 8) * min(value / top, 1.0))

    low, high = raw["p_low"], raw["p_high"]
    line = None
    if low is not None and high is not None:
        line = tag("path", d=f"M{at(low)} 4H{at(high)}")
    return tag("svg", line, tag("circle", cx=at(raw["p_icp"])), aria_hidden="true")
