"""What a page is put together from: notes, facts, tables, pictures, parts that open."""

import base64
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from gosales_assets.rendering.markup import Markup, join, tag

Level = Literal["info", "warning", "failure"]
LEVELS: dict[Level, str] = {"info": "Note", "warning": "Warning", "failure": "Problem"}


def paragraph(*children: object, quiet: bool = False) -> Markup:
    """Return a paragraph; a quiet one explains, in smaller letters."""
    return tag("p", *children, class_="quiet" if quiet else None)


def banner(level: Level, what: object, remedy: object = None) -> Markup:
    """Say something that a reader must know first, and what to do about it."""
    todo = tag("span", " ", remedy, class_="todo") if remedy else None
    return tag("p", tag("strong", LEVELS[level], ": "), what, todo, class_=f"banner {level}")


def command(line: object) -> Markup:
    """Return what a person types."""
    return tag("code", line)


def facts(pairs: Iterable[tuple[object, object]]) -> Markup:
    """Return figures with what they are of."""
    return tag(
        "dl",
        *(tag("div", tag("dt", what), tag("dd", value)) for what, value in pairs),
        class_="facts",
    )


def bullets(lines: Iterable[object]) -> Markup:
    """Return a list of texts."""
    return tag("ul", *(tag("li", line) for line in lines))


def table(
    caption: str,
    titles: Sequence[str],
    rows: Iterable[Sequence[object]],
    numbers: Collection[int] = (),
    *,
    is_titled: bool = False,
) -> Markup:
    """Return a table whose first column names its rows.

    Parameters
    ----------
    caption
        What it is a table of.
    titles
        Of the columns.
    rows
        Cells: texts, or markup.
    numbers
        Columns that stand to the right, counted from 0.
    is_titled
        Whether a heading above says the caption already: then it is for who cannot see it.
    """

    def right(at: int) -> str | None:
        return "n" if at in numbers else None

    head = tag(
        "tr", *(tag("th", one, scope="col", class_=right(at)) for at, one in enumerate(titles))
    )
    body = (
        tag(
            "tr",
            *(
                tag("td", cell, class_=right(at)) if at else tag("th", cell, scope="row")
                for at, cell in enumerate(row)
            ),
        )
        for row in rows
    )
    inner = tag(
        "table",
        tag("caption", caption, class_="unseen" if is_titled else None),
        tag("thead", head),
        tag("tbody", *body),
        class_="plain",
    )
    # Who has no mouse scrolls it too.
    return tag("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def opens(summary: object, *children: object) -> Markup:
    """Return a part that is shown on demand."""
    return tag("details", tag("summary", summary), *children)


def picture(png: bytes, alt: str) -> Markup:
    """Return a picture inside the page."""
    data = base64.b64encode(png).decode("ascii")
    image = tag("img", src=f"data:image/png;base64,{data}", alt=alt, width=710, height=270)
    return tag("div", image, class_="scroll picture", tabindex=0, role="region", aria_label=alt)


def section(name: str, title: str, *children: object) -> Markup:
    """Return a part of the page that its contents lead to."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, join(*children), id=name, aria_labelledby=f"{name}-title")
