"""Commands that messages name run as printed: with the settings that the command itself was given."""

import datetime as dt
import shlex
from pathlib import Path

import pytest

from gosales.cli.main import build_parser, main
from gosales.cli.terminal import say, tell, under_settings, with_settings
from gosales_resources.store.address import Address, damaged_message, missing_message, remedy
from tests.worlds.erp import random_rows, write_world

DAY = dt.date(2023, 3, 31)
CONFIG = Path("my shops/one.yaml")
MESSAGES = {
    "rows: gosales show sales_log_rejects --cutoff 2024-06-30": "show",
    "a file is damaged (cut off): gosales materialize --select a,b --cutoffs 2024-03-31..2024-06-30": "materialize",
    "If this is meant: gosales schema accept": "schema",
    "release the pin: gosales model release simulation --cutoff 2024-06-30": "model",
    "Look (gosales materialize --cutoffs FIRST..LAST (what is current stays))": "materialize",
    "another port: gosales ui --port 3001.": "ui",
    "See `gosales status`, it says why": "status",
    "  gosales list --cutoff 2025-06-30 --rep 'Ugo Lindt'": "list",
}  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
def test_a_command_gets_the_settings_and_the_rest_stays(message):
    options = " --config 'my shops/one.yaml' --set 'a.b=c d'"
    with under_settings(CONFIG, ["a.b=c d"]):
        told = with_settings(message)
    assert told.count(options) == 1
    assert told.replace(options, "") == message
    command = told[told.index("gosales ") : told.index(options) + len(options)]
    parsed = build_parser().parse_args(shlex.split(command)[1:])
    assert (parsed.config, parsed.set) == (CONFIG, ["a.b=c d"])


@pytest.mark.parametrize(
    "message",
    [
        "gosales show whitespace --config other.yaml --cutoff 2024-06-30",
        "gosales config check --config other.yaml",
        "gosales demo",
        "the store of gosales holds it",
    ],
)
def test_what_has_its_own_settings_or_takes_none_stays(message):
    with under_settings(CONFIG):
        told = with_settings(message)
    # Right before its own, or not at all.
    assert told == message


def test_without_given_settings_nothing_is_added(capsys):
    with under_settings(None):
        tell("gosales status")
        say("gosales status")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("gosales status\n", "gosales status\n")


def test_a_missing_partition_names_a_command_that_runs_as_printed(tmp_path, capsys):
    write_world(tmp_path, random_rows(1))
    config = str(tmp_path / "gosales.yaml")
    show = ["show", "sales_log", "--cutoff", "2023-03-31", "--config", config]
    assert main(show) == 2
    told = capsys.readouterr().err
    address = Address("sales_log", DAY)
    assert f"{remedy(address)} --config {config}" in told


def test_messages_of_the_store_name_their_command_in_a_form_that_is_found():
    address = Address("sales_log", DAY)
    with under_settings(CONFIG):
        for message in (missing_message([address]), damaged_message(address, "it is gone")):
            assert with_settings(message).endswith(" --config 'my shops/one.yaml'")
