"""A command: what was asked for, by whom, and how it is carried out and put on record.

The command line and Dagster's jobs come through here, so that both make the same and leave the same.
"""

import contextlib
import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from gosales_assets.operations import tags
from gosales_assets.operations.alerts import collect_and_deliver
from gosales_assets.operations.batches import Batch
from gosales_assets.operations.failed_checks import FailedCheck, failed_checks
from gosales_assets.operations.instance import history_of, home_of, open_instance
from gosales_assets.operations.lost import lost_in
from gosales_assets.operations.plan import Request
from gosales_assets.operations.progress import Progress
from gosales_assets.operations.records import CheckFinding, begin, end
from gosales_assets.operations.retention import is_prune_due, prune_daily
from gosales_assets.operations.runs import Outcome, execute
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import VIOLATIONS
from gosales_resources.errors import DamagedError, GosalesError
from gosales_resources.instance.alive import alive, all_gone
from gosales_resources.instance.recorded import refuse_damaged
from gosales_resources.store.address import Address

COMMAND_LINE = "command line"
Report = Callable[[str], None] | Progress
Config = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Command:
    """What was asked for."""

    name: str
    """`materialize`, or the name of a job."""
    request: Request
    trigger: str = COMMAND_LINE
    """Who asked: the command line, the UI, a schedule or a sensor by its name."""
    config: Config = field(default_factory=dict)
    """Dagster's run configuration of assets by name."""
    judges: bool = True
    """Whether violations are judged again where the plan leaves them out of date."""


def new_id() -> str:
    """Name a command: when it began, in UTC, and a bit of chance for those of the same second."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def carry_out(
    platform: Platform,
    command: Command,
    report: Report,
    *,
    name: str | None = None,
    instance: dg.DagsterInstance | None = None,
) -> Outcome:
    """Do what a command asks for, and leave its record, however it ends.

    Parameters
    ----------
    platform, command
        What is asked for under which settings.
    report
        Told how far it is.
    name
        The id; a new one without it.
    instance
        The history, where it is open already: of the run that the command is part of.

    Returns
    -------
    Outcome
        Of the request and of the violations that were judged after it.

    Raises
    ------
    GosalesError
        When the request is not legal, or an input or the store is not usable.
    KeyboardInterrupt
        When somebody stopped it.
    """
    home, name = home_of(platform), name or new_id()
    # Of a run of Dagster's its executor holds the lock.
    held = contextlib.nullcontext() if instance else alive(home, name)
    with held:
        record = begin(platform, command.name, command.request, command.trigger, name)
        named = tags_of(command, name)
        try:
            if instance is None:
                _tidy(platform, report)
            outcome = execute(
                platform, command.request, report, command.config, tags=named, instance=instance
            )
            if command.judges and (cutoffs := judge_again(platform, outcome)):
                # What waits for a failed check would not run: which rows it is about is said at once.
                request = Request(cutoffs, assets=(VIOLATIONS.name,))
                judged = execute(platform, request, report, tags=named, instance=instance)
                outcome.judged = () if judged.error else cutoffs
                outcome.run_ids += judged.run_ids
                outcome.made += judged.made
        except BaseException as error:
            end(platform, record, _told(error))
            raise
        end(platform, record, _finished(platform, outcome, instance))
    _tell_people(platform, name, report, instance)
    return outcome


def _tidy(platform: Platform, report: Report) -> None:
    """Put on record what died, and prune what is old, where there is either."""
    if all_gone(home_of(platform)) or is_prune_due(platform):
        with open_instance(platform) as instance:
            lost_in(platform, instance, report)
            prune_daily(platform, instance)


def _tell_people(
    platform: Platform, name: str, report: Report, instance: dg.DagsterInstance | None
) -> None:
    """Send what the checks of a command found, where alerts are on; no daemon is needed for it."""
    if not platform.settings.alerts.enabled:
        return
    opened = contextlib.nullcontext(instance) if instance else open_instance(platform)
    with opened as history:
        try:
            told = collect_and_deliver(platform, history, finished=[name])
        except GosalesError as error:
            # What was asked for is made; the next look tells it.
            report(f"alerts: {error}")
            return
    for sink, error in told.delivered.errors.items():
        report(f"alerts: sink {sink}: {error}; gosales alerts send tries again")


def tags_of(command: Command, name: str) -> dict[str, str]:
    """Return the tags of each of a command's runs."""
    asked = command.request
    return {
        tags.COMMAND: name,
        tags.JOB: command.name,
        tags.CUTOFFS: tags.span_of(asked.cutoffs),
        tags.DIVISIONS: ",".join(asked.divisions or ()) or tags.ALL,
        tags.TRIGGER: command.trigger,
    }


def _told(error: BaseException) -> dict[str, object]:
    if isinstance(error, GosalesError):
        return {"status": "unusable", "error": str(error)}
    stopped = isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit)
    # What a defect says may hold anything: its kind is enough here, its traceback is in the terminal.
    return (
        {"status": "interrupted"}
        if stopped
        else {"status": "defect", "error": type(error).__name__}
    )


def _finished(
    platform: Platform, outcome: Outcome, instance: dg.DagsterInstance | None
) -> dict[str, object]:
    opened = contextlib.nullcontext(instance) if instance else history_of(platform)
    with opened as history:
        found = failed_checks(history, outcome.run_ids)
    return {
        "status": "failed" if outcome.error or outcome.blocked else "done",
        "error": outcome.error,
        "run_ids": tuple(outcome.run_ids),
        "made": tuple(outcome.made),
        "current": outcome.current,
        "passed_checks": outcome.passed_checks,
        "failed_checks": tuple(_finding(one) for one in found),
    }


def _finding(one: FailedCheck) -> CheckFinding:
    partition = str(one.key) if one.key else None
    severity = "ERROR" if one.is_error else "WARN"
    return CheckFinding(one.asset, one.check, partition, severity, one.finding)


def judge_again(platform: Platform, outcome: Outcome) -> tuple[dt.date, ...]:
    """Return the range of cutoffs whose violations a finished plan leaves out of date.

    After a blocked run all that it made; else those that had violations and may be mended now.
    """
    batches: Sequence[Batch] = outcome.batches
    if not outcome.blocked and any(VIOLATIONS.name in batch.assets for batch in batches):
        return ()
    touched = sorted({cutoff for batch in batches for cutoff in batch.cutoffs})
    if not outcome.blocked:
        touched = [cutoff for cutoff in touched if _has_violations(platform, cutoff)]
    if not touched:
        return ()
    # A run covers a range of the calendar.
    return tuple(c for c in platform.space.cutoffs() if touched[0] <= c <= touched[-1])


def _has_violations(platform: Platform, cutoff: dt.date) -> bool:
    address = Address(VIOLATIONS.name, cutoff)
    if not platform.store.has(address):
        return False
    try:
        with history_of(platform) as instance:
            refuse_damaged(instance, platform.store, [address])
    except DamagedError:
        # Whatever it had, it is judged again.
        return True
    return not platform.store.scan_table(address, None).head(1).collect().is_empty()
