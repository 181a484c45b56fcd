r"""Text from data on its way to a page: as it is, whatever it would be as Markdown.

`gosales_resources/markdown.py` makes text harmless for every reader of Markdown; the pages' reader also
takes `$...$` for a formula and `:name:` for a picture or a colour. Cells of tables and labels of charts
are no Markdown and need none of this.
"""

import re

from gosales_resources.markdown import LONGEST, escape, printable

_OWN = re.compile(r"[$:]")
# What stands in backticks is shown as it is, backslashes too.
_CODE = re.compile(r"(`[^`]*`)")


def shown(value: object, longest: int = LONGEST) -> str:
    r"""Return text as Markdown that the pages show as it is.

    Examples
    --------
    >>> print(shown("[x](http://e.com) $x^2$ :red[a]"))
    \[x\]\(`http://e.com`) \$x^2\$ \:red\[a\]
    """
    return _without_own(escape(value, longest))


def our_markdown(text: str) -> str:
    r"""Return Markdown that was made by us of escaped text, such as a model card, for the pages.

    Examples
    --------
    >>> print(our_markdown("# Card of `a$b` $x$"))
    # Card of `a$b` \$x\$
    """
    return _without_own(printable(text))


def _without_own(text: str) -> str:
    parts = _CODE.split(text)
    return "".join(
        part if part.startswith("`") else _OWN.sub(lambda sign: f"\\{sign[0]}", part)
        for part in parts
    )
