"""When a raw row became known, by a reading of its own: not that of the phases under test.

A row whose date cannot be read, or that has none, is not called later: it stays as it is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gosales_assets.labels.raw_cells import UnreadableRowError, plain_moment
from gosales_resources.settings.inputs import FileSource
from gosales_resources.settings.source import LogSource, SourceSettings

Row = Sequence[Any]

# Source -> its columns, by setting, that say when a row became known.
KNOWN_BY = {
    "sales_log": ("order_date", "recorded_at"),
    "customers": ("known_since", "valid_from"),
    "assets": ("purchase_date", "recorded_at"),
    "crm_contacts": ("contact_date",),
    "crm_deals": ("opened_date",),
    "do_not_contact": ("from_date",),
    "rep_ownership": ("from_date",),
    "surfacing_log": ("surfaced_date",),
}
# Source -> columns that are filled in later: how an early row went on.
GOES_ON = {
    "crm_deals": ("closed_date", "stage_date"),
    "surfacing_log": ("action_date",),
}
# Source -> columns that say what an early row has come to.
STATES = {"crm_deals": ("stage",)}


@dataclass(frozen=True)
class RawDates:
    """Which columns of one source are dates, and how their cells are read."""

    known: tuple[str, ...]
    """Columns of the file whose latest day says when a row became known."""
    going_on: tuple[str, ...]
    """Columns that are filled in when a row goes on."""
    formats: tuple[str, ...]
    zone: str | None
    nothing: frozenset[str]
    keys: tuple[str, ...] = ()
    """Columns that name a row, which no two rows may have alike."""
    is_log: bool = False
    states: tuple[str, ...] = ()
    """Columns that say what a row has come to when it went on."""

    @classmethod
    def of(cls, name: str, source: FileSource) -> "RawDates":
        """Read them from the settings of a source; without a dated column `known` is empty."""
        columns: Mapping[str, Any] = source.model_dump()["columns"]
        own = source if isinstance(source, LogSource) else None
        return cls(
            tuple(c for key in KNOWN_BY.get(name, ()) if (c := columns.get(key))),
            tuple(c for key in GOES_ON.get(name, ()) if (c := columns.get(key))),
            tuple(getattr(source, "date_formats", ["%Y-%m-%d"])),
            own.time_zone if own else None,
            frozenset(word.lower() for word in own.null_values) if own else frozenset(),
            () if own else tuple(c for key, c in columns.items() if c and key.endswith("_id")),
            own is not None,
            tuple(c for key in STATES.get(name, ()) if (c := columns.get(key))),
        )

    def latest(self, header: Sequence[str], row: Row) -> dt.date | None:
        """Return the latest day of a row; None where it has none that can be read."""
        cells = (row[header.index(c)] for c in self.known if c in header)
        days = [day for cell in cells if (day := self.day(cell)) is not None]
        return max(days, default=None)

    def day(self, cell: object) -> dt.date | None:
        """Read one cell."""
        if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
            return cell
        return _day(cell, self.formats, self.zone, self.nothing)

    def written(self, day: dt.date) -> str | None:
        """Write a day as the source does; None where its first format is not one of strptime's."""
        form = self.formats[0]
        return day.strftime(form) if form.startswith("%") else None


@cache
def _day(
    cell: object, formats: tuple[str, ...], zone: str | None, nothing: frozenset[str]
) -> dt.date | None:
    try:
        moment = plain_moment(cell, formats, zone, nothing)
    except UnreadableRowError:
        return None
    return moment.date() if moment else None


def sources_of(settings: SourceSettings) -> dict[str, FileSource]:
    """Return the sources that a configuration names, the taxonomy too, by setting."""
    found = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {name: one for name, one in found.items() if isinstance(one, FileSource)}
