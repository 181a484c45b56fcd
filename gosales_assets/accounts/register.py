"""The asset register on disk: typed block by block, then sorted in parts of whole customers.

A register may be larger than memory. It is typed once for all cutoffs and all tables made of it,
and remembered as long as its files, their settings and this code stay the same. What it is as of a
cutoff is the business of `installed_base`.
"""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import polars as pl

from gosales_assets.accounts.asset_rows import SETTING, USABLE, WRITTEN, read_assets
from gosales_assets.accounts.side_rows import PLACE, name_rows, rejects_of
from gosales_resources.errors import SourceError
from gosales_resources.instance.thread_map import map_threads
from gosales_resources.partitions.customer_ranges import customer_ranges
from gosales_resources.settings.accounts import AssetSource
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import RawInput
from gosales_resources.sources.side_tables import (
    SideBlock,
    first_rows,
    require_one_type,
    side_blocks,
)
from gosales_resources.store.parquet import write_parquet
from gosales_resources.store.staged_folders import (
    Meta,
    forget_folders,
    keep_folder,
    read_meta,
    write_folder,
)

# Rows sorted at a time, about 0.5 KB each meanwhile.
PART_ROWS = 1_000_000
# A group of rows that is passed over when customers of another part are looked for.
ROW_GROUP_ROWS = 32_768
# Total, for no two rows have one asset_id.
ORDER = ("customer_id", "division", "item_rollup", "item", "purchase_date", "asset_id")
DAYS = ["item_rollup", USABLE, "known_on"]


@dataclass(frozen=True)
class Register:
    """A staged register."""

    path: str
    """As configured; named in errors."""
    folder: Path
    rows_in: int
    """Rows of the files, misshapen ones too."""
    part_count: int
    setting: str = SETTING

    def parts(self) -> list[pl.LazyFrame]:
        """Scan the usable rows in parts, in the order of `ORDER`; no customer is in two."""
        return [pl.scan_parquet(self.folder / _part(number)) for number in range(self.part_count)]

    @cached_property
    def days(self) -> pl.DataFrame:
        """Count the usable rows (`row_count`) by rollup, usable purchase date and `known_on`."""
        return pl.read_parquet(self.folder / "days.parquet")

    def rejected_at(self, cutoff: dt.date | None) -> pl.DataFrame:
        """Return the unusable rows known at a cutoff as `Split.rejected`; without one, all.

        Parameters
        ----------
        cutoff
            As-of date; None for the whole file.

        Returns
        -------
        polars.DataFrame
            One row per unusable row of the register, by file and row; empty where all are usable.
        """
        rows = pl.read_parquet(self.folder / "rejected.parquet")
        if cutoff is not None:
            rows = rows.filter(pl.col("known_on").is_null() | (pl.col("known_on") <= cutoff))
        return rows.drop("known_on").sort(PLACE)


class Typed(NamedTuple):
    """What is kept in memory of a block of the register once it is typed."""

    raw: RawInput
    row_count: int
    schema: pl.Schema | None
    """Of the raw rows; None where there are none."""
    rejected: pl.DataFrame
    customers: pl.DataFrame
    """Usable rows (`row_count`) by customer."""
    path: Path


def stage_register(
    source: AssetSource, base: Path, divisions: list[str], root: Path, code: str, threads: int
) -> Register:
    """Type and sort the register, or find it as it was.

    Parameters
    ----------
    source
        Path, format, columns, the earliest legal purchase date.
    base
        Folder that relative paths start from.
    divisions
        Slugs of the divisions there are.
    root
        Folder of staged registers.
    code
        Digest of the code that decides what a staged row is: what other code wrote is not read.
    threads
        How many blocks are typed at once.

    Raises
    ------
    SourceError
        When a file is missing, unreadable or changes, or a configured column is missing.
    StorageError
        When there is no room.
    """
    inputs = open_inputs(source, base)
    stamps = [[raw.name, raw.stamp()] for raw in inputs]
    # Nothing tells whether a database has changed: it is read to look for its rows.
    keys = _block_keys(inputs) if any(stamp is None for _, stamp in stamps) else None
    told = [keys or stamps, source.model_dump(mode="json"), divisions, code, pl.__version__]
    name = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
    folder = root / name
    meta = read_meta(folder)
    if meta is None:
        meta = write_folder(
            folder, "fact_assets", _Staging(source, base, divisions, keys, threads).write
        )
    else:
        keep_folder(folder)
    forget_folders(list(root.iterdir()), [folder])
    return Register(source.path, folder, meta["rows_in"], meta["part_count"])


