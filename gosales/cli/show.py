"""Prints stored tables: for eyes, for spreadsheets, for other programs."""

import sys
from collections.abc import Iterable, Mapping

import polars as pl

from gosales.cli.terminal import print_frame, tell
from gosales_assets.operations.instance import history_of
from gosales_assets.platform.platform import Platform
from gosales_assets.whitespace.export import spreadsheet_safe
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.models import MODEL
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.errors import GosalesError, ScopeError, nearest
from gosales_resources.instance.recorded import refuse_damaged
from gosales_resources.markdown import printable
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address

FORMATS = ("table", "csv", "json", "parquet")
ROWS_FOR_EYES = 20


def show_table(
    platform: Platform,
    table: str,
    cutoff: str,
    division: str | None,
    limit: int | None,
    form: str,
) -> None:
    """Write one cutoff of a table to standard output.

    Raises
    ------
    ScopeError
        When the table, cutoff or division is unknown, or the table has no division.
    PartitionMissingError
        When it was never materialised.
    """
    if table not in CONTRACTS:
        raise ScopeError(f"Unknown table '{table}'. {nearest(table, CONTRACTS)}")
    frame = read_stored(platform, CONTRACTS[table], cutoff, division)
    write(frame, form, limit)


def read_stored(
    platform: Platform, contract: Contract, cutoff: str, division: str | None
) -> pl.LazyFrame:
    """Scan one cutoff of a stored table, all its divisions unless one is given.

    Parameters
    ----------
    platform
        Where tables lie.
    contract
        The table, or the model of which the card is read.
    cutoff
        A date of the calendar.
    division
        One of the table's; None for all that are stored.

    Returns
    -------
    polars.LazyFrame
        Rows of the partitions one after another, by division.

    Raises
    ------
    ScopeError
        When cutoff or division is not one of the table's.
    PartitionMissingError, StalePartitionError
        When nothing is stored, or it was made under other settings.
    DamagedError
        When what is stored is not what was made.
    """
    (day,) = platform.space.select_cutoffs(cutoff.split("..", maxsplit=1)[0])
    legal = platform.space.divisions(contract.partitioned_by)
    if division is not None and division not in legal:
        if legal == [None]:
            raise ScopeError(f"{contract.name} covers all divisions; leave --division out.")
        raise ScopeError(f"Unknown division '{division}'. {nearest(division, map(str, legal))}")
    keys = [PartitionKey(day, d) for d in ([division] if division else legal)]
    # What is there of it; nothing at all is an error below.
    stored = [key for key in keys if platform.store.has(Address(contract.name, *key))] or keys[:1]
    refuse_what_was_not_made(platform, [Address(contract.name, *key) for key in stored])
    if contract.is_bundle:
        return pl.concat(
            [_describe(contract, platform.read_bundle(contract, *key)) for key in stored]
        )
    return pl.concat([platform.read(contract, *key) for key in stored])


def refuse_what_was_not_made(platform: Platform, addresses: Iterable[Address]) -> None:
    """Raise unless partitions are what this store's run history made, to the byte.

    Raises
    ------
    DamagedError
        When a file is another; or a model is not known to the history, whatever it says of itself.
    """
    with history_of(platform) as instance:
        for address in addresses:
            is_bundle = CONTRACTS[address.asset].is_bundle
            if platform.store.has(address):
                refuse_damaged(instance, platform.store, [address], must_be_recorded=is_bundle)


def _describe(contract: Contract, files: Mapping[str, bytes]) -> pl.LazyFrame:
    # LightGBM takes 0.8 s, and every command loads this module.
    from gosales_assets.models.bundle.bundle import describe_bundle  # noqa: PLC0415
    from gosales_assets.models.bundle.pooled_bundle import describe_pooled  # noqa: PLC0415

    describe = describe_bundle if contract is MODEL else describe_pooled
    return describe(files).lazy()


def write(frame: pl.LazyFrame, form: str, limit: int | None) -> None:
    """Write a frame to standard output in one of `FORMATS`.

    Parameters
    ----------
    frame
        Rows in the order they are written.
    form
        One of `FORMATS`; of `table` at most `limit` rows, of the others all without it.
    limit
        Rows; None for the form's own.

    Raises
    ------
    GosalesError
        When Parquet would go to a terminal.
    """
    if form == "table":
        rows = limit or ROWS_FOR_EYES
        shown = frame.head(rows).collect()
        total = int(frame.select(pl.len()).collect().item())
        print_frame(shown, tbl_rows=rows, fmt_str_lengths=140, float_precision=4)
        tell(f"{min(rows, total)} of {total} rows")
        return
    table = (frame.head(limit) if limit else frame).collect()
    if form in ("csv", "json"):
        text = spreadsheet_safe(table).write_csv() if form == "csv" else table.write_ndjson()
        # For a program as it is; a terminal would do what the cells say.
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    elif sys.stdout.isatty():
        raise GosalesError("Parquet is binary: redirect it into a file, > table.parquet.")
    else:
        table.write_parquet(sys.stdout.buffer)
