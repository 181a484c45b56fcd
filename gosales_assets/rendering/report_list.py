"""The list on its page: a table that is there without a script, and the controls over it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gosales_assets.rendering.markup import Markup, join, tag

UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Choice:
    """A control that leaves rows of one kind."""

    name: str
    title: str
    options: Sequence[tuple[str, str]]
    """What a row may be -> how it is offered; a row's key is the place here, from 0."""


@dataclass(frozen=True)
class Order:
    """An order that rows can be put into."""

    key: int
    """Which of a row's keys it goes by."""
    title: str
    ways: tuple[tuple[str, str], ...]
    """`up` or `down`, and how it is called; the first is what a reader means first."""


@dataclass(frozen=True)
class Head:
    """A column of the table."""

    name: str
    title: str
    under: str | None
    """What stands below the figure in its cells."""
    key: int | None
    """Of the order that its heading puts rows into."""


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    keys: Sequence[float | int | None]
    """Its place in each choice, then what orders go by; None comes last."""
    markup: Markup


@dataclass(frozen=True)
class ListTable:
    """A list for eyes."""

    caption: str
    choices: Sequence[Choice]
    orders: Sequence[Order]
    """The first is the one that the rows are in."""
    heads: Sequence[Head]
    rows: Sequence[Row]


def list_table(table: ListTable) -> Markup:
    """Return the controls and the table."""
    shown = tag(
        "table",
        tag("caption", table.caption, class_="unseen"),
        tag("thead", tag("tr", *(_head(head) for head in table.heads))),
        tag("tbody", *(row.markup for row in table.rows), id="rows"),
    )
    more = tag("button", "Show all rows", type="button", id="more", hidden=True)
    return join(_controls(table), shown, tag("p", more, class_="more-rows"))


def list_row(
    keys: Sequence[float | int | None],
    cells: Sequence[Markup],
    heads: Sequence[Head],
    header_cell: int,
) -> Row:
    """Return a row.

    Parameters
    ----------
    keys
        See `Row`.
    cells, heads
        What it says, and of which columns.
    header_cell
        The column that names a row, counted from 0.
    """
    written = ",".join("x" if key is None else f"{key:g}" for key in keys)
    made = (
        tag("th", cell, scope="row", class_=f"c-{head.name}")
        if at == header_cell
        else tag("td", cell, class_=f"c-{head.name}")
        for at, (head, cell) in enumerate(zip(heads, cells, strict=True))
    )
    return Row(keys, tag("tr", *made, data_k=written))


def _head(head: Head) -> Markup:
    under = tag("small", head.under) if head.under else None
    place = f"c-{head.name}"
    if head.key is None:
        return tag("th", head.title, under, scope="col", class_=place)
    button = tag("button", head.title, type="button", class_="sort")
    return tag("th", button, under, scope="col", class_=place, data_by=head.key, aria_sort="none")


def _controls(table: ListTable) -> Markup:
    fields = [
        _choice(at, choice) for at, choice in enumerate(table.choices) if len(choice.options) > 1
    ]
    words = _field(
        "words",
        "Words in a row",
        tag("input", type="search", id="words", autocomplete="off", spellcheck="false"),
        wide=True,
    )
    ways = [
        tag("option", f"{order.title}, {called}", value=f"{order.key} {way}")
        for order in table.orders
        for way, called in order.ways
    ]
    order = _field("order", "In the order of", tag("select", *ways, id="order"), wide=True)
    buttons = tag(
        "div",
        tag("button", "Print these rows", type="button", id="print", class_="main"),
        tag("button", "Show all again", type="button", id="clear"),
        class_="buttons",
    )
    controls = tag(
        "div", *fields, words, order, buttons,
        id="controls", class_="filters", role="search", aria_label="Rows of the list", hidden=True,
    )  # fmt: skip
    # For paper too: it says whose rows these are.
    return join(controls, tag("p", f"{len(table.rows):,} rows", id="count", role="status"))


def _choice(at: int, choice: Choice) -> Markup:
    options = [
        tag("option", label, value=number, data_name=name)
        for number, (name, label) in enumerate(choice.options)
    ]
    select = tag(
        "select", tag("option", "all", value=""), *options,
        id=f"by-{choice.name}", data_at=at, data_name=choice.title,
    )  # fmt: skip
    return _field(f"by-{choice.name}", choice.title, select)


def _field(at: str, title: str, control: Markup, *, wide: bool = False) -> Markup:
    return tag("div", tag("label", title, for_=at), control, class_="wide" if wide else None)
