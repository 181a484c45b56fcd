"""Cuts increments from staged blocks: copies out, SKUs to divisions, rejects and ledger beside.

A raw row belongs to the first cutoff at which it was known. Work goes along the days rows are of:
copies of a row are of its day, and lines are sorted by it first, so memory is that of a run of
days, however long the history.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from gosales_assets.star.ledger import build_ledger, tally
from gosales_assets.star.lines import build_lines, strange_lines, with_division
from gosales_assets.star.rejects import build_rejects
from gosales_assets.star.restatements import build_reversals, no_reversals, replaced_rows
from gosales_assets.star.staging import StagedBlock
from gosales_assets.star.typing import CONTENT
from gosales_resources.dates import shift_months
from gosales_resources.errors import SourceError
from gosales_resources.settings.source import DivisionRoute, Duplicates

# Lines taken at a time, about 1 KB each while they are sorted.
CHUNK_LINES = 750_000
# A row dated further after the calendar's end does not show that the log goes on until then.
PLAUSIBLE_MONTHS = 12
DaySpan = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Survey:
    """What must be known of an increment before its lines are cut."""

    copies: pl.Series
    """row_id of exact copies of earlier rows."""
    tallies: pl.DataFrame
    """Counts and sums per file."""


@dataclass(frozen=True)
class StagedLog:
    """A staged log under one calendar and one taxonomy."""

    blocks: Sequence[StagedBlock]
    cutoffs: Sequence[dt.date]
    """The calendar, oldest first."""
    products: pl.DataFrame
    """`dim_product`: one row per SKU."""
    routes: Sequence[DivisionRoute]
    line_key: Sequence[str] = ()
    """Columns that name a line whatever its version; empty where the source keeps no versions."""
    duplicates: Duplicates = "drop"
    """What an exact copy of a row is; see `LogSource.duplicates`."""
    chunk_lines: int = CHUNK_LINES
    _surveys: dict[dt.date, Survey] = field(default_factory=dict, repr=False, compare=False)
    known: dict[dt.date, str] = field(default_factory=dict, repr=False, compare=False)
    """Digests of increments, as far as they have been asked for."""

    def lines(self, cutoff: dt.date) -> Iterator[pl.DataFrame]:
        """Yield `sales_log` of one increment in its total order, a run of days at a time.

        Parameters
        ----------
        cutoff
            Of the increment; one of `cutoffs`.

        Yields
        ------
        polars.DataFrame
            Consecutive parts of the increment, at least one.
        """
        copies = self._survey(cutoff).copies
        for span in self._spans(cutoff):
            entries = self._scan("lines", cutoff, span, copies)
            both = [
                entries.with_columns(is_reversal=pl.lit(value=False)),
                self._taken_back(cutoff, span),
            ]
            sold = with_division(pl.concat(both, how="diagonal"), self.products)
            yield build_lines(sold, self.routes, cutoff).collect()

    def rejects(self, cutoff: dt.date) -> Iterator[pl.DataFrame]:
        """Yield `sales_log_rejects` of one increment, by day, file and row.

        Parameters
        ----------
        cutoff
            Of the increment; one of `cutoffs`.

        Yields
        ------
        polars.DataFrame
            Consecutive parts of the increment, at least one; without rows where nothing is rejected.
        """
        copies = self._survey(cutoff).copies
        for span in self._spans(cutoff):
            raws, lines = (self._scan(t, cutoff, span, copies) for t in ("raws", "strange"))
            # A SKU that the taxonomy has learnt since is strange no more.
            rejects = build_rejects(raws, strange_lines(lines, self.products)).collect()
            yield self._numbered(rejects).sort("source_file", "source_row", "line")

    def ledger(self, cutoff: dt.date) -> pl.DataFrame:
        """Return `sales_ledger` of one increment, one row per file known by then.

        Parameters
        ----------
        cutoff
            Of the increment; one of `cutoffs`.

        Returns
        -------
        polars.DataFrame
            Sorted by file; without rows where no file was known by then.
        """
        return build_ledger(self._survey(cutoff).tallies, self._reach(cutoff))

    def digest(self, cutoff: dt.date) -> str:
        """Name the content of one increment: what its rows are, and what their SKUs mean.

        Equal digests make equal tables, so a partition made from another digest is stale.
        """
        if cutoff not in self.known:
            self.known[cutoff] = self._digest(cutoff)
        return self.known[cutoff]

    def _digest(self, cutoff: dt.date) -> str:
        content = (
            self.days.filter(self._window(cutoff))
            .group_by("source_file", "day", "known_on")
            .agg(pl.col("row_count", *CONTENT).sum())
            .sort("source_file", "day", "known_on")
        )
        skus = self._skus.get(cutoff, [])
        meaning = self.products.drop("is_target").filter(pl.col("sku").is_in(skus))
        # Rejects tell their row numbers: where they lie matters.
        rejected = self._scan("raws", cutoff).select("source_file", "row_id", "reject_id").collect()
        taken_back = self._taken_back(cutoff).collect()
        parts = (
            content,
            meaning.sort("sku"),
            self._numbered(rejected).drop("row_id").sort("source_file", "source_row"),
            self._reach(cutoff),
            taken_back,
        )
        told = json.dumps([part.rows() for part in parts], default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def row_count(self) -> int:
        """Raw rows of all inputs."""
        return sum(block.row_count for block in self.blocks)

    @property
    def waiting_count(self) -> int:
        """Raw rows that were known only after the last cutoff of the calendar."""
        later = self.days.filter(pl.col("known_on") > self.cutoffs[-1])
        return int(later["row_count"].sum())

    def require_visible(self, place: str) -> None:
        """Make sure that some row was known by the last cutoff; `place` names the log.

        Raises
        ------
        SourceError
            When all of them wait for cutoffs that the calendar does not have.
        """
        if self.waiting_count == self.row_count:
            first = self.days["known_on"].min()
            raise SourceError(
                f"{place}: none of its {self.row_count:,} rows was known by {self.cutoffs[-1]}, the "
                f"last cutoff; the earliest was known on {first}. Move calendar.end, or look at "
                "source.sales_log.date_formats."
            )

    @cached_property
    def days(self) -> pl.DataFrame:
        """Rows of all blocks by day, with the number of their block."""
        tables = [b.scan("days").with_columns(block=pl.lit(n)) for n, b in enumerate(self.blocks)]
        return pl.concat(tables).drop("skus").collect()

    @cached_property
    def _skus(self) -> dict[dt.date, list[str]]:
        """SKUs that lines of each increment have."""
        calendar = pl.DataFrame({"cutoff": self.cutoffs}).set_sorted("cutoff")
        sold = pl.concat([block.scan("days") for block in self.blocks]).select("known_on", "skus")
        named = (
            sold.explode("skus")
            .unique()
            .sort("known_on")
            .join_asof(calendar.lazy(), left_on="known_on", right_on="cutoff", strategy="forward")
            .group_by("cutoff")
            .agg(pl.col("skus").unique())
            .drop_nulls("cutoff")
        )
        return dict(named.collect().iter_rows())

    @cached_property
    def _reversals(self) -> pl.DataFrame:
        """Lines that a later version replaces, taken back."""
        if not self.line_key:
            return no_reversals()
        lines = pl.concat([block.scan("lines") for block in self.blocks])
        rows = replaced_rows(lines, self.line_key)["row_id"].unique().implode()
        of_them = pl.col("row_id").is_in(rows)
        slim = pl.concat([block.scan("rows") for block in self.blocks]).filter(of_them).collect()
        copies = _copies(slim, self.duplicates).implode()
        found = lines.filter(of_them & ~pl.col("row_id").is_in(copies)).collect()
        return build_reversals(found, self.line_key)

    def _taken_back(self, cutoff: dt.date, span: DaySpan | None = None) -> pl.LazyFrame:
        inside = self._window(cutoff)
        if span is not None:
            inside = inside & pl.col("day").is_between(*span)
        return self._reversals.lazy().filter(inside)

    def _numbered(self, rejects: pl.DataFrame) -> pl.DataFrame:
        """Give rows their number in their file (`source_row`)."""
        placed = rejects.sort("row_id").join_asof(self._offsets, left_on="row_id", right_on="base")
        return placed.with_columns(source_row=pl.col("row_id") + pl.col("offset")).drop(
            "base", "offset"
        )

    @cached_property
    def _offsets(self) -> pl.DataFrame:
        """From row_id to the number of the row in its file."""
        bases = [(b.base, b.first_row - b.base) for b in self.blocks if b.row_count]
        return pl.DataFrame(bases, {"base": pl.Int64, "offset": pl.Int64}, orient="row")

    def _reach(self, cutoff: dt.date) -> pl.DataFrame:
        """Return how far each file, and the log as a whole, reaches up to a cutoff."""
        return (
            self.days.filter(pl.col("known_on") <= cutoff)
            .group_by("source_file")
            .agg(data_through=pl.col("known_on").max())
            .with_columns(log_through=pl.lit(min(self._latest, cutoff)))
            .sort("source_file")
        )

    @cached_property
    def _latest(self) -> dt.date:
        """The latest day that a row became known, slips of the pen such as 2099 left out."""
        end = self.cutoffs[-1]
        # A calendar may have no end.
        last = shift_months(end, PLAUSIBLE_MONTHS) if end.year < dt.MAXYEAR - 1 else dt.date.max
        latest = self.days.filter(pl.col("known_on") <= last)["known_on"].max()
        return latest if isinstance(latest, dt.date) else dt.date.min

    def _survey(self, cutoff: dt.date) -> Survey:
        if cutoff not in self._surveys:
            copies, tallies = [pl.Series("row_id", [], pl.Int64)], [tally(*self._nothing())]
            for span in self._spans(cutoff):
                rows = self._scan("rows", cutoff, span).collect()
                copies.append(_copies(rows, self.duplicates))
                lines = strange_lines(self._scan("strange", cutoff, span), self.products)
                unknown = lines.group_by("row_id").len("strange").collect()
                reversals = with_division(self._taken_back(cutoff, span), self.products).collect()
                tallies.append(tally(rows, copies[-1], unknown, reversals))
            self._surveys[cutoff] = Survey(pl.concat(copies), pl.concat(tallies))
        return self._surveys[cutoff]

    def _nothing(self) -> tuple[pl.DataFrame, pl.Series, pl.DataFrame, pl.DataFrame]:
        rows = self.blocks[0].scan("rows").clear().collect()
        strange = pl.DataFrame(schema={"row_id": pl.Int64, "strange": pl.UInt32})
        return rows, rows["row_id"], strange, no_reversals()

    def _window(self, cutoff: dt.date) -> pl.Expr:
        at = list(self.cutoffs).index(cutoff)
        known = pl.col("known_on") <= cutoff
        return known & (pl.col("known_on") > self.cutoffs[at - 1]) if at else known

    def _spans(self, cutoff: dt.date) -> list[DaySpan]:
        """Split an increment into runs of days of at most so many lines (or one day); one or more."""
        per_day = (
            self.days.filter(self._window(cutoff))
            .group_by("day")
            .agg(pl.col("line_count").sum(), pl.col("row_count").sum())
        )
        taken_back = (
            self._taken_back(cutoff).group_by("day").agg(line_count=pl.len().cast(pl.Int64))
        )
        both = [per_day, taken_back.with_columns(row_count=pl.lit(0, pl.Int64)).collect()]
        per_day = pl.concat(both).group_by("day").sum().sort("day")
        spans: list[DaySpan] = []
        taken = self.chunk_lines
        for day, line_count, row_count in per_day.rows():
            count = max(line_count, row_count)
            if taken + count > self.chunk_lines:
                spans.append((day, day))
                taken = 0
            spans[-1] = (spans[-1][0], day)
            taken += count
        return spans or [(cutoff, cutoff)]

    def _scan(
        self, table: str, cutoff: dt.date, span: DaySpan | None = None, but: pl.Series | None = None
    ) -> pl.LazyFrame:
        inside = self._window(cutoff)
        if span is not None:
            inside = inside & pl.col("day").is_between(*span)
        blocks = self.days.filter(inside)["block"].unique().sort().to_list()
        found = [self.blocks[at].scan(table).filter(inside) for at in blocks]
        # An increment without a row still has the columns.
        scanned = pl.concat(found or [self.blocks[0].scan(table).clear()])
        if but is None or but.is_empty():
            return scanned
        return scanned.join(but.to_frame().lazy(), on="row_id", how="anti")


def _copies(rows: pl.DataFrame, duplicates: Duplicates) -> pl.Series:
    """Return all but the first of rows that agree in every cell, as far as they are no more rows.

    Where lines are numbered, the second of two equal rows of a file is another line of its receipt,
    and is the same as the second of another file.
    """
    if duplicates == "keep":
        return rows["row_id"].clear()
    suspects = rows.filter(~pl.col("is_misshapen") & pl.col("hash_1").is_duplicated())
    content = ["hash_1", "hash_2"]
    ordered = suspects.sort("row_id").with_columns(
        number=pl.int_range(pl.len()).over("source_file", *content)
    )
    named = [*content, "number"] if duplicates == "number" else content
    return ordered.filter(~pl.struct(named).is_first_distinct())["row_id"]
