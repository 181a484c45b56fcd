"""Commands that README and the documents show are commands: understood as they stand."""

import shlex

import pytest

from gosales.cli.main import build_parser
from gosales_resources.settings.base import models_in
from gosales_resources.settings.loading import parse_overrides
from gosales_resources.settings.tree import Settings
from tests.worlds.documented import documented_commands, mentioned_commands

SHOWN, MENTIONED = documented_commands(), mentioned_commands()


def arguments_of(command: str) -> list[str]:
    return shlex.split(command.partition(" > ")[0])[1:]


@pytest.mark.parametrize(("page", "command"), SHOWN)
def test_a_command_that_is_shown_is_understood(page, command):
    asked = arguments_of(command)
    if asked in (["--version"], ["--help"]):
        return
    options = build_parser().parse_args(asked)
    assert options.command
    for path in leaves(parse_overrides(getattr(options, "set", []))):
        assert is_setting(path)


@pytest.mark.parametrize(("page", "command"), MENTIONED)
def test_a_command_that_a_sentence_names_exists_with_its_options(page, command):
    parser, legal = build_parser(), set()
    for word in command.split()[1:]:
        if parser.commands and word in parser.commands.choices:
            parser = parser.commands.choices[word]
            legal |= {option for action in parser._actions for option in action.option_strings}
        elif word.startswith("--"):
            assert word.partition("=")[0] in legal | {"--version", "--help"}
    # A name by which no command goes leaves the program's own parser.
    assert parser.prog != "gosales" or command.split()[1].startswith("--")


def test_the_pages_show_commands_of_every_kind():
    shown = {command.split()[1] for _, command in SHOWN}
    assert shown >= {"materialize", "list", "export", "show", "status", "model", "ui", "source"}
    assert len(MENTIONED) > 10


def leaves(tree: dict, *above: str) -> list[tuple[str, ...]]:
    return [
        path
        for name, value in tree.items()
        for path in (leaves(value, *above, name) if isinstance(value, dict) else [(*above, name)])
    ]


def is_setting(path: tuple[str, ...]) -> bool:
    models = [Settings]
    for name in path:
        having = [model for model in models if name in model.model_fields]
        if not having:
            return False
        models = [n for m in having for n in models_in(m.model_fields[name].annotation)]
    return True
