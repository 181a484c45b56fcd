"""The worlds that the tests of the gauntlet are made in: each built when first asked for, then kept.

All lie in one temporary folder; the user's own store is read and never written.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gosales_assets.operations.gauntlet.compare import known_partitions, tables_up_to
from gosales_assets.operations.gauntlet.edits import Rows, moved_later
from gosales_assets.operations.gauntlet.raw_dates import RawDates, Row
from gosales_assets.operations.gauntlet.worlds import (
    Edit,
    World,
    altered_after,
    cut_at,
    make_world,
)
from gosales_assets.operations.plan import Request
from gosales_assets.operations.runs import Outcome, execute
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import SCORES
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.dates import shift_months
from gosales_resources.errors import GosalesError
from gosales_resources.store.address import Address

HOME = "DAGSTER_HOME"
SEED = 20_240_101
SHIFT_DAYS = 14


class StoppedError(GosalesError):
    """A world was not made whole."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        checks = [
            f"{asset}: {check} ({said})"
            for asset, check, said in outcome.failed_checks
            if said.startswith("ERROR")
        ]
        self.is_check = bool(checks)
        """A blocking check stopped it: it has found something."""
        why = "; ".join(checks) or str(outcome.error)
        super().__init__(f"the world '{name}' was stopped: {why}")


@dataclass(frozen=True)
class Built:
    """A world that was made."""

    world: World
    platform: Platform


class Bench:
    """What the tests of one cutoff are run on.

    Parameters
    ----------
    platform
        The user's own: its settings, and its store to look at.
    cutoff
        As-of date that is tested.
    division
        A target whose scores are tested; None tests the list of all.
    goal
        The last table that is made; empty for the scores of the target, or the list.
    folder
        Where worlds are made.
    say
        Gets a line before each world is made.
    """

    def __init__(
        self,
        platform: Platform,
        cutoff: dt.date,
        division: str | None,
        goal: str,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self.platform, self.cutoff, self.division = platform, cutoff, division
        self.goal = goal or (SCORES.name if division else WHITESPACE.name)
        self._folder, self._say = folder, say

    @property
    def targets(self) -> list[str]:
        """The targets that are tested."""
        return [self.division] if self.division else self.platform.settings.divisions.targets

    @cached_property
    def compared(self) -> list[Address]:
        """Partitions up to the goal that the cutoff may know, in graph order."""
        space, tables = self.platform.space, tables_up_to(self.goal)
        return list(known_partitions(space, tables, self.cutoff))

    @cached_property
    def range(self) -> tuple[dt.date, ...]:
        """The cutoff and the next one of the calendar."""
        return tuple([c for c in self.platform.space.cutoffs() if c >= self.cutoff][:2])

    @cached_property
    def alone(self) -> Built:
        """The cutoff made alone, where nothing later exists."""
        return self.build("alone", (self.cutoff,), cut_at(self.cutoff), self.cutoff)

    @cached_property
    def again(self) -> Built:
        """The same once more."""
        return self.build("alone again", (self.cutoff,), cut_at(self.cutoff), self.cutoff)

    @cached_property
    def together(self) -> Built:
        """The cutoff made in a range with the next one, from the sources as they are."""
        return self.build("together", self.range)

    @cached_property
    def altered(self) -> Built:
        """The same range, from sources whose later rows are others."""
        return self.build("altered future", self.range, altered_after(self.cutoff, SEED))

    @property
    def later(self) -> list[dt.date]:
        """The cutoffs after the range whose label windows, not widened, end within the calendar."""
        months = self.platform.settings.labels.window_months
        calendar = self.platform.space.cutoffs()
        ends = [c for c in calendar if shift_months(c, months) <= calendar[-1]]
        return [c for c in ends if c > self.cutoff][-1:]

    @cached_property
    def holdout(self) -> Built:
        """Features and labels of the last cutoff whose outcome is known."""
        wanted = tuple(self.later) or (self.cutoff,)
        return self.build("hold-out", wanted, assets=(FEATURES.name, LABELS.name))

    @cached_property
    def shifted(self) -> Built:
        """Features of two weeks ago: all raw dates moved later."""

        def edit(header: Sequence[str], rows: Sequence[Row], dates: RawDates) -> Rows:
            return moved_later(header, rows, dates, SHIFT_DAYS)

        past = tuple(self.platform.space.training_cutoffs(self.cutoff))
        return self.build("two weeks ago", past, edit, self.cutoff, (FEATURES.name,))

    def build(
        self,
        name: str,
        cutoffs: tuple[dt.date, ...],
        edit: Edit | None = None,
        last: dt.date | None = None,
        assets: tuple[str, ...] = (),
    ) -> Built:
        """Make a world and tables in it.

        Parameters
        ----------
        name
            Of the world.
        cutoffs
            That are made in one range.
        edit, last
            See `make_world`.
        assets
            Last tables that are made; the goal where none are named.

        Raises
        ------
        StoppedError
            When a run or a blocking check fails.
        """
        self._say(f"making the world '{name}': {', '.join(map(str, cutoffs))}")
        folder = self._folder / name.replace(" ", "-")
        world = make_world(self.platform.settings, folder, edit, last)
        platform = Platform.of(world.settings)
        divisions = (self.division,) if self.division else None
        request = Request(cutoffs, divisions, assets or (self.goal,), upstream=True)
        with same_home():
            outcome = execute(platform, request, lambda line: self._say(f"  {line}"))
        if outcome.error or outcome.blocked:
            raise StoppedError(name, outcome)
        return Built(world, platform)


@contextmanager
def same_home() -> Iterator[None]:
    """Let the variable that names Dagster's folder be what it was, afterwards."""
    before = os.environ.get(HOME)
    try:
        yield
    finally:
        os.environ.pop(HOME, None)
        if before is not None:
            os.environ[HOME] = before
