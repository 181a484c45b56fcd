"""`gosales export`: the stored files of a list, put into a folder."""

import argparse
import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gosales.cli.parser import LATEST, platform_of
from gosales.cli.show import chosen_cutoffs, refuse_what_was_not_made
from gosales.cli.terminal import say, tell
from gosales_assets.delivery.exports_card import CARD, describe_exports
from gosales_assets.delivery.surfacing import FILE as SURFACED_FILE
from gosales_assets.delivery.surfacing import surfaced_rows, write_surfacing
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.delivery import EXPORT_KINDS, LIST_EXPORTS, REPORT, SURFACING
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import PartitionMissingError, ScopeError, StalePartitionError, nearest
from gosales_resources.store.address import Address, remedy
from gosales_resources.store.atomic import replacing

DONE = 0
KINDS = [*EXPORT_KINDS, REPORT, SURFACING]


def add_export_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare `gosales export`."""
    parser = commands.add_parser(
        "export", parents=[settings], help="put the files of a list into a folder"
    )
    parser.add_argument(
        "--cutoff", default=LATEST, help="as-of date of the list; without it the latest"
    )
    parser.add_argument(
        "--kind",
        metavar="a,b",
        help=f"some of {', '.join(KINDS)} (who was put before people when); "
        "without it all there are",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="exports/CUTOFF without it; files of earlier lists go",
    )
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    chosen_cutoff = chosen_cutoffs(platform, WHITESPACE, options.cutoff)
    cutoff = platform.space.select_cutoff(chosen_cutoff)
    address = Address(LIST_EXPORTS.name, cutoff)
    asked = _asked(options.kind)
    files = read_exports(platform, address)
    known = describe_exports(files)
    if REPORT in (asked or KINDS) and (page := _page(platform, cutoff, is_named=bool(asked))):
        files |= page
        known = known.vstack(describe_exports(page, LIST_REPORT))
    kinds = _kinds(asked, known, address)
    chosen = known.filter(pl.col("kind").is_in(kinds)).select("file", "kind", "cutoff", "row_count")
    folder = options.out or Path("exports") / cutoff.isoformat()
    wanted = {name: files[name] for name in chosen["file"]}
    if SURFACING in kinds:
        wanted[SURFACED_FILE], rows = surface(platform, cutoff, folder)
        row = [SURFACED_FILE, SURFACING, cutoff, rows]
        chosen = chosen.vstack(pl.DataFrame([row], schema=chosen.schema, orient="row"))
    put_into(folder, wanted, chosen, set(asked or KINDS))
    for name, rows in chosen.select("file", "row_count").iter_rows():
        tell(f"{folder / name}: {rows:,} rows")
    return DONE


def _page(platform: Platform, cutoff: dt.date, *, is_named: bool) -> dict[str, bytes]:
    """Read the page of a list; where it is not to be had and was not named, say why and go on."""
    try:
        return read_exports(platform, Address(LIST_REPORT.name, cutoff), LIST_REPORT)
    except (PartitionMissingError, StalePartitionError) as error:
        if is_named:
            raise
        say(f"{REPORT} is left out: {error}")
        return {}


def surface(platform: Platform, cutoff: dt.date, folder: Path) -> tuple[bytes, int]:
    """Write down that a list is put before people today; see `write_surfacing`.

    Parameters
    ----------
    platform
        Where the list lies.
    cutoff
        Of the list.
    folder
        Where it is exported to, and may have been before.
    """
    rows = surfaced_rows(platform.read(WHITESPACE, cutoff)).collect()
    file = folder / SURFACED_FILE
    before = file.read_bytes() if file.is_file() else None
    # The one clock: what is on a list does not depend on it.
    today = dt.datetime.now().astimezone().date()
    return write_surfacing(rows, cutoff, today, before)


def read_exports(
    platform: Platform, address: Address, contract: Contract = LIST_EXPORTS
) -> dict[str, bytes]:
    """Read the stored files of a list, or its page, made under the settings in force and recorded.

    Raises
    ------
    PartitionMissingError
        With the command that makes them.
    StalePartitionError
        When they are of an earlier list, or made under other settings.
    DamagedError
        See `Platform.read_bundle`.
    """
    if not platform.store.has(address):
        what = "page" if contract is LIST_REPORT else "files"
        raise PartitionMissingError(
            f"The list of {address.cutoff} has no {what} yet: gosales materialize --select "
            f"{address.asset} --upstream --cutoffs {address.cutoff}"
        )
    refuse_what_was_not_made(platform, [address])
    made_of = platform.store.made_from(address)
    if made_of != platform.freshness.inputs.of(contract, address):
        raise StalePartitionError(
            f"{address} is of another list than is stored now. Rematerialise it: {remedy(address)}"
        )
    return platform.read_bundle(contract, *address.key)


def _asked(named: str | None) -> list[str] | None:
    """Return the kinds that are named, each a legal one; None where none is: all there are."""
    if named is None:
        return None
    asked = [one.strip() for one in named.split(",") if one.strip()]
    if wrong := [kind for kind in asked if kind not in KINDS]:
        raise ScopeError(f"Unknown kind '{wrong[0]}'. {nearest(wrong[0], KINDS)}")
    return asked


def _kinds(asked: list[str] | None, known: pl.DataFrame, address: Address) -> list[str]:
    there = [*known["kind"].unique(), SURFACING]
    if asked is None:
        return there
    for kind in asked:
        if kind not in there:
            raise ScopeError(
                f"{address} has no {kind}: name it in delivery.kinds, then gosales materialize "
                f"--select {address.asset} --cutoffs {address.cutoff}"
            )
    return asked


def put_into(
    folder: Path, files: Mapping[str, bytes], described: pl.DataFrame, kinds: Collection[str]
) -> None:
    """Write files into a folder, each whole or not at all; what an earlier export left of them goes.

    Of a list that needs fewer files for import the last ones of the list before would stay, and be
    imported.

    Parameters
    ----------
    folder
        Where; made where it is not there.
    files
        Name -> content.
    described
        `list_exports` of these files.
    kinds
        What was asked for: of these, what an earlier export left and is not there any more goes.
    """
    card = folder / CARD
    before = _told(card)
    for name, content in files.items():
        with replacing(folder / name, "the exports") as temporary:
            temporary.write_bytes(content)
    for one in before:
        if one["kind"] in kinds and one["file"] not in files:
            (folder / one["file"]).unlink(missing_ok=True)
    kept = [one for one in before if one["kind"] not in kinds]
    rows = described.select("file", "kind", pl.col("cutoff").cast(pl.String)).to_dicts()
    with replacing(card, "the exports") as temporary:
        text = json.dumps({"files": [*kept, *rows]}, indent=1, sort_keys=True) + "\n"
        temporary.write_text(text, encoding="utf-8")


def _told(card: Path) -> Sequence[Mapping[str, Any]]:
    """Return what an earlier export says it left; nothing where there is none, or none of ours."""
    try:
        files = json.loads(card.read_text(encoding="utf-8"))["files"]
        # A name, not a way to another folder.
        return [one for one in files if one["file"] == Path(one["file"]).name and one["kind"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
