"""`gosales ablate`: what families of features are worth, by leaving them out of a store of its own."""

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from gosales.cli.parser import add_progress_options
from gosales.cli.progress import TerminalProgress
from gosales.cli.report import print_outcome
from gosales.cli.show import read_stored, write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.operations.plan import Request
from gosales_assets.operations.runs import execute
from gosales_assets.platform.platform import Platform
from gosales_assets.validation.ablation import compare_scores, mean_lost
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import SCORES
from gosales_resources.errors import PartitionMissingError, ScopeError
from gosales_resources.settings.loading import load_settings, parse_overrides

FOLDER = "ablations"


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
    given = parse_overrides(options.set)
    platform = Platform.of(load_settings(options.config, given))
    families = sorted({name.strip() for name in options.off.split(",") if name.strip()})
    if not families:
        raise ScopeError("--off names no family. Legal: see docs/features.md")
    already = platform.settings.features.off
    if known := sorted(set(families) & set(already)):
        raise ScopeError(f"--off {','.join(known)}: features.off leaves it out already.")
    cutoffs = tuple(platform.space.select_cutoffs(options.cutoffs))
    # Asked for first: what is missing here is told before hours of work.
    whole = {c: _stored(platform, str(c)) for c in cutoffs}
    folder = options.folder or platform.settings.store_root / FOLDER / "-".join(families)
    changed = {
        "features": {"off": [*already, *families]},
        "storage": {"root": str(folder.resolve())},
    }
    ablated = Platform.of(load_settings(options.config, _merged(given, changed)))
    say(
        f"without {', '.join(families)}: into {folder}; what is made there is kept for the next time"
    )
    with TerminalProgress.asked_by(options) as progress:
        outcome = execute(ablated, Request(cutoffs, assets=(SCORES.name,), upstream=True), progress)
    if outcome.error:
        print_outcome(ablated, outcome)
        return 1
    parts = [
        compare_scores(*tables, platform.settings.validation)
        for c in cutoffs
        for tables in _cells(platform, whole[c], _stored(ablated, str(c)), str(c))
    ]
    compared = pl.concat(parts)
    if compared.is_empty():
        raise PartitionMissingError(
            f"Nothing of {options.cutoffs} can be compared: no label window has ended, or no "
            "division has a model."
        )
    if options.format == "table":
        _print(compared, families)
    else:
        write(compared.lazy(), options.format, None)
    return 0


def _stored(platform: Platform, cutoff: str) -> pl.LazyFrame:
    return read_stored(platform, SCORES, cutoff, None)


def _cells(
    platform: Platform, whole: pl.LazyFrame, part: pl.LazyFrame, cutoff: str
) -> list[tuple[pl.LazyFrame, pl.LazyFrame, pl.LazyFrame]]:
    """Return scores with, scores without and labels, of each division of a cutoff."""
    labels = read_stored(platform, LABELS, cutoff, None)
    tables = [table.collect() for table in (whole, part, labels)]
    divisions = tables[0]["division"].unique().sort()
    return [tuple(t.filter(division=one).lazy() for t in tables) for one in divisions]  # type: ignore[misc]


def _merged(given: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    sections = {**given}
    for name, values in changed.items():
        sections[name] = {**given.get(name, {}), **values}
    return sections


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
