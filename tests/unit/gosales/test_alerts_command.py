"""`gosales alerts`: list, show, ack, send, test; and that cures are commands that exist."""

import json
import shlex
from pathlib import Path

import pytest

from gosales.cli.main import build_parser, main
from gosales_assets.operations.alert_cures import CURES, cure
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.recording import begin, record
from tests.worlds.alerts import HOSTILE, NOW, failed, passed, receiver
from tests.worlds.erp import random_rows, write_world

TEAM = {"team": {"kind": "apprise", "url_variable": "TEAM_URL"}}


@pytest.fixture
def world(tmp_path):
    """Make a world, and put failures into its outbox."""

    def make(*events, **alerts):
        told = {"enabled": True, "digest_hour": None, **alerts}
        told.setdefault("routes", [{"sink": name} for name in told.get("sinks", {"file": None})])
        settings = write_world(tmp_path, random_rows(1), {"alerts": told})
        if events:
            with Outbox(settings.alerts_root) as outbox:
                begin(outbox, NOW)
                record(outbox, events, events[-1].event, 24, NOW)
        return settings

    return make


@pytest.fixture
def gosales(tmp_path, capsys):
    """Run `gosales alerts`; give its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["alerts", *arguments, "--config", str(tmp_path / "gosales.yaml")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_where_nothing_failed_the_list_says_so_and_makes_no_outbox(world, gosales):
    settings = world(enabled=False)
    assert gosales("list")[:2] == (
        0,
        "No alerts that are open or acknowledged. Alerts are off: set alerts.enabled.\n",
    )
    assert gosales("list", "--format", "json")[:2] == (0, "[]\n")
    assert not settings.alerts_root.exists()


@pytest.mark.parametrize("arguments", [("send",), ("test",)], ids=["send", "test"])
def test_what_is_off_sends_nothing(world, gosales, arguments):
    world(enabled=False)
    code, _, error = gosales(*arguments)
    assert (code, "alerts.enabled" in error) == (2, True)


def test_the_list_shows_a_check_once_with_how_often_it_failed_and_hides_what_is_good_again(
    world, gosales
):
    again = failed(2, partition=failed(1).partition, at=NOW + 60)
    world(failed(1), again, failed(3), passed(failed(3), 4))
    code, out, _ = gosales("list", "--format", "json")
    (row,) = json.loads(out)
    assert (code, row["times"], row["id"]) == (0, 2, again.id[:12])
    assert len(json.loads(gosales("list", "--state", "all", "--format", "json")[1])) == 2
    assert gosales("list", "--state", "recovered", "--format", "csv")[1].count("\n") == 2


def test_hostile_names_reach_the_terminal_as_text(world, gosales):
    world(failed(1, finding=HOSTILE, asset=HOSTILE, division=HOSTILE))
    for arguments in (("list",), ("show", failed(1, asset=HOSTILE).id)):
        code, out, _ = gosales(*arguments)
        assert code == 0
        assert not {"\x1b", "\r", "\u202e"} & set(out)


def test_a_short_id_is_enough_to_look_and_to_acknowledge(world, gosales):
    one = failed(1)
    world(one, failed(2))
    assert gosales("ack", one.id[:6], "--by", "Ann", "--note", "known")[:2] == (
        0,
        f"{one.id[:12]} is Ann's: lift_above_floor of scores, 2024-06-30|d1\n",
    )
    out = gosales("show", one.id[:6])[1]
    assert "acknowledged: " in out
    assert "by Ann: known" in out
    assert json.loads(gosales("show", one.id[:6], "--format", "json")[1])["note"] == "known"


def test_an_id_that_is_unknown_is_refused_and_nothing_is_made_to_look(world, gosales):
    settings = world()
    assert gosales("ack", "abc", "--by", "Ann")[0] == 2
    assert not settings.alerts_root.exists()
    world(failed(1))
    code, _, error = gosales("show", "nothing")
    assert (code, "gosales alerts list" in error) == (2, True)


def test_send_delivers_now_and_fails_while_a_receiver_is_down(world, gosales, monkeypatch):
    with receiver() as team:
        monkeypatch.setenv("TEAM_URL", team.url)
        team.refuses = 2
        world(failed(1), sinks=TEAM)
        for code, told in ((1, "waits"), (1, "waits"), (0, "yes"), (0, "yes")):
            assert gosales("send")[0] == code
            assert json.loads(gosales("list", "--format", "json")[1])[0]["told"] == told
    assert len(team.got) == 1
    assert team.got[0]["gosales"]["ids"] == [failed(1).id]


def test_a_sink_that_waits_is_told_by_the_list(world, gosales, monkeypatch):
    monkeypatch.delenv("TEAM_URL", raising=False)
    world(failed(1), sinks=TEAM)
    code, _, error = gosales("send")
    assert (code, "TEAM_URL is not set" in error) == (1, True)
    assert "1 messages to team wait to be tried again" in gosales("list")[2]


def test_test_reaches_every_sink_and_says_which_failed(world, gosales, monkeypatch):
    with receiver() as team:
        monkeypatch.setenv("TEAM_URL", team.url)
        settings = world(sinks=TEAM | {"file": {"kind": "file", "folder": "kept here"}})
        assert gosales("test")[:2] == (0, "file: sent\nteam: sent\n")
        monkeypatch.setenv("TEAM_URL", "dbus://")
        assert gosales("test")[:2] == (1, "file: sent\nteam: failed\n")
    assert len(team.got) == 1
    lines = (settings.config_file.parent / "kept here" / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["test", "test"]


@pytest.mark.parametrize("pattern", CURES)
def test_a_cure_is_a_command_that_exists(pattern):
    check = pattern.replace("*", "any")
    command = cure(check, "scores", "2024-06-30|simulation", Path("my shop/gosales.yaml"))
    program, *arguments = shlex.split(command)
    assert program == "gosales"
    assert build_parser().parse_args(arguments).config == Path("my shop/gosales.yaml")
