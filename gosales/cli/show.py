"""`gosales show`: prints stored tables, for eyes, for spreadsheets, for other programs."""

import argparse
import datetime as dt
import sys
from collections.abc import Iterable, Mapping
from functools import partial

import polars as pl
from polars._typing import PolarsDataType

from gosales.cli.conditions import columns_named, conditions
from gosales.cli.parser import CUTOFFS, LATEST, Help, platform_of, positive
from gosales.cli.terminal import hand_over, print_frame, say, tell
from gosales_assets.delivery.spreadsheet import spreadsheet_safe
from gosales_assets.operations.instance import history_of
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.delivery import LIST_EXPORTS
from gosales_checks.contracts.list_report import LIST_REPORT
from gosales_checks.contracts.models import MODEL, POOLED_MODEL
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.values import VALUE_MODEL
from gosales_resources.errors import GosalesError, PartitionMissingError, ScopeError, nearest
from gosales_resources.instance.recorded import refuse_damaged
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.settings.base import slugify
from gosales_resources.store.address import Address, missing_message

FORMATS = ("table", "csv", "json", "jsonl", "parquet")
ROWS_FOR_EYES = 20
DONE = 0
EXAMPLES = """\
Examples:
  gosales show whitespace --where "rank<=20" --columns rank,customer_name,division,p_icp
  gosales show sales_log_rejects --cutoff 2024-03-31..2024-12-31 --format csv > rejects.csv"""


def add_show_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare `gosales show`."""
    parser = commands.add_parser(
        "show",
        parents=[settings],
        help="print a stored table, or some of it",
        formatter_class=Help,
        epilog=EXAMPLES,
    )
    parser.add_argument("table", metavar="TABLE", help="its name; docs/data-dictionary.md has all")
    parser.add_argument(
        "--cutoff", default=LATEST, metavar=CUTOFFS, help="one cutoff or a range; else the latest"
    )
    parser.add_argument("--division", metavar="a,b", help="some divisions; without it all")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="rows of which that is true; also !=, >=, <=, >, < and ~ (has that text); may be repeated",
    )
    parser.add_argument("--columns", metavar="a,b", help="these columns, in this order")
    parser.add_argument("--limit", type=positive, help="rows; 20 for format table, else all")
    parser.add_argument(
        "--format", choices=FORMATS, default="table", help="table for eyes; json is one array"
    )
    parser.set_defaults(command=_show)


def _show(options: argparse.Namespace) -> int:
    if options.table not in CONTRACTS:
        raise ScopeError(f"Unknown table '{options.table}'. {nearest(options.table, CONTRACTS)}")
    platform = platform_of(options)
    contract = CONTRACTS[options.table]
    cutoffs = chosen_cutoffs(platform, contract, options.cutoff, options.division)
    frame = read_stored(platform, contract, cutoffs, options.division)
    if options.division is None:
        _say_absent(platform, contract, cutoffs)
    schema = frame.collect_schema()
    frame = frame.filter(*conditions(options.where, schema, contract.name))
    if options.columns:
        frame = frame.select(columns_named(options.columns, schema, contract.name))
    write(frame, options.format, options.limit)
    return DONE


def _say_absent(platform: Platform, contract: Contract, cutoffs: str) -> None:
    days = platform.space.select_cutoffs(cutoffs)
    keys = platform.space.keys(contract.partitioned_by, days)
    absent = [Address(contract.name, *key) for key in keys if not _has(platform, contract, key)]
    if absent:
        say(f"not shown, for they are not materialised: {', '.join(map(str, absent))}")


def chosen_cutoffs(
    platform: Platform, contract: Contract, cutoffs: str, divisions: str | None = None
) -> str:
    """Return cutoffs as they were asked for; for `latest` the newest at which a table is stored.

    Parameters
    ----------
    platform
        Where it lies.
    contract
        The table.
    cutoffs
        `latest`, one of the calendar, or a range.
    divisions
        Those of the table that are to be stored; None for any.

    Raises
    ------
    ScopeError
        See `read_stored`.
    PartitionMissingError
        When nothing is stored of the table at all.
    """
    if cutoffs != LATEST:
        return cutoffs
    named = _named(platform, contract, divisions) if divisions is not None else None
    calendar = platform.space.cutoffs()
    for day in reversed(calendar):
        if all(_has(platform, contract, key) for key in _keys(platform, contract, day, named)):
            return day.isoformat()
    of = f" of {divisions}" if divisions is not None else ""
    raise PartitionMissingError(
        f"No cutoff of {contract.name}{of} is stored. Make one: gosales materialize --cutoffs "
        f"{calendar[-1]}"
    )


def read_stored(
    platform: Platform, contract: Contract, cutoffs: str, divisions: str | None
) -> pl.LazyFrame:
    """Scan some cutoffs of a stored table, all its divisions unless some are given.

    Parameters
    ----------
    platform
        Where tables lie.
    contract
        The table, or the model of which the card is read.
    cutoffs
        A date of the calendar, or the first and last of several: `2024-03-31..2024-12-31`.
    divisions
        Some of the table's, by name or key, with commas between; None for all that are stored.

    Returns
    -------
    polars.LazyFrame
        Rows of the partitions one after another, by cutoff and division.

    Raises
    ------
    ScopeError
        When a cutoff or division is not one of the table's.
    PartitionMissingError, StalePartitionError
        When nothing is stored of a cutoff, or of a division that is named, or it was made under other
        settings.
    DamagedError
        When what is stored is not what was made.
    """
    days = platform.space.select_cutoffs(cutoffs)
    named = _named(platform, contract, divisions) if divisions is not None else None
    wanted = [key for day in days for key in _keys(platform, contract, day, named)]
    missing = [Address(contract.name, *key) for key in wanted if not _has(platform, contract, key)]
    if missing:
        raise PartitionMissingError(missing_message(missing))
    refuse_what_was_not_made(platform, [Address(contract.name, *key) for key in wanted])
    if contract.is_bundle:
        read = (_describe(contract, platform.read_bundle(contract, *key)) for key in wanted)
    else:
        read = (platform.read(contract, *key) for key in wanted)
    return pl.concat(read)


def _named(platform: Platform, contract: Contract, divisions: str) -> list[str]:
    """Return the keys of the divisions that are named, all of them the table's."""
    legal = platform.space.divisions(contract.partitioned_by)
    if legal == [None]:
        raise ScopeError(f"{contract.name} covers all divisions; leave --division out.")
    known = platform.settings.divisions
    # A name may have a comma of its own.
    is_one = slugify(divisions) in {*known.slugs, *known.targets}
    chosen = platform.space.select_divisions([divisions] if is_one else divisions.split(","))
    for key in chosen:
        if key not in legal:
            hint = nearest(key, map(str, legal))
            raise ScopeError(f"{contract.name} has no division '{key}'. {hint}")
    return chosen


