"""What came from data is text on a page, and the page lets its own style and script run and no other."""

import base64
import hashlib
import re

import pytest

from gosales_assets.rendering.interval_chart import Bar, interval_chart
from gosales_assets.rendering.markdown_html import markdown_html
from gosales_assets.rendering.markup import join, tag
from gosales_assets.rendering.page_blocks import table
from gosales_assets.rendering.report_page import render_page
from gosales_assets.rendering.report_script import SCRIPT
from gosales_resources.markdown import bullets, escape, visible
from gosales_resources.markdown import table as markdown_table
from tests.worlds.list_page import ATTACKS, Markup
from tests.worlds.lists import HOSTILE


@pytest.mark.parametrize("text", [*ATTACKS, *HOSTILE])
def test_text_is_read_back_as_it_was_wherever_it_stands(text):
    page = Markup(tag("p", text, title=text, data_k=text))
    assert page.text == visible(text)
    assert page.elements == [("p", {"title": visible(text), "data-k": visible(text)})]


@pytest.mark.parametrize("text", ATTACKS)
def test_markdown_of_ours_is_the_text_that_it_was_made_of(text):
    written = (
        f"# A {escape(text)}\n\n{bullets([text])}\n\n{markdown_table(['a', text], [[text, 1]])}"
    )
    page = Markup(markdown_html(written, 4))
    assert {name for name, _ in page.elements} <= {
        "h4", "ul", "li", "div", "table", "caption", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    (rows,) = page.tables.values()
    assert rows == [["a", visible(text)], [visible(text), "1"]]


def test_the_policy_names_the_style_and_the_script_that_are_there_and_nothing_else():
    page = render_page("T", [], {"a": ("A", tag("section", id="a"))}, join()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#x27;", "'").split("; "))
    (style,), (script,) = (
        re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL) for name in ("style", "script")
    )
    for text, rule in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    none = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    assert rules == none | {"img-src": "data:"}
    # A style of an element would be refused by it.
    assert " style=" not in page


@pytest.mark.parametrize(
    "sign", ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "fetch(", "http"]
)
def test_the_script_makes_no_markup_and_asks_no_network(sign):
    assert sign not in SCRIPT


def test_a_chart_says_its_figures_and_draws_them_to_scale():
    bars = [Bar("a", 10, 5, 20, "10 % (5 to 20)", is_marked=True), Bar("b", 0, None, None, "0 %")]
    chart = Markup(interval_chart("Shares", "% of all", bars))
    assert all(told in chart.text for told in ("Shares", "% of all", "10 % (5 to 20)", "0 %"))
    shapes = [(name, at) for name, at in chart.elements if name == "rect"]
    assert [at["class"] for _, at in shapes] == ["bar marked", "bar"]
    assert float(shapes[1][1]["width"]) == 0
    (interval,) = (at for _, at in chart.elements if at.get("class") == "interval")
    # From 0 to 10 is the bar; from 5 to 20 half as much again.
    long = float(interval["x2"]) - float(interval["x1"])
    assert long == pytest.approx(1.5 * float(shapes[0][1]["width"]), abs=0.2)


def test_a_table_names_its_columns_and_rows_for_who_cannot_see_it():
    made = Markup(table("What", ["a", "b"], [["x", "1"]], numbers=[1]))
    heads = [at["scope"] for name, at in made.elements if name == "th"]
    assert heads == ["col", "col", "row"]
    assert made.tables == {"What": [["a", "b"], ["x", "1"]]}
    # Who has no mouse scrolls it by keys.
    assert made.elements[0][1]["tabindex"] == "0"
