"""Prints stored tables: for eyes, for spreadsheets, for other programs."""

import sys

import polars as pl

from gosales.cli.tables import print_frame
from gosales_assets.platform.platform import Platform
from gosales_assets.whitespace.export import spreadsheet_safe
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import BUNDLE_CONTRACTS, CONTRACTS
from gosales_resources.errors import GosalesError, ScopeError, nearest
from gosales_resources.store.tables import Address

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
    """Scan one cutoff of a stored table, all its divisions unless one is given."""
    (day,) = platform.space.select_cutoffs(cutoff.split("..", maxsplit=1)[0])
    known = platform.settings.divisions
    if contract.partitioned_by == "cutoff":
        if division is not None:
            raise ScopeError(f"{contract.name} covers all divisions; leave --division out.")
        addresses = [Address(contract.name, day)]
    else:
        legal = known.slugs if contract.partitioned_by == "division_cutoff" else known.targets
        if division is not None and division not in legal:
            raise ScopeError(f"Unknown division '{division}'. {nearest(division, legal)}")
        addresses = [Address(contract.name, day, d) for d in ([division] if division else legal)]
        if division is None:
            # What is there of it; nothing at all is an error below.
            addresses = [a for a in addresses if platform.store.has(a)] or addresses[:1]
    pairs = [(a, platform.provenance_of(contract, a)) for a in addresses]
    if contract in BUNDLE_CONTRACTS:
        # LightGBM takes 0.8 s, and every command loads this module.
        from gosales_assets.models.bundle.bundle import describe_bundle  # noqa: PLC0415

        bundles = [platform.store.read_bundle(a, p) for a, p in pairs]
        return pl.concat([describe_bundle(files) for files in bundles]).lazy()
    return pl.concat([platform.store.scan_table(a, p) for a, p in pairs])


def write(frame: pl.LazyFrame, form: str, limit: int | None) -> None:
    """Write a frame to standard output in one of `FORMATS`."""
    if form == "table":
        rows = limit or ROWS_FOR_EYES
        shown = frame.head(rows).collect()
        total = int(frame.select(pl.len()).collect().item())
        print_frame(shown, tbl_rows=rows, fmt_str_lengths=140, float_precision=4)
        print(f"{min(rows, total)} of {total} rows")
        return
    table = (frame.head(limit) if limit else frame).collect()
    if form == "csv":
        sys.stdout.write(spreadsheet_safe(table).write_csv())
    elif form == "json":
        sys.stdout.write(table.write_ndjson())
    elif sys.stdout.isatty():
        raise GosalesError("Parquet is binary: redirect it into a file, > table.parquet.")
    else:
        table.write_parquet(sys.stdout.buffer)
