"""What is due, told by stamps and by what is stored: no row of a source is read.

Asked by the sensors at each tick, and by jobs that are not told a cutoff.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from gosales_assets.operations.narrowing import why_stale
from gosales_assets.operations.records import records
from gosales_assets.operations.stamps import stamps_of
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import Verdicts
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.contracts.star import SALES_LOG
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import PartitionMissingError, ScopeError, StalePartitionError
from gosales_resources.hashing import digest_of_json
from gosales_resources.store.address import Address

# What is said of a cutoff when its window is over: made in the room of validation, and the drift.
VALIDATED = (
    *(name for name, one in CONTRACTS.items() if one.made_by.startswith("validation.")),
    DRIFT.name,
)
DIGITS = 16


@dataclass(frozen=True)
class Due:
    """Cutoffs to be made, and what asks for them."""

    cutoffs: tuple[dt.date, ...]
    why: str
    state: str
    """Digest of what it follows from: asked for once, until it is another."""


def newest_due(platform: Platform) -> dt.date:
    """Return the newest cutoff whose data should be in by now.

    Raises
    ------
    ScopeError
        When none is.
    """
    wait = dt.timedelta(days=platform.settings.operation.automation.days_after_cutoff)
    today = dt.datetime.now(dt.UTC).date()
    due = [cutoff for cutoff in platform.space.cutoffs() if cutoff + wait <= today]
    if not due:
        raise ScopeError("No cutoff is due yet: calendar.start lies in the future.")
    return due[-1]


def lists_made(platform: Platform) -> list[dt.date]:
    """List the cutoffs that have a list."""
    cutoffs, store = platform.space.cutoffs(), platform.store
    return [cutoff for cutoff in cutoffs if store.has(Address(WHITESPACE.name, cutoff))]


def new_raw_data(platform: Platform) -> Due | str:
    """Tell whether the raw inputs or the settings differ from those of the last whole run.

    Returns
    -------
    Due or str
        What is to be made; or why nothing is.

    Raises
    ------
    SourceError
        When an input is missing.
    """
    if not lists_made(platform):
        return "No list was made yet: materialise a first cutoff."
    now = stamps_of(platform)
    if now is None:
        return "A source is a database, which tells nothing without being read: use the schedule."
    ended = (r for r in records(platform) if r.status in ("done", "failed") and r.makes_list)
    last = next(ended, None)
    if last is not None and last.stamps == now:
        return f"The raw inputs are those of {last.begun} ({last.command})."
    return Due((newest_due(platform),), "the raw inputs or the settings have changed", now)


def cutoff_due(platform: Platform) -> Due | str:
    """Tell whether the newest cutoff that is due has no list yet; as `new_raw_data`."""
    made, cutoff = lists_made(platform), newest_due(platform)
    if not made:
        return "No list was made yet: materialise a first cutoff."
    if cutoff in made:
        return f"The list of {cutoff} is there."
    # What a database holds is not known here: it is asked again the next day.
    seen = stamps_of(platform) or dt.datetime.now(dt.UTC).date().isoformat()
    return Due((cutoff,), f"{cutoff} has fallen due", digest_of_json([str(cutoff), seen], DIGITS))


def windows_complete(platform: Platform, instance: dg.DagsterInstance) -> Due | str:
    """Tell which lists have met their outcome, and were not validated against it; as `new_raw_data`."""
    space, store = platform.space, platform.store
    newest = newest_due(platform)
    over = [c for c in lists_made(platform) if space.steps_after(c, space.window_steps) <= newest]
    # A tick looks at the newest; what has become stale of older ones is for the job's form.
    over = over[-space.window_steps :]
    verdicts = Verdicts(instance, space, store)
    waiting = [c for c in over if _is_unvalidated(platform, verdicts, c)]
    if not waiting:
        return (
            f"The newest {len(over)} list(s) that have met their outcome are validated against it."
        )
    increments = [c for c in space.cutoffs() if store.has(Address(SALES_LOG.name, c))]
    content = [store.content(Address(SALES_LOG.name, c)) for c in increments]
    state = [platform.settings.content_hash(), *map(str, waiting), *content]
    why = f"the window of {', '.join(map(str, waiting))} is over"
    return Due(tuple(waiting), why, digest_of_json(state, DIGITS))


def _is_unvalidated(platform: Platform, verdicts: Verdicts, cutoff: dt.date) -> bool:
    space, store = platform.space, platform.store
    end = space.steps_after(cutoff, space.window_steps)
    if not all(store.has(Address(SALES_LOG.name, c)) for c in space.cutoffs() if c <= end):
        return True
    for name in (LABELS.name, *VALIDATED):
        contract = CONTRACTS[name]
        for key in space.keys(contract.partitioned_by, [cutoff]):
            address = Address(name, *key)
            if not store.has(address) or why_stale(platform, verdicts, contract, address):
                return True
    return False


def drifted(platform: Platform) -> tuple[dt.date, Sequence[str]] | None:
    """Name the divisions of the newest list that have an alarm of drift; None without a list."""
    if not (made := lists_made(platform)):
        return None
    found = []
    for key in platform.space.keys(DRIFT.partitioned_by, made[-1:]):
        try:
            rows = platform.read(DRIFT, *key)
            alarms = rows.filter("is_alarm").select("measure").unique().collect()["measure"]
        except (PartitionMissingError, StalePartitionError):
            # Nothing is known of it under the settings in force; `status` says why.
            continue
        if len(alarms):
            found.append(f"{key.division} ({', '.join(sorted(alarms))})")
    return made[-1], found