@dataclass(frozen=True)
class _Staging:
    source: AssetSource
    base: Path
    divisions: list[str]
    keys: list[list[str]] | None
    """Name of the input and key of each block; None where inputs tell by themselves of changes."""
    threads: int

    def write(self, work: Path) -> Meta:
        """Stage the register in a folder; memory is that of a few blocks, then of a part."""
        blocks = work / "blocks"
        blocks.mkdir()
        numbered = ((blocks / f"{n}.parquet", b) for n, b in enumerate(self._blocks()))
        typed = list(map_threads(self._type, numbered, self.threads))
        require_one_type(self.source.path, [t.schema for t in typed if t.schema is not None])
        firsts = first_rows((t.raw, t.row_count) for t in typed)
        rejected = [
            t.rejected.with_columns(pl.col("source_row") + first)
            for t, first in zip(typed, firsts, strict=True)
        ]
        write_parquet(pl.concat(rejected), work / "rejected.parquet")
        spans = customer_ranges(pl.concat(t.customers for t in typed), PART_ROWS)
        days = []
        scan = pl.scan_parquet([t.path for t in typed])
        for number, span in enumerate(spans):
            part = _sorted(scan.filter(span.hold()).collect())
            write_parquet(part, work / _part(number), compression="lz4")
            days.append(_counted(part, DAYS))
        write_parquet(_total(days, DAYS).sort(DAYS), work / "days.parquet")
        shutil.rmtree(blocks)
        return {"rows_in": sum(t.row_count for t in typed), "part_count": len(spans)}

    def _blocks(self) -> Iterator[SideBlock]:
        found = []
        for each in side_blocks(self.source, self.base):
            if each.block is not None:
                found.append([each.raw.name, each.block.key])
            yield each
        if self.keys not in (None, found):
            raise SourceError(f"{self.source.place} changed while it was read. Run again.")

    def _type(self, numbered: tuple[Path, SideBlock]) -> Typed:
        path, block = numbered
        raw = block.read()
        side = read_assets(raw, self.source, self.divisions)
        is_usable = pl.col("reason").is_null()
        usable = side.rows.filter(is_usable).select(*WRITTEN, USABLE, "known_on")
        write_parquet(
            usable.sort("customer_id"), path, compression="lz4", row_group_size=ROW_GROUP_ROWS
        )
        return Typed(
            block.raw,
            raw.row_count,
            raw.frame.schema if raw.frame.height else None,
            rejects_of(side, side.rows.filter(~is_usable)),
            _counted(usable, ["customer_id"]),
            path,
        )


def _block_keys(inputs: Sequence[RawInput]) -> list[list[str]]:
    return [[raw.name, block.key] for raw in inputs for block in raw.blocks()]


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the rows of some customers and sort them."""
    # Of exact copies it does not matter which has which number: they agree in everything else.
    return rows.with_columns(name_rows(rows, WRITTEN).alias("asset_id")).sort(ORDER)


def _counted(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return rows.group_by(by).agg(row_count=pl.len().cast(pl.Int64))


def _total(counts: Sequence[pl.DataFrame], by: list[str]) -> pl.DataFrame:
    return pl.concat(counts).group_by(by).agg(pl.col("row_count").sum())


def _part(number: int) -> str:
    return f"part-{number}.parquet"
