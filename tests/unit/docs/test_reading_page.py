"""The page for sellers says what the list does: grades, links, and a word for each term."""

import re
from pathlib import Path

import pytest

from gosales_assets.whitespace.grades import GRADES, WORST

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "how-to-read-the-list.md").read_text(encoding="utf-8")
# Tenths and twentieths in the page's words.
SHARES = {0.10: "tenth", 0.20: "next fifth", 0.30: "next three tenths", 0.25: "next quarter"}
TERMS = [
    "cutoff", "window", "Chance", "Value", "Expected value", "interval", "Capture", "Shares", "reason",
    "drivers", "Stability", "Coverage", "base rate", "control group",
]  # fmt: skip


def test_the_page_has_the_grades_of_the_list():
    flat, ends = " ".join(PAGE.split()), [1.0, *(least for _, least in GRADES)]
    for (name, least), above in zip(GRADES, ends[:-1], strict=True):
        assert re.search(rf"{name} (?:is )?the (?:best )?{SHARES[round(above - least, 2)]}", flat)
    assert f"{WORST} the rest" in PAGE


@pytest.mark.parametrize("term", TERMS)
def test_each_term_is_set_off_where_it_is_explained(term):
    assert PAGE.count(f"**{term}**") == 1


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", PAGE))
def test_each_link_leads_somewhere(link):
    name, _, heading = link.partition("#")
    titles = re.findall(r"^#+ (.*)$", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert not heading or heading in slugs
