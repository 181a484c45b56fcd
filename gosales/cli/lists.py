"""Commands on the list: `list` shows one seller what to do, `export` hands out the files for all."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from gosales.cli.list_files import SUFFIXES, WRITTEN, write_rows
from gosales.cli.list_table import draw
from gosales.cli.parser import LATEST, platform_of, positive
from gosales.cli.show import chosen_cutoffs, read_stored
from gosales.cli.terminal import hand_over, say, tell
from gosales_assets.delivery.columns import LOOKS, MOVED, Column, check_columns, shown_columns
from gosales_assets.delivery.listed import NO_REP, Listed, ListTerms, called_by, is_nobodys
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import GosalesError, ScopeError, nearest
from gosales_resources.settings.base import slugify
from gosales_resources.store.atomic import replacing

DONE = 0
TABLE = "table"
ROWS_FOR_EYES = 50
# Of a terminal that does not say: of a pipe.
ROOM = (120, 40)
# The most important first: what there is no room for is left out from the right.
FOR_EYES = [
    "rank", "customer_name", "division_name", "p_icp", "nba_reason", "grade", "ev", "customer_id", "rep",
]  # fmt: skip


def add_list_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare `gosales list`."""
    parser = commands.add_parser("list", parents=[settings], help="whom to call about what")
    parser.add_argument(
        "--cutoff", default=LATEST, help="as-of date of the list; without it the latest"
    )
    parser.add_argument("--rep", help=f"one representative's rows; '{NO_REP}' for nobody's")
    parser.add_argument("--region", help="one region's rows")
    parser.add_argument("--division", metavar="a,b", help="some divisions; without it all")
    parser.add_argument("--top", type=positive, help="the first rows alone")
    parser.add_argument(
        "--all", action="store_true", help="all ranked rows, not the selected alone"
    )
    parser.add_argument(
        "--columns", metavar="a,b", help="of the list, by name or title; `moved` too"
    )
    parser.add_argument("--format", choices=[TABLE, *WRITTEN], help="table, or what --out ends in")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there; what is there goes")
    parser.set_defaults(command=_list)


