"""Partitions and the mappings between them: the one file that uses Dagster's beta partition APIs.

Two dimensions, `cutoff` (as-of dates, themselves the keys) and `division`. Facts exist for every
division, from labels on for targets (divisions that get a model, and sets of SKUs), signals for those
that the list ranks.
"""

import contextlib
import datetime as dt
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import dagster as dg

from gosales_resources.by_stamp import ByStamp
from gosales_resources.dates import CutoffSpan, Partitioning, shift_months
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.settings.base import slugify
from gosales_resources.settings.tree import Settings

# How many cutoffs a code location may see arrive while it is loaded, where the calendar has no end:
# five years of months. Dagster walks "all cutoffs up to C" step by step, so it should not be many
# more than there are.
YET_TO_COME = 60

# So many training cutoffs have another one whose label window had ended by then.
FOLDS_BY_TIME = 2


@contextlib.contextmanager
def expecting_beta_warnings() -> Iterator[None]:
    """Silence the warnings of exactly the beta and preview APIs that the graph rests on.

    The pin in pyproject.toml holds Dagster's minor version, the graph tests hold the behaviour.
    """
    with warnings.catch_warnings():
        for category, api in (
            # How an increment, a label window and walk-forward training are wired.
            (dg.BetaWarning, "PartitionMapping"),
            # A backfill is one run: shared work is done once.
            (dg.BetaWarning, "BackfillPolicy"),
            (dg.BetaWarning, "backfill_policy"),
            # Which function makes an asset, as a link in the UI of a checkout.
            (dg.BetaWarning, "CodeReference"),
            # A check of a partitioned asset would read all its partitions without it.
            (dg.PreviewWarning, "partitions_def"),
        ):
            warnings.filterwarnings("ignore", category=category, message=rf"(?s).*{api}.*")
        yield


