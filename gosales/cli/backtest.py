"""`gosales backtest`: past lists as they would have been worked, against plain orders of them."""

import argparse
import datetime as dt
from pathlib import Path

import polars as pl

from gosales.cli.parser import platform_of, positive
from gosales.cli.show import refuse_what_was_not_made, write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.platform.platform import Platform
from gosales_assets.validation.backtest import replay
from gosales_assets.validation.worked_list import worked_rows
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.validation import PUBLISHED
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS
from gosales_resources.errors import PartitionMissingError
from gosales_resources.store.address import Address

FEWEST = 50
# The top that the published order is judged at.
JUDGED = "10 %"
LEAD = ["published_ahead", "ahead_low", "ahead_high"]


def add_backtest_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "backtest",
        parents=[settings],
        help="past lists against what came, and against plain orders",
    )
    parser.add_argument(
        "--cutoffs",
        required=True,
        metavar="2024-03-31..2024-12-31",
        help="whose lists are replayed",
    )
    parser.add_argument(
        "--draws",
        type=_draws,
        default=500,
        help=f"resamples behind the intervals, {FEWEST} at least",
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="draw it into a file")
    parser.set_defaults(command=_backtest)


def _backtest(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    lists, left_out = _lists(platform, platform.space.select_cutoffs(options.cutoffs))
    for cutoff, why in left_out.items():
        say(f"left out: {cutoff}, {why}")
    if not lists:
        raise PartitionMissingError(
            f"No list of {options.cutoffs} can be replayed: each needs a list that was made and a "
            f"label window that has ended. Make them: gosales materialize --cutoffs {options.cutoffs}"
        )
    say(f"replaying {len(lists)} lists, {sum(rows.height for rows in lists.values()):,} rows")
    table = replay(
        list(lists.values()), draws=options.draws, seed=platform.settings.validation.seed
    )
    if options.picture:
        # Drawing takes a second to load, and every command loads this module.
        from gosales_assets.rendering.plots import plot_backtest  # noqa: PLC0415

        title = f"{min(lists)} to {max(lists)}, share captured by the top of the list"
        options.picture.write_bytes(plot_backtest(table, title))
        say(f"picture: {options.picture}")
    if options.format == "table":
        _print(table, list(lists))
    else:
        write(table.lazy(), options.format, None)
    return 0


def _draws(text: str) -> int:
    if (number := positive(text)) < FEWEST:
        raise argparse.ArgumentTypeError(f"{text} is below {FEWEST}: no interval comes of it")
    return number


def _lists(
    platform: Platform, cutoffs: list[dt.date]
) -> tuple[dict[dt.date, pl.DataFrame], dict[dt.date, str]]:
    """Read the lists that are there and whose windows have ended."""
    found, left_out = {}, {}
    for cutoff in cutoffs:
        targets = platform.settings.listed_targets
        wanted = [
            Address(WHITESPACE.name, cutoff),
            *(Address(t.name, cutoff, d) for t in (WHITESPACE_SIGNALS, LABELS) for d in targets),
        ]
        missing = [address for address in wanted if not platform.store.has(address)]
        if missing:
            left_out[cutoff] = f"{missing[0]} is not materialised"
            continue
        refuse_what_was_not_made(platform, wanted)
        signals, labels = (
            pl.concat(platform.read(table, cutoff, division) for division in targets)
            for table in (WHITESPACE_SIGNALS, LABELS)
        )
        rows = worked_rows(platform.read(WHITESPACE, cutoff), signals, labels)
        if rows.is_empty():
            left_out[cutoff] = "no label window of it has ended, or nobody was eligible"
        else:
            found[cutoff] = rows
    return found, left_out


def _print(table: pl.DataFrame, cutoffs: list[dt.date]) -> None:
    tell(f"\nLists of {', '.join(map(str, cutoffs))}, replayed: % captured, mean over cutoffs")
    for (kind,), rows in table.partition_by("kind", as_dict=True, maintain_order=True).items():
        tops = rows["top"].unique(maintain_order=True).to_list()
        judged = rows.filter(top=JUDGED)
        best = judged.filter(order=PUBLISHED).row(0, named=True)
        tell(
            f"\n{kind}: the first {JUDGED} captured {best['captured']:,.0f}, as many rows by chance "
            f"{best['chance']:,.0f}\n"
        )
        shares = rows.pivot("top", index="order", values="share").select(
            "order", *((100 * pl.col(top)).round(1).alias(top) for top in tops)
        )
        ahead = judged.select("order", _ahead().alias(f"published ahead, {JUDGED}"), "verdict")
        shown = shares.join(ahead, on="order", maintain_order="left")
        strings = shown.select(pl.all().cast(pl.String).fill_null(""))
        print_frame(strings, tbl_formatting="UTF8_BORDERS_ONLY")


def _ahead() -> pl.Expr:
    """Return the lead of the published order with its interval, in percentage points."""

    def said(row: dict) -> str | None:
        if row["published_ahead"] is None:
            return None
        value, low, high = (100 * row[name] + 0.0 for name in LEAD)
        return f"{value:.1f} ({low:.1f} to {high:.1f})"

    return pl.struct(LEAD).map_elements(said, return_dtype=pl.String)
