"""The page on the pages: its settings are legal, its pictures small, its commands parse."""

import re
import shlex
import tomllib
from pathlib import Path

import yaml

from gosales.cli.main import build_parser
from gosales.pages.server import NEEDED, VARIABLES
from gosales.pages.viewers import Viewer
from gosales_resources.settings.pages import PageSettings

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "pages.md").read_text(encoding="utf-8")
LARGEST = 200_000


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def test_its_settings_are_legal_and_their_names_exist():
    settings = PageSettings.model_validate(yaml.safe_load(block("yaml"))["pages"])
    assert settings.managers
    assert settings.sellers
    assert set(re.findall(r"`pages\.([a-z_]+)`", PAGE)) == set(PageSettings.model_fields)


def test_its_login_has_all_that_is_needed_with_what_comes_from_the_environment():
    told = set(tomllib.loads(block("toml"))["auth"])
    exported = {n for n, v in VARIABLES.items() if f"export {v}=" in block("sh")}
    assert told | exported == set(NEEDED)


def test_its_commands_parse():
    commands = [line for line in block("sh").splitlines() if line.startswith("gosales ")]
    for command in commands:
        assert build_parser().parse_args(shlex.split(command)[1:]).login


def test_its_pictures_are_there_and_small():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(pictures) >= 4
    for name in pictures:
        assert (DOCS / name).stat().st_size < LARGEST


def test_every_page_of_the_program_is_told():
    program = (DOCS.parent / "gosales" / "pages" / "app.py").read_text(encoding="utf-8")
    titles = re.findall(r'show\(desk(?:, account)?\), "([A-Z][a-z ]+)"', program)
    assert len(titles) == 8
    assert titles[0] in ("Account", "List")
    for title in titles:
        assert re.search(rf"^\| {title} \|", PAGE, re.MULTILINE)


def test_a_seller_is_not_a_manager():
    assert not Viewer("a@x.example", sees_all=False).may_see("Ann Lee")
