"""Text from data on a page is text."""

import pytest
from markdown_it import MarkdownIt

from gosales.pages.text import our_markdown, shown

HOSTILE = [
    "<img src=x onerror=alert(1)>", "=cmd()", "[a](javascript:alert(1))", "$x$", ":red[a] :smile:",
    "![](http://e.com/p.png)", "`code` $a$", "a\n# b", "**b** __c__", "http://e.com $y$",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_shown_as_it_is(text):
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parseInline(shown(text))[0].children or []
    assert {token.type for token in tokens} <= {"text", "code_inline", "text_special"}
    told = "".join(token.content for token in tokens)
    assert told == text.replace("\n", " ").replace("`", "") or told == text.replace("\n", " ")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_sign_of_the_pages_own_markdown_is_left_open(text):
    outside = "".join(shown(text).split("`")[::2])
    assert "$" not in outside.replace("\\$", "")
    assert ":" not in outside.replace("\\:", "")


def test_a_card_keeps_its_markdown_and_loses_its_formulas():
    assert our_markdown("# T\n\n| a | `$b` |") == "# T\n\n| a | `$b` |"
    assert our_markdown("costs $1 and $2") == "costs \\$1 and \\$2"