def _list(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    form = _form(options)
    columns, picked = _columns(platform, options, form), Picked.of(options)
    listed = read_list(platform, options.cutoff, picked, every=options.all)
    if MOVED in columns:
        listed = with_moved(platform, listed)
    if form == TABLE:
        shown = listed.rows.head(options.top or ROWS_FOR_EYES)
        print_rows(platform, listed, shown, columns, picked)
        return DONE
    shown = listed.rows.head(options.top) if options.top else listed.rows
    content = write_rows(platform, listed, shown, columns, form, has_named=bool(options.columns))
    _hand_over(content, form, options.out, shown.height)
    # Never among the rows, and not in silence.
    for line in _beside(listed, picked):
        say(line)
    return DONE


def print_head(platform: Platform, cutoff: str, rows: int) -> Listed:
    """Print the head of a stored list, all sellers', as `gosales list` does; return the list."""
    listed = read_list(platform, cutoff, Picked(), every=False)
    columns = shown_columns(FOR_EYES, listed.terms.currency, listed.terms.months)
    print_rows(platform, listed, listed.rows.head(rows), columns, Picked())
    return listed


@dataclass(frozen=True)
class Picked:
    """Which rows of the list are asked for; None is all."""

    rep: str | None = None
    region: str | None = None
    division: str | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Picked":
        """Return what the command line says."""
        return cls(options.rep, options.region, options.division)

    @property
    def words(self) -> str:
        """Say it; empty where all is asked for."""
        named = {"rep": self.rep, "region": self.region, "division": self.division}
        return ", ".join(f"{what} {name}" for what, name in named.items() if name is not None)


def read_list(platform: Platform, cutoff: str, picked: Picked, *, every: bool) -> Listed:
    """Read a stored list, or some of it.

    Parameters
    ----------
    platform
        Where it lies.
    cutoff
        One of the calendar, or `latest`.
    picked
        Whose rows.
    every
        All ranked rows, not the selected alone.

    Raises
    ------
    ScopeError
        When the list has no such representative, region or division; the nearest are offered.
    PartitionMissingError, StalePartitionError, DamagedError
        See `read_stored`.
    """
    day = platform.space.select_cutoff(chosen_cutoffs(platform, WHITESPACE, cutoff))
    table = read_stored(platform, WHITESPACE, day.isoformat(), None)
    # Names are known to the whole list: what they have in common may be nothing.
    wanted = [_is_of(table, "rep", picked.rep), _is_of(table, "region", picked.region)]
    if picked.division is not None:
        wanted.append(pl.col("division").is_in(_divisions(platform, picked.division)))
    settings = platform.settings
    currency, months = settings.source.sales_log.home_currency, settings.labels.window_months
    rows = "ranked" if every else "selected"
    return Listed.of(table.filter(*wanted), ListTerms(day, currency, months), rows)


def _divisions(platform: Platform, named: str) -> list[str]:
    targets = platform.settings.divisions.targets
    # A name may have a comma of its own.
    is_one = slugify(named) in targets
    chosen = platform.space.select_divisions([named] if is_one else named.split(","))
    listed = platform.settings.listed_targets
    if unranked := [key for key in chosen if key not in listed]:
        why = "whitespace.divisions leaves it out" if unranked[0] in targets else "it gets no model"
        hint = nearest(unranked[0], listed)
        raise ScopeError(f"'{unranked[0]}' is not on the list: {why}. {hint}")
    return chosen


def _is_of(table: pl.LazyFrame, column: str, name: str | None) -> pl.Expr:
    """Return what is true of rows of one name, whatever its case and the blanks around it."""
    if name is None:
        return pl.lit(value=True)
    known = table.select(pl.col(column).unique()).collect()[column].to_list()
    wanted = name.strip().casefold()
    found = [one for one in known if one is not None and one.strip().casefold() == wanted]
    if found:
        return pl.col(column).is_in(found)
    if column == "rep" and wanted == NO_REP.casefold():
        return is_nobodys()
    legal = [one for one in known if one is not None and one.strip()]
    raise ScopeError(f"The list has no {column} '{name}'. {nearest(name, legal)}")


def print_rows(
    platform: Platform,
    listed: Listed,
    rows: pl.DataFrame,
    columns: Sequence[Column],
    picked: Picked,
) -> None:
    """Print a list for eyes: what it is, its rows, what stands below them."""
    terms = listed.terms
    of = f" ({picked.words})" if picked.words else ""
    tell(f"Whom to call about what, as of {terms.cutoff}{of}")
    if listed.rows.height:
        room = shutil.get_terminal_size(ROOM).columns
        # There may be no room for the id.
        shown = rows.with_columns(customer_name=called_by())
        drawn = draw(shown, columns, platform.settings.delivery.decimals, room)
        tell("\n" + "\n".join(drawn.lines) + "\n")
        more = "" if shown.height == listed.rows.height else " (--top N shows N)"
        tell(
            f"{shown.height:,} of {listed.rows.height:,} rows{more}; {listed.ranked:,} are ranked, "
            f"{listed.selected:,} of them selected."
        )
        tell(
            f"A chance is within {terms.months} months after {terms.cutoff}; money is in "
            f"{terms.currency}."
        )
        if drawn.left_out:
            tell(f"No room for: {', '.join(drawn.left_out)} (--columns chooses).")
    for line in _beside(listed, picked):
        tell(line)


def _beside(listed: Listed, picked: Picked) -> list[str]:
    """Say why nothing is there, and what stands below the list."""
    if picked.words and not listed.ranked and not listed.base_rates:
        return [f"The list has no row of {picked.words}."]
    lines = []
    if why := listed.empty_because:
        more = f" See them: gosales list --cutoff {listed.terms.cutoff} --all" * bool(listed.ranked)
        lines.append(f"{why}{more}")
    return [*lines, *(one.sentence for one in listed.base_rates)]


def _form(options: argparse.Namespace) -> str:
    by_name = SUFFIXES.get(options.out.suffix.lower()) if options.out else TABLE
    form = options.format or by_name
    if form is None or (options.out and form == TABLE):
        hint = nearest(options.out.suffix or options.out.name, SUFFIXES)
        raise ScopeError(f"--out {options.out}: a file of what? {hint} Or say --format.")
    return form


def _columns(platform: Platform, options: argparse.Namespace, form: str) -> list[Column]:
    settings = platform.settings
    currency, months = settings.source.sales_log.home_currency, settings.labels.window_months
    if options.columns:
        every = [*shown_columns(LOOKS, currency, months), MOVED]
        called = {t.casefold(): c.name for c in every for t in (c.short, c.title, c.name)}
        asked: list[str] = [one.strip() for one in options.columns.split(",") if one.strip()]
        found = [called.get(one.casefold(), one) for one in asked]
        names = [name for at, name in enumerate(found) if name not in found[:at]]
    elif form == TABLE:
        # What is the same in every row is said above them.
        names = [n for n in FOR_EYES if not (n == "rep" and options.rep)]
    else:
        names = settings.delivery.columns
    known = {one.name: one for one in shown_columns(LOOKS, currency, months)} | {MOVED.name: MOVED}
    check_columns(name for name in names if name != MOVED.name)
    return [known[name] for name in names]


def with_moved(platform: Platform, listed: Listed) -> Listed:
    """Say of each row why it moved since the list before.

    Raises
    ------
    PartitionMissingError, StalePartitionError, DamagedError
        Of `list_movement`: see `read_stored`.
    """
    cutoff, key = listed.terms.cutoff.isoformat(), ["customer_id", "division"]
    moved = read_stored(platform, LIST_MOVEMENT, cutoff, None).select(*key, MOVED.name).collect()
    rows = listed.rows.join(moved, on=key, how="left", maintain_order="left")
    return replace(listed, rows=rows)


def _hand_over(content: bytes, form: str, out: Path | None, rows: int) -> None:
    if out is not None:
        with replacing(out, "the list") as temporary:
            temporary.write_bytes(content)
        say(f"{out}: {rows:,} rows")
    elif not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    elif form in ("csv", "json", "jsonl"):
        hand_over(content.decode("utf-8-sig").replace("\r\n", "\n"))
    else:
        raise GosalesError(f"{form} is binary: --out FILE, or redirect it into one.")
