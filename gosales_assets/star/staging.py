"""The sales log as typed Parquet, block by block, remembered by content.

A block's rows are typed once for given content, columns and settings; a file that grew, or one
more file, costs what is new. Nothing here depends on the calendar or on what a SKU means: which
increment a row belongs to and which division a line is of are decided when increments are cut.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from gosales_assets.star.cells import layout_of
from gosales_assets.star.corrections import Corrections, fingerprint
from gosales_assets.star.typing import TABLES, TypedRows, Typing
from gosales_resources.errors import SourceError
from gosales_resources.instance.thread_map import map_threads
from gosales_resources.settings.source import LongLog, WideLog
from gosales_resources.sources.odd_text import OddText, describe_odd
from gosales_resources.sources.raw import Block, Extent, RawInput
from gosales_resources.store.parquet import write_parquet
from gosales_resources.store.staged_folders import (
    forget_folders,
    keep_folder,
    read_meta,
    write_folder,
)

# A group of rows that a scan can pass over by its dates.
ROW_GROUP_ROWS = 32_768
# Texts in a wrong encoding that are kept of a block, to be told.
SHOWN_ODD = 100


@dataclass(frozen=True)
class StagedBlock:
    """One block of one input, typed."""

    source_file: str
    first_row: int
    """Number for people of its first row in the file."""
    base: int
    """Places of rows before it over all inputs: `base + row` orders all rows."""
    key: str
    folder: Path
    row_count: int
    corrected_ids: tuple[str, ...]
    """Rejected rows of it that an override corrected."""
    extent: Extent | None = None
    """What finds it again in its input; see `RawInput.remembering`."""

    def scan(self, table: str) -> pl.LazyFrame:
        """Scan one of `SCHEMAS` with its `row_id`, or `days`; with `source_file`.

        Parameters
        ----------
        table
            `rows`, `lines`, `raws`, `strange` or `days`.

        Returns
        -------
        polars.LazyFrame
            In the order of the block's rows; its columns are those of the table in `typing`.
        """
        frame = pl.scan_parquet(self.folder / f"{table}.parquet")
        named = frame.with_columns(source_file=pl.lit(self.source_file))
        return named if table == "days" else named.with_columns(row_id=pl.col("row") + self.base)

    @property
    def is_whole(self) -> bool:
        """Its files are all there."""
        return read_meta(self.folder) is not None

    def to_json(self, root: Path) -> dict[str, Any]:
        """Return plain data; the folder is told relative to the staging folder."""
        return {**asdict(self), "folder": self.folder.relative_to(root).as_posix()}

    @classmethod
    def from_json(cls, data: dict[str, Any], root: Path) -> "StagedBlock":
        """Read what `to_json` wrote."""
        ids = tuple(data["corrected_ids"])
        told = {**data, "folder": root / data["folder"], "corrected_ids": ids}
        return cls(**{**told, "extent": extent_of(data)})


def extent_of(told: Mapping[str, Any]) -> Extent | None:
    """Read the extent of what `StagedBlock.to_json` wrote."""
    extent = told.get("extent")
    return Extent(**extent) if extent else None


@dataclass(frozen=True)
class Staging:
    """Where and how a sales log is staged."""

    root: Path
    log: WideLog | LongLog
    skus: Sequence[str]
    """SKUs of the taxonomy: lines of others keep their raw row, for they will be rejected."""
    corrections: Corrections
    progress: Callable[[str], object]
    code: str
    """Digest of the code that decides what a typed row is: what other code wrote is not read."""
    threads: int
    known: Mapping[str, Sequence[Extent]] = field(default_factory=dict)
    """Of each input, its first blocks the last time."""

    def stage(self, inputs: Sequence[RawInput]) -> list[StagedBlock]:
        """Type every block that is not remembered, as many at once as there are threads.

        Parameters
        ----------
        inputs
            All inputs of the log, in the order of their names.

        Returns
        -------
        list of StagedBlock
            In the order of the inputs and of their content; rows are numbered through.

        Raises
        ------
        SourceError
            When an input cannot be read or lacks a column, or a correction does not fit its row.
        StorageError
            When there is no room for staged blocks.
        """
        staged: list[StagedBlock] = []
        base = count = unclear = 0
        odd: set[str] = set()
        for number, raw in enumerate(inputs, start=1):
            first = raw.first_row
            for block, folder, meta in self._blocks(raw.remembering(self.known.get(raw.name, ()))):
                rows, span = int(meta["row_count"]), int(meta["row_span"])
                corrected, key, extent = tuple(meta["corrected_ids"]), block.key, block.extent
                staged.append(
                    StagedBlock(raw.name, first, base, key, folder, rows, corrected, extent)
                )
                unclear += int(meta["unclear_count"])
                odd.update(meta["odd_texts"])
                base, first, count = base + span, first + span, count + rows
                if len(staged) % 8 == 0:
                    self.progress(f"sales log: {count:,} rows read, now in {raw.name}")
            self.progress(f"sales log: {count:,} rows, {raw.name} done ({number} of {len(inputs)})")
        if unclear:
            self.progress(
                f"sales log: {unclear:,} rows stay that source.sales_log.where cannot compare"
            )
        if odd:
            told = describe_odd(odd, self.log.encoding)
            self.progress(f"sales log: {told} (source.sales_log.encoding)")
        self._tell_unused({i for block in staged for i in block.corrected_ids})
        kept = {block.folder for block in staged}
        forget_folders(list(self.root.glob("*/*")), kept)
        return staged

    def _blocks(self, raw: RawInput) -> Iterator[tuple[Block, Path, dict[str, Any]]]:
        header = raw.header()
        try:
            layout = layout_of(raw.name, header, self.log, self.skus)
        except SourceError as error:
            raise SourceError(f"{error}{raw.elsewhere()}") from error
        skus = frozenset(self.skus)
        typing = Typing(raw.name, header, layout, self.log, skus, self.corrections)
        how = typing.fingerprint(self.code)

        def staged(block: Block) -> tuple[Block, Path, dict[str, Any]]:
            return block, *self._remembered(block, typing, how)

        yield from map_threads(staged, raw.blocks(), self.threads)

    def _remembered(self, block: Block, typing: Typing, how: str) -> tuple[Path, dict[str, Any]]:
        folder = self.root / how / block.key
        meta = read_meta(folder)
        if meta is None or not self._still_fits(folder, meta):
            odd = OddText(self.log.encoding)
            typed = typing.type_rows(odd.watched(block.read()))
            meta = self._write(folder, typed, odd)
        else:
            keep_folder(folder)
        return folder, meta

    def _still_fits(self, folder: Path, meta: dict[str, Any]) -> bool:
        """Tell whether a block would be typed as it was: same corrections, raw rows at hand."""
        if set(meta["skus"]) - set(self.skus) - set(meta["skus_unknown"]):
            return False
        ids = set(meta["corrected_ids"])
        if self.corrections:
            raws = pl.scan_parquet(folder / "raws.parquet").select("reject_id").unique().collect()
            ids |= set(raws["reject_id"]) & set(self.corrections)
        return fingerprint(self.corrections, ids) == meta["corrections"]

    def _write(self, folder: Path, typed: TypedRows, odd: OddText) -> dict[str, Any]:
        def make(work: Path) -> dict[str, Any]:
            for name in TABLES:
                frame: pl.DataFrame = getattr(typed, name)
                write_parquet(
                    frame,
                    work / f"{name}.parquet",
                    compression="lz4",
                    row_group_size=ROW_GROUP_ROWS,
                )
            return {**typed.meta(self.corrections), "odd_texts": sorted(odd.found)[:SHOWN_ODD]}

        return write_folder(folder, "sales_log", make)

    def _tell_unused(self, used: set[str]) -> None:
        if unused := sorted(set(self.corrections) - used):
            shown = ", ".join(unused[:5]) + (", ..." if len(unused) > 5 else "")
            self.progress(f"sales log: {len(unused)} correction(s) fit no rejected row: {shown}")
