"""Reads a table beside the sales log: typed values, findings per row, what was known when.

One reader for all of them. A table's contract says which columns there are, of which type and
whether they may be blank; its settings say what the source calls them. What the table then is as
of a cutoff is the business of `crm`, `installed_base` and `customers`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from gosales_assets.accounts.fields import Field, Reading, read_field
from gosales_resources.errors import SourceError
from gosales_resources.hashing import code_texts, row_codes
from gosales_resources.sources.raw import ROW
from gosales_resources.sources.side_tables import FILE, RawTable
from gosales_resources.sources.table import require_columns

SHOWN_FINDINGS = 20
PLACE = ("source_file", "source_row")


@dataclass(frozen=True)
class SideRows:
    """All rows of one source, typed and judged one by one."""

    setting: str
    path: str
    raw: RawTable
    rows: pl.DataFrame
    """Fields, `PLACE`, `reason` (null where the row can be used), `known_on`, `at`."""
    names: tuple[str, ...]
    """The fields."""
    unique: tuple[str, ...]
    """What may be there once; empty where anything may repeat."""

    @property
    def rows_in(self) -> int:
        """Rows of the files, misshapen ones too."""
        return self.rows.height + self.raw.misshapen.height

    def rejected_at(self, cutoff: dt.date | None) -> pl.DataFrame:
        """Return the unusable rows known at a cutoff; without one, all.

        Parameters
        ----------
        cutoff
            As-of date; None for the whole file.

        Returns
        -------
        polars.DataFrame
            As `Split.rejected`: source, source_file, source_row, reason, raw; sorted by file and row.
        """
        return split_at(self, cutoff).rejected


@dataclass(frozen=True)
class Split:
    """Rows known at a cutoff: those that can be used, and the others."""

    usable: pl.DataFrame
    """Fields, `known_on`; in the order of files and rows."""
    rejected: pl.DataFrame
    """source, source_file, source_row, reason, raw; sorted by file and row."""


def read_side_rows(
    raw: RawTable,
    fields: Sequence[Field],
    reading: Reading,
    known: Sequence[str],
    unique: Sequence[str] = (),
    findings: Sequence[pl.Expr] = (),
) -> SideRows:
    """Type the rows of a source and collect what is wrong with each.

    Parameters
    ----------
    raw
        The rows as they are.
    fields
        What to read.
    reading
        Date formats, decimal mark, divisions.
    known
        Date fields that must all have passed before a row is known; blank ones do not count.
    unique
        Fields that together may be there once among the rows known at a cutoff.
    findings
        Expressions over the typed fields: a text where something is wrong, else null.

    Returns
    -------
    SideRows
        One row per row of the files that has columns, in their order; `known_on` is the latest of the
        dates of `known`, null where a row has none.

    Raises
    ------
    SourceError
        When a configured column is missing; the nearest names are offered.
    """
    wanted = {f"{reading.setting}: {f.name}": f.column for f in fields if f.column is not None}
    require_columns(raw.path, raw.columns, wanted)
    read = [read_field(field, raw.frame, reading) for field in fields]
    problems = pl.DataFrame([p.rename(str(n)) for n, (_, p) in enumerate(read)])
    typed = raw.frame.select(pl.col(FILE).alias(PLACE[0]), pl.col(ROW).alias(PLACE[1])).hstack(
        [value for value, _ in read]
    )
    days = [pl.col(name).cast(pl.Date) for name in known]
    rows = typed.with_row_index("at").with_columns(
        known_on=pl.max_horizontal(days) if days else pl.lit(None, dtype=pl.Date),
        cells=problems.select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True))
        .to_series()
        .replace("", None),
    )
    whole = [pl.lit(None, dtype=pl.String), *findings]
    reason = pl.concat_str("cells", *whole, separator="; ", ignore_nulls=True)
    rows = rows.with_columns(reason=pl.when(reason != "").then(reason)).drop("cells")
    names = tuple(field.name for field in fields)
    return SideRows(reading.setting, raw.path, raw, rows, names, tuple(unique))


def known_by(cutoff: dt.date) -> pl.Expr:
    """Tell which rows a cutoff knows: those that no date places too.

    Parameters
    ----------
    cutoff
        As-of date.

    Returns
    -------
    polars.Expr
        Boolean, never null, over `known_on`.
    """
    known_on = pl.col("known_on")
    return known_on.is_null() | (known_on <= cutoff)


def split_at(side: SideRows, cutoff: dt.date | None) -> Split:
    """Split the rows known at a cutoff into usable and rejected.

    Parameters
    ----------
    side
        All rows.
    cutoff
        As-of date; None for the whole file.

    Returns
    -------
    Split
        What may be there once is judged among the rows known at the cutoff, so that a later row
        changes nothing. A row that no date places is known at every cutoff.
    """
    rows = side.rows
    if cutoff is not None:
        rows = rows.filter(known_by(cutoff))
    rows = _with_repeats(rows, side)
    usable = rows.filter(pl.col("reason").is_null())
    rejected = rejects_of(side, rows.filter(pl.col("reason").is_not_null()))
    return Split(usable.select(*side.names, "known_on"), rejected.drop("known_on").sort(PLACE))


def rejects_of(side: SideRows, bad: pl.DataFrame) -> pl.DataFrame:
    """Tell of unusable rows, misshapen ones too.

    Parameters
    ----------
    side
        All rows of the source.
    bad
        Those of its rows that have a `reason`.

    Returns
    -------
    polars.DataFrame
        As `Split.rejected`, unsorted, and `known_on` (null where no date places a row).
    """
    source = pl.lit(side.setting).alias("source")
    told = [source, *PLACE, "reason", "raw", "known_on"]
    found = bad.hstack([_as_json(side.raw, bad["at"])]).select(told)
    nowhere = pl.lit(None, dtype=pl.Date).alias("known_on")
    return pl.concat([found, side.raw.misshapen.with_columns(nowhere).select(told)])


class Judged(Protocol):
    """A source whose rows were judged one by one."""

    @property
    def setting(self) -> str:
        """Name of the source in the settings."""
        ...

    @property
    def path(self) -> str:
        """Its path as configured."""
        ...

    def rejected_at(self, cutoff: dt.date | None) -> pl.DataFrame:
        """Return `Split.rejected`.

        Parameters
        ----------
        cutoff
            As-of date; None for the whole file.

        Returns
        -------
        polars.DataFrame
            As `Split.rejected`: source, source_file, source_row, reason, raw; sorted by file and row.
        """
        ...


def refuse_rejects(sides: Sequence[Judged]) -> None:
    """Raise when any row of the sources cannot be used: the strict mode.

    Raises
    ------
    SourceError
        Listing the rows of all sources with what is wrong.
    """
    parts = []
    for side in sides:
        rejected = side.rejected_at(None)
        if rejected.is_empty():
            continue
        lines = [
            f"  {file}, row {row}: {reason}"
            for file, row, reason in rejected.head(SHOWN_FINDINGS).select(*PLACE, "reason").rows()
        ]
        if more := rejected.height - len(lines):
            lines.append(f"  ... and {more} more")
        head = f"{side.path} (source.{side.setting}): {rejected.height} row(s) cannot be used:"
        parts.append("\n".join([head, *lines]))
    if parts:
        parts.append(
            "Mend them, or set mode: fail_soft to set them aside in source_rejects and go on."
        )
        raise SourceError("\n".join(parts))


def name_rows(rows: pl.DataFrame, fields: Sequence[str]) -> pl.Series:
    """Name each row by its values: equal wherever it lies in the files.

    Exact copies are numbered: two seats may be two rows.

    Parameters
    ----------
    rows
        Any table.
    fields
        Columns that make the name; a null differs from every text.

    Returns
    -------
    polars.Series
        16 hexadecimal digits per row, each once.
    """
    codes = row_codes(rows.select(pl.col(fields).cast(pl.String)))
    # Few have copies, and to number a row among itself is slow.
    repeated = codes.to_frame().with_row_index("at").filter(pl.col("code").is_duplicated())
    number = repeated.select(pl.int_range(pl.len()).over("code")).to_series()
    copies = pl.zeros(rows.height, pl.Int64, eager=True).scatter(repeated["at"], number)
    return code_texts(codes ^ row_codes(copies.cast(pl.String).to_frame("copy_number")))


def _with_repeats(rows: pl.DataFrame, side: SideRows) -> pl.DataFrame:
    """Add the findings on rows whose key is there more than once.

    Of exact copies the first stays; rows of one key that differ are all refused: nothing tells
    which one is right.
    """
    if not side.unique:
        return rows
    keys, mine = list(side.unique), pl.col("reason").is_null()
    good = rows.filter(mine)
    repeated = good.filter(pl.struct(keys).is_duplicated())
    if repeated.is_empty():
        return rows
    place = pl.format("{}, row {}", *PLACE)
    first = place.sort_by(*PLACE).first()
    judged = repeated.with_columns(
        is_first=(pl.struct(PLACE) == pl.struct(PLACE).sort_by(*PLACE).first()).over(keys),
        differs=(pl.struct(side.names).n_unique() > 1).over(keys),
        count=pl.len().over(keys),
        first=first.over(keys),
        key=pl.concat_str(
            [pl.col(k).cast(pl.String).fill_null("(blank)") for k in keys], separator=", "
        ),
    )
    finding = (
        pl.when("differs")
        .then(pl.format("{} '{}' is there {} times", pl.lit(", ".join(keys)), "key", "count"))
        .when(~pl.col("is_first"))
        .then(pl.format("is an exact copy of {}", "first"))
    )
    found = judged.select("at", repeat=finding)
    return (
        rows.join(found, on="at", how="left", maintain_order="left")
        .with_columns(pl.coalesce("reason", "repeat").alias("reason"))
        .drop("repeat")
    )


def _as_json(raw: RawTable, at: pl.Series) -> pl.Series:
    """Return raw rows as JSON objects of text."""
    chosen = raw.frame.select(pl.col(raw.columns).cast(pl.String))[at]
    return chosen.select(raw=pl.struct(pl.all()).struct.json_encode()).to_series()
