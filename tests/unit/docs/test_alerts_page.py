"""The page on alerts: its settings load, its commands parse, its fields are those that are sent."""

import re
import shlex
import warnings
from pathlib import Path

import yaml

from gosales.cli.main import build_parser
from gosales_resources.delivery.composing import compose
from gosales_resources.delivery.delivering import message_of
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.recording import begin, record
from gosales_resources.settings.alerts import SCHEMAS, AlertSettings
from tests.worlds.alerts import NOW, alert_settings, failed, nothing_runs

PAGE = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_its_settings_are_legal_and_its_names_of_settings_exist():
    (shown,) = blocks("yaml")
    assert AlertSettings.model_validate(yaml.safe_load(shown)["alerts"]).enabled
    named = set(re.findall(r"`alerts\.([a-z_]+)`", PAGE)) - {"jsonl"}
    assert named <= set(AlertSettings.model_fields)
    assert len(named) > 8


def test_its_commands_parse():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("gosales ")]
    commands += re.findall(r"`(gosales alerts (?:test|send|list))`", PAGE)
    assert len(commands) > 5
    for command in commands:
        build_parser().parse_args(shlex.split(command, comments=True)[1:])


def test_its_fields_are_what_programs_get(tmp_path):
    with Outbox(tmp_path) as outbox:
        begin(outbox, NOW)
        record(outbox, [failed()], 1, 24, NOW)
        compose(outbox, alert_settings(), "shop", NOW, nothing_runs)
        (row,) = outbox.rows("SELECT * FROM messages")
    fields = message_of(row).fields
    table = PAGE.partition("| field | what |")[2]
    for name in [*fields, *fields["alerts"][0]]:
        assert f"`{name}`" in table


def test_its_addresses_are_of_allowed_kinds_that_the_library_knows():
    from apprise.manager_plugins import NotificationManager

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert [schema for schema in SCHEMAS if schema not in NotificationManager()] == []
    for line in blocks("sh")[0].splitlines():
        assert line.partition("'")[2].partition("://")[0] in SCHEMAS
