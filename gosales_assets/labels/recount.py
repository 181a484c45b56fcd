"""The labels of some cutoffs counted again from the raw log, in plain Python."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from gosales_assets.labels.raw_log import PlainLine, read_plain_lines
from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import Settings


@dataclass(frozen=True)
class AuditWindow:
    """One label window to count again."""

    target: str
    cutoff: dt.date
    end: dt.date


@dataclass
class WindowCount:
    """What the raw log says of one window."""

    cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Customer -> net value; only customers with a line in the window."""
    rounded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Customer -> lines whose cents depend on how they are rounded."""

    def add(self, line: PlainLine) -> None:
        """Count a line."""
        self.cents[line.customer_id] += line.cents
        self.rounded[line.customer_id] += line.is_rounded


def count_raw_log(
    windows: Sequence[AuditWindow], settings: Settings
) -> dict[AuditWindow, WindowCount]:
    """Read the raw log once and count every window."""
    if not windows:
        return {}

    @cache
    def wanted(day: dt.date) -> bool:
        # Where versions of a line are kept, an earlier one may be of any day.
        keeps = bool(settings.source.sales_log.line_key)
        return keeps or any(o.cutoff < day <= o.end for o in windows)

    return recount(read_plain_lines(settings, wanted), windows, settings)


def recount(
    lines: Iterable[PlainLine], windows: Iterable[AuditWindow], settings: Settings
) -> dict[AuditWindow, WindowCount]:
    """Net each customer's lines over each window.

    Parameters
    ----------
    lines
        `read_plain_lines`; lines of no window are passed over.
    windows
        The windows to count over.
    settings
        Denylist, sets of SKUs, whether the source keeps versions of a line.

    Returns
    -------
    dict of AuditWindow to WindowCount
        One for each window.
    """
    counts = {window: WindowCount() for window in windows}
    targets = _Targets(settings)
    if settings.source.sales_log.line_key:
        every = list(lines)
        for window, count in counts.items():
            for line in _in_force(every, window.end):
                if window.target in targets.of(line) and window.cutoff < line.day <= window.end:
                    count.add(line)
        return counts
    open_on: dict[tuple[str, dt.date], list[AuditWindow]] = {}
    for line in lines:
        for target in targets.of(line):
            at = (target, line.day)
            if at not in open_on:
                open_on[at] = [
                    o for o in counts if o.target == target and o.cutoff < at[1] <= o.end
                ]
            for window in open_on[at]:
                if line.recorded_at is None or line.recorded_at.date() <= window.end:
                    counts[window].add(line)
    return counts


def _in_force(lines: Iterable[PlainLine], day: dt.date) -> Iterator[PlainLine]:
    """Yield of each line the version that was true on a day, as far as was known by then."""
    versions: dict[tuple[object, ...], list[PlainLine]] = defaultdict(list)
    for line in lines:
        if line.recorded_at is None or line.recorded_at.date() <= day:
            versions[line.key].append(line)
    for of_one in versions.values():
        # A version without a recording time is the oldest.
        newest = max((line.recorded_at is not None, line.recorded_at) for line in of_one)[1]
        yield from (line for line in of_one if line.recorded_at == newest)


class _Targets:
    """Which targets a line counts for."""

    def __init__(self, settings: Settings) -> None:
        known = settings.divisions
        self._denied = set(settings.labels.denylist)
        self._divisions = {slugify(n) for n in known.names} - {
            slugify(n) for n in known.predictor_only
        }
        self._sets: Mapping[str, set[str]] = {
            slugify(name): set(skus) for name, skus in known.sku_targets.items()
        }

    def of(self, line: PlainLine) -> list[str]:
        if line.sku in self._denied:
            return []
        own = [line.division] if line.division in self._divisions else []
        return own + [name for name, skus in self._sets.items() if line.sku in skus]
