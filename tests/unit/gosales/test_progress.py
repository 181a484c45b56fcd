"""Progress: one line in place on a terminal, plain lines elsewhere; colours where they are wanted."""

import datetime as dt
import io

import pytest

from gosales.cli.progress import TerminalProgress, headline
from gosales.cli.terminal import encodable, is_terminal, tell, wants_colour
from gosales_assets.operations.batches import Batch

DAY = dt.date(2024, 12, 31)
BATCH = Batch(("sales_log", "sales_log_rejects", "sales_ledger", "labels"), (DAY,), None)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def run_all(progress: TerminalProgress, stream: io.StringIO, total: int = 3) -> str:
    progress.stream = stream
    with progress:
        progress("sales log: 10 rows")
        for number in range(1, total + 1):
            with progress.run(number, total, BATCH):
                progress.detail("trained a (1 of 9)")
                if number == 2:
                    progress.warn("a file is damaged")
    return stream.getvalue()


def test_elsewhere_each_run_is_a_line_with_its_number_and_time():
    lines = run_all(TerminalProgress(), io.StringIO()).splitlines()
    runs = [line for line in lines if line.startswith("[")]
    assert [line[:5] for line in runs] == ["[1/3]", "[2/3]", "[3/3]"]
    assert all("sales_log, sales_log_rejects and 2 more: 2024-12-31: " in line for line in runs)
    assert all(line.endswith(" s in all") for line in runs)
    assert "a file is damaged" in lines
    assert not any("trained" in line or "\r" in line or "\x1b" in line for line in lines)


def test_on_a_terminal_the_line_is_rewritten_and_gone_in_the_end():
    written = run_all(TerminalProgress(), Terminal())
    assert written.count("\n") == 1
    assert "a file is damaged" in written
    assert "[3/3] sales_log" in written
    assert written.endswith("\r")
    longest = max(len(part) for part in written.replace("\n", "\r").split("\r"))
    assert longest < 100 + len("\x1b[33m\x1b[0m")


def test_a_plan_of_many_runs_is_told_in_as_many_lines_as_are_wanted():
    told = run_all(TerminalProgress(lines=4), io.StringIO(), total=33)
    assert sum(line.startswith("[") for line in told.splitlines()) == 4
    assert "[33/33]" in told


def test_verbose_says_what_assets_say_and_quiet_only_what_is_wrong():
    verbose = run_all(TerminalProgress(verbose=True), Terminal())
    assert "      trained a (1 of 9)\n" in verbose
    assert "sales_ledger" in verbose
    assert run_all(TerminalProgress(quiet=True), io.StringIO()) == "a file is damaged\n"


def test_a_headline_counts_what_it_does_not_name():
    two = Batch(("model", "promotion"), (DAY,), ("a", "b"))
    assert headline(two) == "model, promotion: 2024-12-31 x 2 divisions"
    assert headline(BATCH) == "sales_log, sales_log_rejects and 2 more: 2024-12-31"


@pytest.mark.parametrize(
    ("variables", "on_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": ""}, True, False),
    ],
)
def test_colours_are_where_they_are_wanted(monkeypatch, variables, on_terminal, elsewhere):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (wants_colour(Terminal()), wants_colour(io.StringIO())) == (on_terminal, elsewhere)


def test_a_dumb_terminal_is_not_rewritten(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(Terminal())


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_no_sign_ends_a_command_on_an_old_terminal(monkeypatch, encoding):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, newline="\r\n")
    monkeypatch.setattr("sys.stdout", out)
    tell("Rank ── … │ 客户 Zoë")
    out.flush()
    told = raw.getvalue().decode(encoding)
    assert told.endswith("\r\n")
    wanted = {"cp1252": "Rank -- ... | \\u5ba2\\u6237 Zoë", "utf-8": "Rank ── … │ 客户 Zoë"}
    assert told.strip() == wanted.get(encoding, "Rank -- ... | \\u5ba2\\u6237 Zo\\xeb")


def test_what_can_be_encoded_stays():
    assert encodable("──", io.StringIO()) == "──"