@dataclass(frozen=True)
class PartitionSpace:
    """The partition definitions and mappings of one settings tree."""

    settings: Settings
    _walked: ByStamp[str, list[dt.date]] = field(default_factory=ByStamp, repr=False, compare=False)

    @property
    def cutoff(self) -> dg.TimeWindowPartitionsDefinition:
        """As-of dates; a key is the cutoff itself."""
        calendar = self.settings.calendar
        ends = sorted((calendar.start.month - 1 + step) % 12 + 1 for step in range(0, 12, 3))
        months = ",".join(map(str, ends)) if calendar.cadence_months == 3 else "*"
        end = calendar.end and shift_months(calendar.end, calendar.cadence_months)
        return dg.TimeWindowPartitionsDefinition(
            start=calendar.start.isoformat(),
            end=end.isoformat() if end else None,
            cron_schedule=f"0 0 L {months} *",
            fmt="%Y-%m-%d",
            # Makes the window that is still open available: the cutoff is its first day.
            end_offset=0 if end else 1,
        )

    def _product(self, divisions: Sequence[str]) -> dg.MultiPartitionsDefinition:
        return dg.MultiPartitionsDefinition(
            {"cutoff": self.cutoff, "division": dg.StaticPartitionsDefinition(list(divisions))}
        )

    def cutoffs(self) -> list[dt.date]:
        """List the calendar's cutoffs that exist by now, oldest first."""
        # Walking the cron string takes 5 ms for 16 quarters, and a plan asks a thousand times.
        today = dt.datetime.now(tz=dt.UTC).date()
        return list(self._walked.get("cutoffs", today, self._walk))

    def _walk(self) -> list[dt.date]:
        return [dt.date.fromisoformat(key) for key in self.cutoff.get_partition_keys()]

    def definition(self, partitioned_by: Partitioning) -> dg.PartitionsDefinition:
        """Return Dagster's definition of a table's partitions."""
        if partitioned_by == "cutoff":
            return self.cutoff
        return self._product([str(d) for d in self.divisions(partitioned_by)])

    def mapping(
        self, span: CutoffSpan, upstream: Partitioning, downstream: Partitioning
    ) -> dg.PartitionMapping:
        """Return Dagster's mapping of what a table reads.

        Parameters
        ----------
        span
            At which cutoffs.
        upstream, downstream
            How the table that is read and the one that reads are partitioned.
        """
        if span == "cutoff":
            one_dimension = (upstream == "cutoff") != (downstream == "cutoff")
            return self._across_divisions() if one_dimension else dg.IdentityPartitionMapping()
        if span == "training" and downstream == "cutoff":
            return self._walk_forward_all()
        return {
            "up_to_cutoff": self._increments,
            "label_window": self._label_window,
            "up_to_window_end": self._label_facts,
            "training": self._walk_forward,
            "incumbents": self._incumbents,
        }[span]()

    def keys_read(
        self, span: CutoffSpan, upstream: Partitioning, downstream: Partitioning, key: PartitionKey
    ) -> list[PartitionKey]:
        """List the partitions of another table that a partition reads, by cutoff and division.

        Says the same as `mapping`, for everybody but Dagster; a property test holds them equal.

        Parameters
        ----------
        span
            At which cutoffs.
        upstream, downstream
            How the table that is read and the one that reads are partitioned.
        key
            The partition that reads.
        """
        if upstream == "cutoff" or key.division is None:
            divisions = self.divisions(upstream)
        elif upstream == "division_cutoff" != downstream:
            divisions = self.settings.divisions.divisions_of(key.division)
        else:
            divisions = [key.division]
        return [PartitionKey(c, d) for c in self.cutoffs_read(span, key.cutoff) for d in divisions]

    def divisions(self, partitioned_by: Partitioning) -> Sequence[str | None]:
        """List the divisions that a table has partitions of, in the order of its keys.

        None alone of a table that is partitioned by cutoff.
        """
        known = self.settings.divisions
        return {
            "cutoff": [None],
            "division_cutoff": known.slugs,
            "target_cutoff": known.targets,
            "listed_cutoff": self.settings.listed_targets,
        }[partitioned_by]

    def keys(self, partitioned_by: Partitioning, cutoffs: Iterable[dt.date]) -> list[PartitionKey]:
        """List a table's partitions at some cutoffs, by cutoff and division."""
        divisions = self.divisions(partitioned_by)
        return [PartitionKey(cutoff, division) for cutoff in cutoffs for division in divisions]

    def cutoffs_read(self, span: CutoffSpan, cutoff: dt.date) -> list[dt.date]:
        """List the cutoffs of the calendar that a partition reads another table at."""
        after = {"label_window": self.widest_steps, "up_to_window_end": self.widest_steps}
        if span == "training":
            return self.training_cutoffs(cutoff)
        first = cutoff if span in ("cutoff", "label_window") else dt.date.min
        if span == "incumbents":
            first = self.steps_after(cutoff, -self.incumbent_steps)
        last = self.steps_after(cutoff, after.get(span, 0))
        return [c for c in self.cutoffs() if first <= c <= last]

    def _increments(self) -> dg.PartitionMapping:
        """Cutoff <- all cutoffs up to it: the lineage that keeps the future out."""
        return dg.TimeWindowPartitionMapping(
            start_offset=self._all_earlier, end_offset=0, allow_nonexistent_upstream_partitions=True
        )

    def _label_window(self) -> dg.PartitionMapping:
        """Cutoff <- the cutoffs from it to the one that closes its widest label window."""
        return dg.TimeWindowPartitionMapping(
            start_offset=0,
            end_offset=self.widest_steps,
            allow_nonexistent_upstream_partitions=True,
        )

    def _label_facts(self) -> dg.PartitionMapping:
        """(target, cutoff) <- its facts up to the cutoff that closes the widest label window."""
        known = self.settings.divisions
        own: dg.PartitionMapping = dg.IdentityPartitionMapping()
        if known.sku_targets:
            readers = {
                division: {t for t in known.targets if division in known.divisions_of(t)}
                for division in known.slugs
            }
            own = dg.StaticPartitionMapping(readers)
        return self._along_cutoffs(self._all_earlier, self.widest_steps, own)

    def _walk_forward(self) -> dg.PartitionMapping:
        """(division, C) <- (division, t) for the newest training cutoffs t with t + W <= C."""
        return self._along_cutoffs(*self._training_offsets)

    def _walk_forward_all(self) -> dg.PartitionMapping:
        """C <- the newest training cutoffs t, of a table that looks across divisions."""
        first, last = self._training_offsets
        return dg.TimeWindowPartitionMapping(
            start_offset=first, end_offset=last, allow_nonexistent_upstream_partitions=True
        )

    @property
    def _training_offsets(self) -> tuple[int, int]:
        last = -self.window_steps
        return last - self._training_span + 1, last

    def _incumbents(self) -> dg.PartitionMapping:
        """(division, C) <- its own model and the earlier ones back to the oldest incumbent."""
        return self._along_cutoffs(-self.incumbent_steps, 0)

    @property
    def incumbent_steps(self) -> int:
        """Cutoffs from the oldest model that a new one is compared with to the new one."""
        return self.window_steps + self.settings.promotion.incumbents - 1

    def _across_divisions(self) -> dg.PartitionMapping:
        """Cutoff <-> all its divisions."""
        return dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name="cutoff")

    def training_cutoffs(self, cutoff: dt.date) -> list[dt.date]:
        """List the cutoffs t of the calendar that a model of `cutoff` reads, oldest first.

        The newest with t + W <= C, W not widened. Where windows may be widened, so many more that
        enough are left without those whose window has not ended: which it is, the labels say.
        """
        newest = self.steps_after(cutoff, -self.window_steps)
        return [t for t in self.cutoffs() if t <= newest][-self._training_span :]

    def steps_after(self, cutoff: dt.date, steps: int) -> dt.date:
        """Return the cutoff so many calendar steps after (or before) `cutoff`."""
        return shift_months(cutoff, steps * self.settings.calendar.cadence_months)

    @property
    def window_steps(self) -> int:
        """Cutoffs from C to the first one at or after the end of its label window, not widened."""
        return self._steps(self.settings.labels.window_months)

    @property
    def widest_steps(self) -> int:
        """The same for the widest window that it can have."""
        return self._steps(self.settings.labels.widths_months[-1])

    @property
    def _training_span(self) -> int:
        return self.training_count + self.widest_steps - self.window_steps

    @property
    def training_count(self) -> int:
        """Mature cutoffs that a training reads: those a model is fitted on, and enough for folds by time."""
        return max(self.settings.models.training_cutoffs, self.window_steps + FOLDS_BY_TIME)

    def _steps(self, months: int) -> int:
        return -(-months // self.settings.calendar.cadence_months)

    @property
    def _all_earlier(self) -> int:
        return -(len(self.cutoffs()) + (0 if self.settings.calendar.end else YET_TO_COME))

    def _along_cutoffs(
        self, start_offset: int, end_offset: int, divisions: dg.PartitionMapping | None = None
    ) -> dg.PartitionMapping:
        return dg.MultiPartitionMapping(
            {
                "division": dg.DimensionPartitionMapping(
                    "division", divisions or dg.IdentityPartitionMapping()
                ),
                "cutoff": dg.DimensionPartitionMapping(
                    "cutoff",
                    dg.TimeWindowPartitionMapping(
                        start_offset=start_offset,
                        end_offset=end_offset,
                        allow_nonexistent_upstream_partitions=True,
                    ),
                ),
            }
        )

    def select_cutoffs(self, text: str) -> list[dt.date]:
        """Parse `2024-03-31` or `2024-03-31..2024-12-31` into cutoffs of the calendar.

        Raises
        ------
        ScopeError
            When a date is unreadable, not on the calendar, or the range is empty.
        """
        calendar = self.cutoffs()
        first, _, last = text.partition("..")
        start, end = (self._on_calendar(part, calendar) for part in (first, last or first))
        if start > end:
            raise ScopeError(f"--cutoffs {text}: {start} is after {end}.")
        return [cutoff for cutoff in calendar if start <= cutoff <= end]

    def select_cutoff(self, text: str) -> dt.date:
        """Parse one cutoff of the calendar.

        Raises
        ------
        ScopeError
            As `select_cutoffs`, and when it is a range of several.
        """
        found = self.select_cutoffs(text)
        if len(found) > 1:
            raise ScopeError(f"'{text}' is {len(found)} cutoffs; give one of them.")
        return found[0]

    def _on_calendar(self, text: str, calendar: list[dt.date]) -> dt.date:
        try:
            day = dt.date.fromisoformat(text.strip())
        except ValueError as error:
            raise ScopeError(f"'{text}' is not a date; write 2024-03-31.") from error
        if not calendar:
            raise ScopeError("The calendar has no cutoff yet: calendar.start is in the future.")
        if day not in calendar:
            near = min(calendar, key=lambda cutoff: (abs((cutoff - day).days), cutoff))
            raise ScopeError(
                f"{day} is not a cutoff of the calendar ({calendar[0]} .. {calendar[-1]}, every "
                f"{self.settings.calendar.cadence_months} months). Nearest: {near}."
            )
        return day

    def select_divisions(self, names: Iterable[str]) -> list[str]:
        """Find divisions and targets by their names or keys; returns keys, sorted.

        Raises
        ------
        ScopeError
            When one is unknown; the nearest names are offered.
        """
        divisions = self.settings.divisions
        known = {*divisions.slugs, *divisions.targets}
        # A key is its own key.
        chosen = {slugify(name): name for name in names}
        for key, name in chosen.items():
            if key not in known:
                legal = [*divisions.names, *divisions.sku_targets]
                raise ScopeError(f"Unknown division '{name}'. {nearest(name, legal)}")
        return sorted(chosen)


def dagster_key(definition: dg.PartitionsDefinition, key: PartitionKey) -> str:
    """Return a key as Dagster's mappings want it: of two dimensions an object of its own."""
    if isinstance(definition, dg.MultiPartitionsDefinition):
        return definition.get_partition_key_from_str(str(key))
    return str(key)
