"""What only all rows can tell: every date, every SKU with its division, every currency.

Counts alone are kept, so that memory does not grow with the rows.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from gosales.onboarding.money import sign_of
from gosales_resources.sources.cells import text

# A source with more distinct timestamps keeps every other one; months and formats do not change.
MOST_VALUES = 200_000


@dataclass
class Tally:
    """Distinct values of some columns together, and in how many rows each is."""

    columns: list[str]
    counts: pl.DataFrame | None = None
    waiting: list[pl.DataFrame] = field(default_factory=list)

    def add(self, frame: pl.DataFrame) -> None:
        """Count a batch.

        Parameters
        ----------
        frame
            Consecutive rows of the input, with the columns of the tally.
        """
        counted = frame.select(text(c) for c in self.columns).group_by(self.columns)
        self.waiting.append(counted.agg(rows=pl.len()))
        if sum(part.height for part in self.waiting) > MOST_VALUES:
            self._merge()

    def result(self) -> pl.DataFrame:
        """Return the columns and `rows`, sorted by the columns.

        Returns
        -------
        polars.DataFrame
            One row per distinct combination: the columns as text (null where blank) and `rows`; empty
            where nothing was counted.
        """
        self._merge()
        schema = {**dict.fromkeys(self.columns, pl.String), "rows": pl.UInt32}
        return pl.DataFrame(schema=schema) if self.counts is None else self.counts

    def _merge(self) -> None:
        parts = [part for part in (self.counts, *self.waiting) if part is not None]
        self.waiting = []
        if parts:
            merged = pl.concat(parts).group_by(self.columns).agg(pl.col("rows").sum())
            self.counts = merged.sort(self.columns)


@dataclass
class DateTally(Tally):
    """Distinct dates; thinned out where there are too many."""

    def _merge(self) -> None:
        super()._merge()
        while self.counts is not None and self.counts.height > MOST_VALUES:
            self.counts = self.counts.gather_every(2)


@dataclass
class SignTally(Tally):
    """What stands beside the numbers of a column of amounts."""

    def add(self, frame: pl.DataFrame) -> None:
        """See `Tally`."""
        if all(frame.schema[column] == pl.String for column in self.columns):
            super().add(frame.select(sign_of(pl.col(c)).alias(c) for c in self.columns))


class Totals:
    """Collects several tallies in one pass."""

    def __init__(
        self, dates: Sequence[str], amounts: Sequence[str], groups: Sequence[Sequence[str]]
    ) -> None:
        self.dates = {column: DateTally([column]) for column in dates}
        self.signs = {column: SignTally([column]) for column in amounts}
        self.groups = {tuple(columns): Tally(list(columns)) for columns in groups}

    @property
    def columns(self) -> list[str]:
        """Every column that is looked at."""
        grouped = [column for columns in self.groups for column in columns]
        return list(dict.fromkeys([*self.dates, *self.signs, *grouped]))

    def add(self, frame: pl.DataFrame) -> None:
        """Count a batch in every tally.

        Parameters
        ----------
        frame
            Consecutive rows of the input, with `columns`.
        """
        for tally in (*self.dates.values(), *self.signs.values(), *self.groups.values()):
            tally.add(frame)

    def sign_counts(self) -> dict[str, int]:
        """Return what stands beside the numbers of all columns of amounts, and in how many cells."""
        counted: Counter[str] = Counter()
        for tally in self.signs.values():
            for sign, count in tally.result().drop_nulls().rows():
                counted[sign] += count
        return dict(counted)
