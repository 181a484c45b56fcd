"""`gosales metrics`: how good and how old the models of all targets are, over cutoffs."""

import argparse
from pathlib import Path

import polars as pl

from gosales.cli.parser import platform_of
from gosales.cli.show import read_stored, write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.validation.target_metrics import target_metrics
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.validation import FORWARD_VALIDATION
from gosales_resources.errors import PartitionMissingError

# What fits a terminal; the files have all.
SHOWN = {
    "cutoff": "cutoff",
    "division": "division",
    "positives": "buyers",
    "base_rate": "rate",
    "auc": "AUC",
    "lift_10": "lift@10",
    "cal_mae": "cal-MAE",
    "feature_psi": "max PSI",
    "score_ks": "KS",
    "prior_shift": "rate shift",
    "alarm_count": "alarms",
}


def add_metrics_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "metrics", parents=[settings], help="quality and drift of all models over cutoffs"
    )
    parser.add_argument("--cutoffs", required=True, metavar="2024-03-31..2024-12-31")
    parser.add_argument("--divisions", metavar="a,b", help="some divisions; without it all")
    parser.add_argument(
        "--slice",
        choices=("whitespace", "all"),
        default="whitespace",
        help="who never bought in the division (default), or all customers",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="draw it into a file")
    parser.set_defaults(command=_metrics)


def _metrics(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    parts = []
    for cutoff in platform.space.select_cutoffs(options.cutoffs):
        try:
            forward, drift = (
                read_stored(platform, contract, str(cutoff), options.divisions).collect()
                for contract in (FORWARD_VALIDATION, DRIFT)
            )
        except PartitionMissingError:
            say(f"left out: {cutoff}, not materialised")
            continue
        parts.append(target_metrics(forward, drift).filter(slice=options.slice))
    if not parts:
        raise PartitionMissingError(
            f"Nothing of {options.cutoffs} was validated. Make it: gosales materialize --select "
            f"{FORWARD_VALIDATION.name},{DRIFT.name} --upstream --cutoffs {options.cutoffs}"
        )
    metrics = pl.concat(parts)
    if options.picture:
        # Drawing takes a second to load, and every command loads this module.
        from gosales_assets.rendering.plots import plot_over_time  # noqa: PLC0415

        options.picture.write_bytes(plot_over_time(metrics, f"{options.slice}, by division"))
        say(f"picture: {options.picture}")
    if options.format == "table":
        _print(metrics)
    else:
        write(metrics.lazy(), options.format, None)
    return 0


def _print(metrics: pl.DataFrame) -> None:
    shown = metrics.select(
        pl.col(name).round(3).alias(title)
        if metrics.schema[name].is_float()
        else pl.col(name).alias(title)
        for name, title in SHOWN.items()
    )
    print_frame(shown.select(pl.all().cast(pl.String).fill_null("")))
    for status, rows in metrics.filter(pl.col("status") != "ok").group_by(
        "status", maintain_order=True
    ):
        where = ", ".join(f"{c}|{d}" for c, d in rows.select("cutoff", "division").rows()[:5])
        more = f" and {rows.height - 5} more" if rows.height > 5 else ""
        tell(f"without an outcome ({status[0]}): {where}{more}")
