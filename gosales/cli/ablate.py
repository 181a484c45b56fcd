"""`gosales ablate`: what families of features are worth, by leaving them out of a store of its own."""

import argparse
import math
from pathlib import Path

import polars as pl

from gosales.cli.parser import add_progress_options, platform_of
from gosales.cli.progress import TerminalProgress
from gosales.cli.report import print_outcome
from gosales.cli.show import write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.operations.ablation import FOLDER, ablate, without
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.plan import Request
from gosales_assets.operations.runs import Outcome
from gosales_assets.platform.platform import Platform
from gosales_assets.validation.ablation import mean_lost


def add_ablate_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "ablate", parents=[settings], help="what models lose without some families of features"
    )
    parser.add_argument("--off", required=True, metavar="FAMILY[,FAMILY]", help="left out together")
    parser.add_argument("--cutoffs", required=True, metavar="2024-03-31..2024-12-31")
    parser.add_argument(
        "--folder",
        type=Path,
        help=f"store of the ablated run; else {FOLDER}/ in the store's folder",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    add_progress_options(parser)
    parser.set_defaults(command=_ablate)


def _ablate(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    families = options.off.split(",")
    ablated = without(platform, families, options.folder)
    say(
        f"without {', '.join(families)}: into {ablated.settings.store_root}; what is made there is kept "
        "for the next time"
    )
    cutoffs = platform.space.select_cutoffs(options.cutoffs)
    with TerminalProgress.asked_by(options) as progress:

        def make(of: Platform, request: Request) -> Outcome:
            return carry_out(of, Command("ablate", request, judges=False), progress)

        compared, outcome = ablate(platform, ablated, cutoffs, make)
    if outcome.error:
        print_outcome(ablated, outcome)
        return 1
    if options.format == "table":
        _print(compared, families)
    else:
        write(compared.lazy(), options.format, None)
    return 0


def _print(compared: pl.DataFrame, families: list[str]) -> None:
    tell(
        f"\nWithout {', '.join(families)}, by division (95 % intervals, customers drawn for both)\n"
    )
    number = [name for name, kind in compared.schema.items() if kind == pl.Float64]
    shown = compared.with_columns(pl.col(number).round(4)).sort("slice", "cutoff", "division")
    print_frame(shown.select(pl.all().cast(pl.String).fill_null("")))
    tell()
    for name, measure, mean, half, cells in mean_lost(compared):
        sure = "" if math.isnan(half) else f" +- {half:.4f}"
        tell(
            f"{name}: mean {measure.replace('_', ' ')} {mean:+.4f}{sure} over {cells} divisions and "
            "cutoffs (positive: the families are worth it)"
        )