def _keys(
    platform: Platform, contract: Contract, day: dt.date, named: list[str] | None
) -> list[PartitionKey]:
    """List a cutoff's partitions that are to be there: those named, else those that are stored."""
    if named is not None:
        return [PartitionKey(day, key) for key in named]
    keys = platform.space.keys(contract.partitioned_by, [day])
    # Nothing at all is an error, told by the first.
    return [key for key in keys if _has(platform, contract, key)] or keys[:1]


def _has(platform: Platform, contract: Contract, key: PartitionKey) -> bool:
    return platform.store.has(Address(contract.name, *key))


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
    from gosales_assets.delivery.exports_card import describe_exports  # noqa: PLC0415
    from gosales_assets.models.bundle.bundle import describe_bundle  # noqa: PLC0415
    from gosales_assets.models.bundle.pooled_bundle import describe_pooled  # noqa: PLC0415
    from gosales_assets.models.value.value_bundle import describe_values  # noqa: PLC0415

    describe = {
        MODEL: describe_bundle,
        POOLED_MODEL: describe_pooled,
        VALUE_MODEL: describe_values,
        LIST_EXPORTS: describe_exports,
        LIST_REPORT: partial(describe_exports, contract=LIST_REPORT),
    }
    return describe[contract](files).lazy()


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
    if form == "csv":
        hand_over(spreadsheet_safe(table.select(_flat(table.schema))).write_csv())
    elif form in ("json", "jsonl"):
        # Dates are ISO 8601, decimals text (they lose nothing), what is no number is null.
        lines = table.select(_legible(table.schema)).write_ndjson()
        hand_over(json_array(lines) if form == "json" else lines)
    elif sys.stdout.isatty():
        raise GosalesError("Parquet is binary: redirect it into a file, > table.parquet.")
    else:
        table.write_parquet(sys.stdout.buffer)


def json_array(lines: str) -> str:
    r"""Return JSON lines as one JSON array, a line a row; `[]` of none.

    Examples
    --------
    >>> json_array('{"a":1}\n{"a":2}\n')
    '[{"a":1},\n{"a":2}]\n'
    """
    return "[" + lines.rstrip("\n").replace("\n", ",\n") + "]\n"


def _flat(schema: pl.Schema) -> list[pl.Expr]:
    """Return every column as CSV can hold it: nested ones as JSON, spans of time as ISO 8601."""
    found = []
    for column, (name, dtype) in zip(_legible(schema), schema.items(), strict=True):
        if dtype.is_nested():
            # Only a struct has an encoder: the column is put into one and its braces are cut off.
            told = pl.struct(column.alias("v")).struct.json_encode()
            value = told.str.slice(len('{"v":'), told.str.len_chars() - len('{"v":}'))
            found.append(pl.when(pl.col(name).is_not_null()).then(value).alias(name))
        elif dtype == pl.Duration:
            found.append(pl.col(name).dt.to_string("iso"))
        else:
            found.append(column)
    return found


def _legible(schema: pl.Schema) -> list[pl.Expr]:
    """Return every column with bytes, wherever they are in it, as hexadecimal digits."""
    return [_in_hex(pl.col(name), dtype).alias(name) for name, dtype in schema.items()]


def _in_hex(value: pl.Expr, dtype: PolarsDataType) -> pl.Expr:
    if isinstance(dtype, pl.Binary):
        return value.bin.encode("hex")
    if isinstance(dtype, pl.List):
        return value.list.eval(_in_hex(pl.element(), dtype.inner))
    if isinstance(dtype, pl.Array):
        return _in_hex(value.arr.to_list(), pl.List(dtype.inner))
    if isinstance(dtype, pl.Struct):
        inner = [_in_hex(value.struct.field(f.name), f.dtype).alias(f.name) for f in dtype.fields]
        return pl.when(value.is_not_null()).then(pl.struct(inner))
    return value
