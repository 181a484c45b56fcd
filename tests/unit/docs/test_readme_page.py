"""The README: its picture is small, its links lead somewhere, its graph is the graph of the contracts."""

import re
from pathlib import Path

import pytest

from gosales_checks.contracts.registry import CONTRACTS

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\]\((?!https?:)([^)#]*)(?:#[\w-]*)?\)", README)) - {""})
LARGEST = 150_000


@pytest.mark.parametrize("link", LINKS)
def test_each_link_leads_to_what_is_there(link):
    assert any((ROOT / name).exists() for name in (link, f"{link}.md"))


def test_the_picture_of_the_list_is_small():
    assert (ROOT / "docs" / "list.png").stat().st_size < LARGEST


def test_each_audience_has_a_screen_before_the_commands():
    titles = re.findall(r"^## (.*)$", README, re.MULTILINE)
    assert titles[:2] == ["For revenue teams", "For data engineers"]


def test_the_graph_has_every_group_of_assets():
    nodes = re.findall(r'^    (\w+)\["(\w+): (\d+) tables?"\]$', README, re.MULTILINE)
    groups = [contract.group for contract in CONTRACTS.values()]
    assert {name: int(count) for _, name, count in nodes} == {g: groups.count(g) for g in groups}
