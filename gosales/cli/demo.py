"""The first thing a new user runs: a sample company, the whole graph on it, and what came of it."""

import argparse
import datetime as dt
import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from gosales.cli.lists import print_head
from gosales.cli.parser import add_progress_options
from gosales.cli.program import quoted
from gosales.cli.progress import TerminalProgress
from gosales.cli.report import print_calls, print_outcome, print_quality
from gosales.cli.terminal import tell, under_settings
from gosales.sample.company import CUSTOMERS, Size, generate
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.instance import write_environment
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_resources.errors import StorageError
from gosales_resources.markdown import visible
from gosales_resources.settings.loading import load_settings

SEED = 7
# Half a year apart, as long as a label window: each model has met its outcome when the next is made.
CUTOFFS = (dt.date(2024, 6, 30), dt.date(2024, 12, 31), dt.date(2025, 6, 30))
# All that is printed fits a screen of 40 lines.
LIST_ROWS, PROGRESS_LINES = 5, 3


def add_demo_command(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "demo", help="generate a sample company and run everything on it: six minutes"
    )
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="where it is put")
    parser.add_argument("--size", choices=["S", "M"], default="S", help="2,000 or 20,000 customers")
    add_progress_options(parser)
    parser.set_defaults(command=_demo)


def _demo(options: argparse.Namespace) -> int:
    """Generate the sample company, run the whole graph for several cutoffs, print what it found.

    The second run generates nothing anew and makes the same bytes.
    """
    config = options.folder / "gosales.yaml"
    with under_settings(config):
        with TerminalProgress.asked_by(options, lines=PROGRESS_LINES) as progress:
            platform = _sample_company(config, options.size, progress)
            # In the demo's folder, and here, where `make demo` was said.
            for place in (options.folder, Path.cwd()):
                write_environment(platform, place)
            outcome = carry_out(platform, Command("demo", Request(CUTOFFS)), progress)
        print_outcome(platform, outcome, quiet=options.quiet, brief=True)
        if outcome.error:
            return 1
        tell()
        listed = print_head(platform, CUTOFFS[-1].isoformat(), LIST_ROWS)
        tell()
        print_quality(platform, CUTOFFS)
        print_calls(platform, CUTOFFS)
        _print_next(platform, config, listed.rows["rep"].drop_nulls()[:1].to_list())
    return 1 if outcome.blocked else 0


def _sample_company(config: Path, size: Size, progress: Callable[[str], None]) -> Platform:
    """Generate what is not there, and write the settings where there are none."""
    config.parent.mkdir(parents=True, exist_ok=True)
    if not config.exists():
        template = files("gosales.sample").joinpath("gosales.yaml")
        config.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    data = config.parent / "data"
    expected = data / "expected.json"
    if not expected.is_file():
        generate(data, size, SEED, progress)
    elif _customers(expected) != CUSTOMERS[size]:
        raise StorageError(f"{data} holds another size than {size}; give another --folder.")
    else:
        progress(f"sample company of size {size}: already in {data}")
    return Platform.of(load_settings(config))


def _customers(expected: Path) -> int:
    return int(json.loads(expected.read_text(encoding="utf-8"))["customer_count"])


def _print_next(platform: Platform, config: Path, reps: Sequence[str]) -> None:
    last = CUTOFFS[-1]
    rep = f" --rep {quoted(visible(reps[0]))}" if reps else ""
    tell(f"\nSettings are {config}, tables and runs in {platform.settings.store_root}. Go on:")
    tell(
        f"  gosales list --cutoff {last}{rep}\n"
        f"  gosales export --cutoff {last}\n"
        f"  gosales backtest --cutoffs {CUTOFFS[0]}..{CUTOFFS[1]}\n"
        "  gosales ui\n"
        "  gosales source inspect --help"
    )
