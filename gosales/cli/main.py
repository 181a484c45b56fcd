"""The `gosales` command: arguments in, exit code out.

Exit codes: 0 done (checks may have warned), 1 a run or a blocking check failed or an inspected
source needs decisions, 2 the input is not usable (arguments, settings, a missing partition), 130
interrupted, 141 whoever read the output has gone, 143 ended by SIGTERM.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from gosales.cli.ablate import add_ablate_command
from gosales.cli.alerts import add_alerts_command
from gosales.cli.backtest import add_backtest_command
from gosales.cli.config import add_config_command
from gosales.cli.demo import add_demo_command
from gosales.cli.exports import add_export_command
from gosales.cli.gauntlet import add_gauntlet_command
from gosales.cli.interrupts import INTERRUPTED, Interrupts
from gosales.cli.lists import add_list_command
from gosales.cli.materialize import add_materialize_command
from gosales.cli.metrics import add_metrics_command
from gosales.cli.model import add_model_command
from gosales.cli.pages import add_pages_command
from gosales.cli.parser import UNUSABLE, Help, Parser, grouped, settings_options
from gosales.cli.program import NAME, program_name
from gosales.cli.runs import add_runs_command
from gosales.cli.show import add_show_command
from gosales.cli.source import add_source_command
from gosales.cli.stored import add_stored_commands
from gosales.cli.terminal import say, under_settings
from gosales.cli.ui import add_ui_command
from gosales_resources.errors import GosalesError
from gosales_resources.settings.loading import CONFIG_VARIABLE, FOLDER_FILE

# As a shell tells it of other programs.
PIPE_CLOSED = 141
GROUPS = {
    "Start": ["demo", "source", "config"],
    "Make the list": ["materialize", "status", "ui"],
    "Work with the list": ["list", "export", "pages"],
    "See how good it is": ["backtest", "metrics", "model", "ablate", "gauntlet"],
    "Look after it": ["show", "verify", "runs", "alerts", "schema", "restatement"],
}
EXAMPLES = """\
Examples:
  gosales demo                                    a sample company, from its log to its list
  gosales source inspect exports/sales.csv        propose settings for a log of your own
  gosales materialize --cutoffs 2024-12-31        make the list of a day
  gosales list --rep "Ann Lee"                    whom one seller calls about what
  gosales COMMAND --help                          options of a command

Settings are gosales.yaml in this folder unless --config or GOSALES_CONFIG names another file."""


def run(arguments: Sequence[str] | None = None) -> None:
    """Enter from the command line: run `main` and exit with its code."""
    interrupts = Interrupts()
    with interrupts.raised():
        try:
            code = main(arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            # Who read has read enough, as `| head` does; what is left would fail again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = PIPE_CLOSED
    sys.exit(interrupts.code if code == INTERRUPTED else code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, do what they say, return the exit code.

    Every error of ours ends in one message on standard error; anything else is a defect and keeps
    its traceback.
    """
    program = program_name()
    with under_settings(None, program=program):
        options = build_parser(program).parse_args(arguments)
    # Of a command without settings nothing is given.
    given = vars(options)
    with under_settings(given.get("config"), given.get("set", ()), program):
        try:
            if "config" in given and given["config"] is None:
                _say_which_settings()
            return int(options.command(options))
        except GosalesError as error:
            say(f"error: {error}", style="error")
            return UNUSABLE
        except KeyboardInterrupt:
            say("interrupted: finished partitions are kept; run the same command again to go on.")
            return INTERRUPTED


def _say_which_settings() -> None:
    """Say that the folder's settings are not those that are read, where that is so."""
    named, here = os.environ.get(CONFIG_VARIABLE), Path(FOLDER_FILE)
    if named and here.is_file() and here.resolve() != Path(named).expanduser().resolve():
        say(f"settings: {named} ({CONFIG_VARIABLE}); this folder's {FOLDER_FILE} is not read.")


def build_parser(program: str = NAME) -> Parser:
    """Declare the commands of what a shell calls `program`."""
    parser = Parser(
        prog=program,
        usage=f"{program} COMMAND [OPTIONS]",
        formatter_class=Help,
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"gosales {version('gosales')}")
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", prog=program, help=argparse.SUPPRESS
    )
    settings = settings_options()
    add_demo_command(commands)
    add_source_command(commands)
    add_config_command(commands, settings)
    add_materialize_command(commands, settings)
    add_stored_commands(commands, settings)
    add_ui_command(commands, settings)
    add_list_command(commands, settings)
    add_export_command(commands, settings)
    add_pages_command(commands, settings)
    add_backtest_command(commands, settings)
    add_metrics_command(commands, settings)
    add_model_command(commands, settings)
    add_ablate_command(commands, settings)
    add_gauntlet_command(commands, settings)
    add_runs_command(commands, settings)
    add_alerts_command(commands, settings)
    add_show_command(commands, settings)
    parser.description = (
        f"From a raw sales log to a ranked list of whom to call.\n\n{grouped(GROUPS, commands)}"
    )
    return parser
