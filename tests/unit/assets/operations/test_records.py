"""Every command leaves a record of how it ended, whatever ended it."""

import datetime as dt
import json

import pytest

from gosales_assets.operations import commands
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.instance import open_instance
from gosales_assets.operations.plan import Request
from gosales_assets.operations.records import LINES, folder_of, record_of, records
from gosales_assets.operations.runs import Outcome
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import ScopeError, SourceError
from gosales_resources.store.address import Address
from tests.worlds.erp import row, write_world

CUTOFF = dt.date(2024, 3, 31)
REQUEST = Request((CUTOFF,), assets=("dim_date",))


@pytest.fixture
def platform(tmp_path) -> Platform:
    return Platform.of(write_world(tmp_path, [row()]))


def go(platform, **how):
    return carry_out(platform, Command("materialize", REQUEST), lambda _: None, **how)


def lines(platform) -> list[dict]:
    text = (folder_of(platform) / LINES).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


@pytest.fixture
def ending(monkeypatch):
    """Let the runs of a command end in a way of the test's."""

    def end_with(what):
        def execute(*_, **__):
            if isinstance(what, BaseException):
                raise what
            return what

        monkeypatch.setattr(commands, "execute", execute)

    return end_with


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        (Outcome(), "done", 0),
        (Outcome(error="a file is missing"), "failed", 1),
        (Outcome(blocked=True), "failed", 1),
        (SourceError("no such file"), "unusable", 2),
        (KeyboardInterrupt(), "interrupted", 130),
        (ZeroDivisionError("a secret"), "defect", 1),
    ],
    ids=["done", "error", "blocked", "unusable", "interrupted", "defect"],
)
def test_the_status_says_how_it_ended(platform, ending, what, status, code):
    ending(what)
    if isinstance(what, BaseException):
        with pytest.raises(type(what)):
            go(platform)
    else:
        go(platform)
    (line,) = lines(platform)
    assert (line["status"], line["exit_code"]) == (status, code)
    manifest = json.loads((folder_of(platform) / line["id"] / "manifest.json").read_bytes())
    assert (manifest["status"], manifest["exit_code"]) == (status, code)
    assert "a secret" not in json.dumps(manifest)


def test_a_command_is_on_record_while_it_works(platform, monkeypatch):
    seen = []

    def execute(*_, **__):
        seen.append([one.status for one in records(platform)])
        return Outcome()

    monkeypatch.setattr(commands, "execute", execute)
    go(platform)
    assert seen == [["running"]]


def test_a_line_that_a_kill_tore_spoils_no_other(platform, ending):
    ending(Outcome())
    go(platform)
    with (folder_of(platform) / LINES).open("a", encoding="utf-8") as handle:
        handle.write('{"id": "torn')
    go(platform)
    text = (folder_of(platform) / LINES).read_text(encoding="utf-8").splitlines()
    assert [json.loads(text[at])["status"] for at in (0, 2)] == ["done", "done"]
    assert len(text) == 3


def test_a_real_run_names_what_it_made_from_what_under_tags_of_its_own(platform):
    go(platform, name="first")
    record = record_of(platform, "first")
    assert [(one.asset, one.partition) for one in record.made] == [("dim_date", "2024-03-31")]
    stored = platform.store.scan_table(Address("dim_date", CUTOFF), None).collect()
    assert record.made[0].rows == stored.height
    with open_instance(platform) as instance:
        (run,) = instance.get_runs()
    assert (run.run_id,) == record.run_ids
    told = {name: run.tags[f"gosales/{name}"] for name in ("command", "trigger", "cutoffs")}
    assert told == {"command": "first", "trigger": "command line", "cutoffs": "2024-03-31"}
    assert {one["source"] for one in record.inputs} == {"taxonomy", "customers"}


def test_a_record_is_found_by_the_beginning_of_its_id(platform, ending):
    ending(Outcome())
    for name in ("aa1", "aa2", "b"):
        go(platform, name=name)
    assert record_of(platform, "b").id == "b"
    assert record_of(platform, "latest").id in {"aa1", "aa2", "b"}
    with pytest.raises(ScopeError, match="begins 2 runs"):
        record_of(platform, "aa")
    with pytest.raises(ScopeError, match="No run 'c'"):
        record_of(platform, "c")
