"""How arguments are declared and told: help by what people do, one line for what was mistyped.

What each command does is declared beside it; here is what all have in common.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from gosales.cli.terminal import say, tell
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import nearest
from gosales_resources.settings.loading import load_settings, parse_overrides
from gosales_resources.settings.tree import Settings

UNUSABLE = 2
CUTOFFS = "2024-03-31..2024-12-31"
LATEST = "latest"


class Parser(argparse.ArgumentParser):
    """A parser that offers the nearest name for what it does not know, and prints as all else is."""

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse; what is left over is told by the command it was said to, with its options."""
        given = list(sys.argv[1:] if args is None else args)
        if not given and self.commands is not None:
            # As git and uv do: who says nothing is shown what may be said.
            say(self.format_help())
            self.exit(UNUSABLE)
        options, left = super().parse_known_args(given, namespace or argparse.Namespace())
        if left:
            self.error(self._unknown(left[0]))
        return options, left

    @property
    def commands(self) -> argparse._SubParsersAction | None:
        """What follows the program's (or the command's) name; None of a command without actions."""
        found = (a for a in self._actions if isinstance(a, argparse._SubParsersAction))
        return next(found, None)

    def _unknown(self, argument: str) -> str:
        if not argument.startswith("-"):
            return f"'{argument}' is one argument too many."
        option = argument.partition("=")[0]
        legal = [name for action in self._actions for name in action.option_strings]
        return f"Unknown option '{option}'. {nearest(option, legal)}"

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        of = "/".join(action.option_strings)
        what = (
            f"{of}: '{value}' is unknown."
            if of
            else f"Unknown {str(action.metavar).lower()} '{value}'."
        )
        raise argparse.ArgumentError(
            None, f"{what} {nearest(str(value), map(str, action.choices))}"
        )

    def error(self, message: str) -> NoReturn:
        """Say in one line what is wrong, and where to read on; exit with 2."""
        say(f"error: {message}", style="error")
        say(f"See {self.prog} --help")
        self.exit(UNUSABLE)

    def _print_message(self, message: str, file: object = None) -> None:
        (say if file is sys.stderr else tell)(message.rstrip("\n"))


class Help(argparse.RawDescriptionHelpFormatter):
    """Keeps lines of descriptions as they are, and names each value once."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def settings_options() -> Parser:
    """Declare what every command on settings takes."""
    parser = Parser(add_help=False)
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings file; without it GOSALES_CONFIG's, then this folder's gosales.yaml",
    )
    group.add_argument(
        "--set", action="append", default=[], metavar="a.b=c", help="override one setting"
    )
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """Load the settings that a command was given."""
    return load_settings(options.config, parse_overrides(options.set))


def platform_of(options: argparse.Namespace) -> Platform:
    """Build the platform of the settings that a command was given."""
    return Platform.of(settings_of(options))


def positive(text: str) -> int:
    """Read a whole number above 0, as the `type` of an option."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive whole number")
    return int(text)


def add_progress_options(parser: argparse.ArgumentParser) -> None:
    """Declare how much a command that runs the graph says."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "-v", "--verbose", action="store_true", help="what each run makes, and each step says"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="errors and the result alone")


def grouped(groups: Mapping[str, Sequence[str]], commands: argparse._SubParsersAction) -> str:
    """Lay the commands out by what people do with them; what no group names comes last.

    Parameters
    ----------
    groups
        Heading -> names of commands.
    commands
        Those that are declared.
    """
    told = {action.dest: action.help or "" for action in commands._choices_actions}
    named = [name for names in groups.values() for name in names]
    rest = [name for name in told if name not in named]
    lines = []
    for heading, names in {**groups, "More": rest}.items():
        if shown := [name for name in names if name in told]:
            lines += ["", f"{heading}:", *(f"  {name:<13}{told[name]}" for name in shown)]
    return "\n".join(lines).strip("\n")
