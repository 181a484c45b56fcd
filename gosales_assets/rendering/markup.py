"""Markup made of tags and escaped text: what came from data is never read as markup.

Whatever is no `Markup` is text. Nothing here knows what is told.
"""

import html

from gosales_resources.markdown import visible

VOID = {"br", "img", "input", "link", "meta", "col"}
Attribute = str | int | float | bool | None


class Markup(str):
    """Markup, made here alone."""

    __slots__ = ()


def text(value: object) -> Markup:
    r"""Return text as markup that shows it as it is, control and direction signs spelt out.

    Examples
    --------
    >>> text('<img src=x onerror="alert(1)"> & \u202e')
    '&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; \\u202e'
    """
    return Markup(html.escape(visible(value), quote=True))


def tag(name: str, /, *children: object, **attributes: Attribute) -> Markup:
    """Return an element.

    Parameters
    ----------
    name
        Of the element.
    children
        Markup, or text that is escaped; None is nothing.
    attributes
        A name's last underline is dropped (`class_`), the others are hyphens (`data_k`). True is the
        bare name; None and False leave it out.

    Examples
    --------
    >>> tag("a", "<b>", href="#list", class_="x y", hidden=True, title=None)
    '<a href="#list" class="x y" hidden>&lt;b&gt;</a>'
    """
    written = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: object) -> Markup:
    """Return markup and texts, one after the other."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else text(child)
            for child in children
            if child is not None
        )
    )


def _attribute(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")
