"""What is typed: help by what people do, the nearest name for what was mistyped, settings found."""

import re
from pathlib import Path

import pytest

from gosales.cli.main import GROUPS, build_parser, main
from gosales.cli.program import program_name
from gosales.cli.terminal import COMMAND
from gosales_resources.errors import SettingsError
from gosales_resources.settings.loading import CONFIG_VARIABLE, find_settings
from tests.worlds.erp import random_rows, write_world


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    return tmp_path


def told(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["model"], ["config"], ["schema"]])
def test_a_program_or_command_alone_shows_what_may_follow(capsys, arguments):
    shown = told(capsys, *arguments)
    assert "usage:" in shown
    assert "error" not in shown


def test_help_has_every_command_once_under_what_people_do(capsys):
    shown = told(capsys)
    parser = build_parser()
    assert parser.commands is not None
    for name in parser.commands.choices:
        assert len(re.findall(rf"^  {name} {{2,}}\w", shown, re.MULTILINE)) == 1
    assert [line[:-1] for line in shown.splitlines() if line[:-1] in GROUPS] == list(GROUPS)
    assert "Examples:" in shown


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["materialise"], "Unknown command 'materialise'. Did you mean 'materialize'?"),
        (["model", "lst"], "Unknown action 'lst'. Did you mean 'list'?"),
        (["show", "x", "--colums", "a"], "Unknown option '--colums'. Did you mean '--columns'?"),
        (["list", "--format", "jsn"], "--format: 'jsn' is unknown. Did you mean 'json'"),
        (["list", "--top", "many"], "'many' is not a positive whole number"),
        (["export", "2024-12-31"], "'2024-12-31' is one argument too many"),
    ],
)
def test_what_is_mistyped_gets_the_nearest_name_in_one_line(capsys, arguments, hint):
    first, second = told(capsys, *arguments).splitlines()
    assert hint in first
    assert second.startswith("See ")
    assert second.endswith(" --help")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["show", "whitespce"], "Unknown table 'whitespce'. Did you mean 'whitespace'"),
        (["status", "label"], "Unknown asset 'label'. Did you mean 'labels'"),
        (["list", "--columns", "custmer_id"], "'customer_id'"),
        (["model", "card", "simulatin"], "'Simulation'"),
    ],
)
def test_a_mistyped_table_column_or_division_gets_the_nearest(elsewhere, capsys, arguments, hint):
    write_world(elsewhere, random_rows(1))
    assert main(arguments) == 2
    assert hint in capsys.readouterr().err


def test_settings_are_those_named_then_the_variables_then_the_folders(elsewhere, monkeypatch):
    for name in ("gosales.yaml", "by_variable.yaml", "named.yaml"):
        (elsewhere / name).touch()
    assert find_settings() == elsewhere / "gosales.yaml"
    monkeypatch.setenv(CONFIG_VARIABLE, "by_variable.yaml")
    assert find_settings() == elsewhere / "by_variable.yaml"
    assert find_settings("named.yaml") == elsewhere / "named.yaml"


def test_no_settings_says_where_was_looked_and_what_is_near(elsewhere, monkeypatch):
    (elsewhere / "demo").mkdir()
    (elsewhere / "demo" / "gosales.yaml").touch()
    with pytest.raises(SettingsError) as error:
        find_settings()
    assert f"{elsewhere} has no gosales.yaml" in str(error.value)
    assert str(Path("demo/gosales.yaml")) in str(error.value)
    monkeypatch.setenv(CONFIG_VARIABLE, "gone.yaml")
    with pytest.raises(
        SettingsError, match=r"gone.yaml does not exist \(GOSALES_CONFIG names it\)"
    ):
        find_settings()


def test_that_the_variable_wins_over_the_folder_is_said(elsewhere, monkeypatch, capsys):
    write_world(elsewhere, random_rows(1))
    other = elsewhere / "other"
    write_world(other, random_rows(1))
    monkeypatch.setenv(CONFIG_VARIABLE, str(other / "gosales.yaml"))
    assert main(["config", "check"]) == 0
    said = capsys.readouterr()
    assert str(other) in said.out
    assert "this folder's gosales.yaml is not read" in said.err
    assert main(["config", "check", "--config", "gosales.yaml"]) == 0
    assert "not read" not in capsys.readouterr().err


def test_every_command_is_known_to_what_completes_printed_ones():
    parser = build_parser()
    assert parser.commands is not None
    for name, sub in parser.commands.choices.items():
        follows = sub.commands.choices if sub.commands else {""}
        for action in follows:
            typed = f"gosales {name} {action}".strip()
            typed += {"show": " sales_log", "model": "" if action == "list" else " simulation"}.get(
                name, ""
            )
            found = COMMAND.fullmatch(typed)
            assert found, typed
            takes = any("--config" in a.option_strings for a in sub._actions) or (
                sub.commands
                and any("--config" in a.option_strings for a in follows[action]._actions)
            )
            assert bool(found["takes_settings"]) == bool(takes), typed


def test_the_program_is_called_as_a_shell_here_finds_it(tmp_path, monkeypatch):
    scripts = tmp_path / "env" / "bin"
    scripts.mkdir(parents=True)
    for name in ("python", "gosales"):
        (scripts / name).touch(0o755)
    monkeypatch.setattr("sys.executable", str(scripts / "python"))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(tmp_path)
    assert program_name() == str(Path("env/bin/gosales"))
    monkeypatch.chdir(scripts)
    assert program_name() == str(Path("./gosales").absolute())
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert program_name() == str(scripts / "gosales")
    monkeypatch.setenv("PATH", str(scripts))
    assert program_name() == "gosales"
    (scripts / "gosales").unlink()
    assert program_name() == f"{scripts / 'python'} -m gosales"
