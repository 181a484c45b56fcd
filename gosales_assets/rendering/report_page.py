"""The page around the parts of a report: one file that asks no network for anything.

Its policy lets the one style and the one script run that are here, by their hash, and pictures that
are in the page; all else is refused by the browser, whatever data say.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence

from gosales_assets.rendering.markup import Markup, join, tag
from gosales_assets.rendering.report_script import SCRIPT
from gosales_assets.rendering.report_style import STYLE


def render_page(
    title: str, lead: Sequence[Markup], parts: Mapping[str, tuple[str, Markup]], foot: Markup
) -> bytes:
    """Return a page.

    Parameters
    ----------
    title
        Of the page and its first heading.
    lead
        What stands above the parts.
    parts
        Id of a part -> its name in the contents, and the part itself with that id.
    foot
        What stands below.

    Returns
    -------
    bytes
        HTML, UTF-8. Equal parts give equal bytes.
    """
    contents = (tag("li", tag("a", name, href=f"#{at}")) for at, (name, _) in parts.items())
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        # Else a browser that gets the page from a server asks it for a picture.
        tag("link", rel="icon", href="data:,"),
        Markup(f"<style>{STYLE}</style>"),
    )
    body = tag(
        "body",
        tag("a", "To the contents", href="#contents", class_="skip"),
        tag("header", tag("h1", title), *lead),
        tag("nav", tag("ul", *contents), id="contents", aria_label="Contents"),
        tag("main", *(part for _, part in parts.values())),
        tag("footer", foot),
        Markup(f"<script>{SCRIPT}</script>"),
    )
    page = join(Markup("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"), Markup("\n"))
    return page.encode()


def policy() -> str:
    """Return what the browser may do on the page: see the module."""
    style, script = (_hash(text) for text in (STYLE, SCRIPT))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
