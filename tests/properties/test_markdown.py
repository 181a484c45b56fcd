"""Whatever a text is, a page and a terminal show it as it is: judged by another Markdown parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gosales_resources.markdown import LONGEST, bullets, escape, paragraph, plain, table, visible
from tests.worlds.markdown_page import HOSTILE, PARSER, cells, harms, text_of, tokens

SIGNS = "\\`*_[]()<>&|~!#-+=.:/@ab1 \n\t$^{}'\"\x1b\u202e"
PIECES = [text for name, text in HOSTILE.items() if name != "long"]
PIECES += [
    "`", "``", "|", "\\", "http://x", "_a_", "__", "a_b", "&amp;", "- x", "1. y",
    "# h", "    code", "---", "***", "===", "[ ] x", "[a]: http://b", "|---|", "www.", "@", "://",
]  # fmt: skip
texts = st.text(max_size=20) | st.text(st.sampled_from(SIGNS), max_size=20)
texts |= st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


def shown(text: str) -> str:
    return visible(text, LONGEST).strip()


@given(texts, texts)
def test_a_cell_shows_its_text_and_stays_one_cell(one, other):
    made = table(["a", "b"], [[one, 1], [other, one], [None, other]])
    expected = [["a", "b"], [one, "1"], [other, one], ["", other]]
    assert cells(made) == [[shown(cell) for cell in row] for row in expected]
    assert harms(made) == []


@given(texts)
def test_a_paragraph_shows_its_text_and_is_nothing_else(text):
    parsed = PARSER.parse(paragraph(text))
    assert "".join(text_of(t) for t in parsed if t.type == "inline") == shown(text)
    assert [t.type for t in parsed] in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert harms(paragraph(text)) == []


@given(st.lists(texts, min_size=1, max_size=4))
def test_a_list_has_an_item_for_each_text(lines):
    parsed = tokens(bullets(lines))
    assert [t.type for t in parsed].count("list_item_open") == len(lines)
    assert "".join(text_of(t) for t in parsed if t.type == "inline") == "".join(map(shown, lines))
    assert harms(bullets(lines)) == []


@given(texts)
def test_a_terminal_gets_back_the_text_that_was_escaped(text):
    assert plain(escape(text)) == visible(text, LONGEST)


@given(texts)
def test_what_is_visible_has_no_control_and_is_one_line(text):
    assert visible(text).splitlines() in ([], [visible(text)])
    assert not set(visible(text)) & {chr(n) for n in [*range(32), *range(127, 160)]}


def test_a_long_text_is_cut_and_said_to_be():
    assert escape("x" * 5_000) == "x" * LONGEST + "… (5,000 characters)"


@pytest.mark.parametrize(
    "name", ["dim_customer", "rfm__all__gp_sum__12m", "2024-06-30", "A&B, 5 %"]
)
def test_a_plain_name_stays_readable_as_it_is(name):
    assert escape(name).replace("\\&", "&") == name
