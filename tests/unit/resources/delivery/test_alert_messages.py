"""Messages: one for a command and a sink, by route; waits, recoveries, the digest, hostile text."""

import json

import pytest

from gosales_resources.delivery.composing import compose
from gosales_resources.delivery.delivering import deliver
from gosales_resources.delivery.outbox import Outbox
from gosales_resources.delivery.recording import begin, record
from gosales_resources.delivery.sinks import DeliveryError
from gosales_resources.delivery.wording import BREAK
from tests.worlds.alerts import (
    HOSTILE,
    HOUR,
    MINUTE,
    NOW,
    alert_settings,
    failed,
    nothing_runs,
    passed,
)

TWO_SINKS = {"sinks": {"file": {"kind": "file"}, "chat": {"kind": "stdout"}}}


@pytest.fixture
def outbox(tmp_path):
    with Outbox(tmp_path) as made:
        begin(made, NOW)
        yield made


def put(outbox, *events, now: float = NOW) -> None:
    record(outbox, events, events[-1].event, 24, now)


def made(outbox, kind: str = "failed") -> list[dict]:
    found = outbox.rows("SELECT * FROM messages WHERE kind = ? ORDER BY rowid", kind)
    return [row | json.loads(row["content"]) for row in found]


def send(outbox, settings, sink=lambda _: "taken", now: float = NOW):
    return deliver(outbox, settings, lambda _: sink, lambda: now, now + 9)


def test_the_alerts_of_one_command_are_one_message_with_counts_and_the_worst_first(outbox):
    warn, error = {"command": "c", "severity": "WARN"}, {"command": "c"}
    put(outbox, failed(1, **warn), *(failed(n, **error) for n in range(2, 30)), failed(30))
    settings = alert_settings(sinks={"file": {"kind": "stdout"}}, shown=3)
    assert compose(outbox, settings, "shop", NOW, nothing_runs) == 2
    first, other = made(outbox)
    assert first["title"].startswith("gosales shop: 29 alerts (28 ERROR, 1 WARN)")
    assert "and 26 more: gosales alerts list" in first["text"]
    assert first["text"].startswith("ERROR ")
    assert (len(first["ids"]), len(first["alerts"]), other["count"]) == (29, 3, 1)


def test_a_file_gets_every_alert_in_full(outbox):
    put(outbox, *(failed(n, command="c") for n in range(1, 40)))
    compose(outbox, alert_settings(shown=1), "shop", NOW, nothing_runs)
    assert len(made(outbox)[0]["alerts"]) == 39


def test_a_route_takes_its_severity_assets_and_checks_and_the_rest_is_said_to_have_none(outbox):
    put(
        outbox,
        failed(1, command="c"),
        failed(2, command="c", severity="WARN"),
        failed(3, command="c", asset="labels"),
        failed(4, command="c", check="run", asset="labels, scores"),
    )
    routes = [
        {"sink": "file", "lowest": "ERROR", "assets": ["score*"]},
        {"sink": "chat", "checks": ["run"]},
        {"sink": "chat", "assets": ["nothing"]},
    ]
    compose(outbox, alert_settings(**TWO_SINKS, routes=routes), "shop", NOW, nothing_runs)
    ids = {m["sink"]: m["ids"] for m in made(outbox)}
    run = failed(4, check="run", asset="labels, scores").id
    assert set(ids["file"]) == {failed(1).id, run}
    assert ids["chat"] == [run]
    lost = outbox.rows("SELECT id FROM alerts WHERE kept_back = 'no route leads to a sink'")
    assert {row["id"] for row in lost} == {
        failed(2, severity="WARN").id,
        failed(3, asset="labels").id,
    }


@pytest.mark.parametrize(
    ("minutes", "running", "finished", "count"),
    [
        (0.5, set(), (), 0),
        (2, {"c"}, (), 0),
        (2, set(), (), 1),
        (15, {"c"}, (), 1),
        (0, {"c"}, ("c",), 1),
        (0, {"c"}, None, 1),
    ],
    ids=["just now", "still runs", "quiet", "waited for long enough", "ended", "at once"],
)
def test_an_alert_waits_for_others_of_its_command(outbox, minutes, running, finished, count):
    put(outbox, failed(1, command="c"))
    settings, now = alert_settings(wait_minutes=15), NOW + minutes * MINUTE
    assert compose(outbox, settings, "shop", now, lambda _: running, finished) == count


def test_who_was_told_of_a_failure_is_told_once_that_it_is_good_again(outbox):
    settings = alert_settings(
        **TWO_SINKS, routes=[{"sink": "file"}, {"sink": "chat", "checks": ["x"]}]
    )
    put(outbox, failed(1))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    send(outbox, settings)
    put(outbox, passed(failed(1), 5))
    for _ in range(2):
        compose(outbox, settings, "shop", NOW, nothing_runs)
        send(outbox, settings)
    (good,) = made(outbox, "recovered")
    assert (good["sink"], good["ids"]) == ("file", [failed(1).id])
    assert "is good again" in good["title"]


def test_what_nobody_was_told_of_is_not_said_to_be_good_again(outbox):
    def down(_):
        raise DeliveryError("down")

    settings = alert_settings()
    put(outbox, failed(1))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    send(outbox, settings, down)
    put(outbox, passed(failed(1), 5))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    assert made(outbox, "recovered") == []
    send(outbox, settings, now=NOW + HOUR)
    compose(outbox, settings, "shop", NOW, nothing_runs)
    assert len(made(outbox, "recovered")) == 1


def test_what_is_good_again_before_it_is_told_is_told_so_in_one_message(outbox):
    settings = alert_settings()
    put(outbox, failed(1), passed(failed(1), 2))
    for _ in range(2):
        compose(outbox, settings, "shop", NOW, nothing_runs)
        send(outbox, settings)
    assert "meanwhile it is good again" in made(outbox)[0]["text"]
    assert made(outbox, "recovered") == []


def test_the_digest_comes_once_a_day_after_its_hour_with_counts_and_the_oldest(outbox):
    day = NOW - NOW % (24 * HOUR)
    put(outbox, failed(1, at=day + 2), failed(2, at=day, severity="WARN"), now=day + 4)
    settings = alert_settings(digest_hour=7)
    for hours in (6, 8, 9, 31):
        compose(outbox, settings, "shop", day + hours * HOUR, nothing_runs)
    first, second = made(outbox, "digest")
    assert "1 ERROR and 1 WARN open" in first["title"]
    assert "Oldest open: lift_above_floor of scores, 2024-06-30|d2" in first["text"]
    assert "last looked at never" in first["text"]
    assert first["id"] != second["id"]


def test_hostile_text_mentions_nobody_links_nowhere_and_is_one_line(outbox):
    put(outbox, failed(1, finding=HOSTILE, division=HOSTILE, asset=HOSTILE, check=HOSTILE))
    settings = alert_settings(sinks={"file": {"kind": "stdout"}})
    compose(outbox, settings, "shop", NOW, nothing_runs)
    (message,) = made(outbox)
    for text in (message["title"], message["text"]):
        assert not {"\r", "\x1b", "\u202e"} & set(text)
        assert not any(live in text for live in ("@e", "<!", "<s", "://", "@evil"))
        assert f"@{BREAK}" in text
    assert "\n" not in message["title"]
    assert len(message["text"].splitlines()) == 3


def test_a_failed_try_waits_longer_each_time_and_is_given_up_in_the_end(outbox):
    settings = alert_settings(retry_seconds=60, retry_longest_minutes=4, give_up_hours=1)

    def down(_):
        raise DeliveryError("down")

    put(outbox, failed(1))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    tried = [
        minute
        for minute in range(90)
        if sum(send(outbox, settings, down, NOW + minute * MINUTE).failed.values())
    ]
    assert tried[:6] == [0, 1, 3, 7, 11, 15]
    (row,) = outbox.rows("SELECT * FROM messages")
    assert (row["state"], row["error"], row["attempts"]) == ("given_up", "down", len(tried))
    assert tried[-1] == 63


def test_a_sink_that_is_down_does_not_hold_up_another(outbox):
    settings = alert_settings(**TWO_SINKS, routes=[{"sink": "file"}, {"sink": "chat"}])
    put(outbox, *(failed(n) for n in range(1, 30)))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    sent = []

    def down(_):
        raise DeliveryError("down")

    sinks = {"file": down, "chat": lambda message: sent.append(message.id) or "taken"}
    done = deliver(outbox, settings, sinks.__getitem__, lambda: NOW, NOW + 9)
    assert (len(sent), done.failed["file"]) == (29, 3)


def test_two_that_deliver_at_once_send_once(outbox, tmp_path):
    settings = alert_settings()
    put(outbox, failed(1), failed(2))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    sent, inner = [], []

    def sink(message):
        with Outbox(tmp_path) as other:
            inner.append(send(other, settings, sink).is_elsewhere)
        sent.append(message.id)
        return "taken"

    assert send(outbox, settings, sink).sent == 2
    assert (len(set(sent)), inner) == (2, [True, True])


def test_no_try_begins_when_the_time_is_up(outbox):
    settings = alert_settings()
    put(outbox, *(failed(n) for n in range(1, 9)))
    compose(outbox, settings, "shop", NOW, nothing_runs)
    clock = iter(range(100))
    done = deliver(
        outbox, settings, lambda _: lambda _: "taken", lambda: NOW + next(clock), NOW + 6
    )
    assert 0 < done.sent < 8
