"""The jobs that people and sensors start in Dagster, each a form in the UI over the one planner.

A job is one run that plans, makes what is stale and leaves a record, as the command line does; what
it makes shows as runs of its own beside it, with the same tags.
"""

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dagster as dg
from pydantic import Field

from gosales_assets.operations.ablation import ablate, without
from gosales_assets.operations.commands import Command, carry_out, tags_of
from gosales_assets.operations.due import VALIDATED, lists_made, newest_due
from gosales_assets.operations.gauntlet.gauntlet import run_gauntlet
from gosales_assets.operations.plan import Request, check_assets, describe_left_out
from gosales_assets.operations.runs import Outcome
from gosales_assets.operations.tags import JOB, TRIGGER
from gosales_assets.platform.platform import Platform
from gosales_checks.verdicts.gauntlet import NOT_RUN, PASS, Result, failed
from gosales_resources import markdown
from gosales_resources.errors import GosalesError, ScopeError

REFRESH, BACKFILL, VALIDATE, ABLATE = "refresh_list", "backfill", "validate", "ablate"
GAUNTLET = "gauntlet"
SCHEDULED = "dagster/schedule_name"
# The one step of a job, as its run configuration names it.
STEPS = {
    REFRESH: "make_list",
    BACKFILL: "make_partitions",
    VALIDATE: "validate_lists",
    ABLATE: "leave_families_out",
    GAUNTLET: "look_for_leaks",
}
SHOWN, LONGEST = 20, 2_000


class RefreshConfig(dg.Config):
    """The form of `refresh_list`."""

    cutoff: str = Field(
        default="due",
        description="The cutoff of the list, such as 2024-12-31; `due`: the newest whose data is in.",
    )


class BackfillConfig(dg.Config):
    """The form of `backfill`."""

    cutoffs: str = Field(description="One cutoff or a range: 2024-03-31..2024-12-31.")
    divisions: list[str] = Field(
        default=[], description="Some targets, by name or key; without any all, and the list."
    )
    assets: list[str] = Field(
        default=[], description="These assets; without any the whole graph and what it needs."
    )
    upstream: bool = Field(
        default=False, description="With assets: what they need too, where stale."
    )
    rebuild: bool = Field(default=False, description="What is current is made anew too.")


class ValidateConfig(dg.Config):
    """The form of `validate`."""

    cutoffs: str = Field(
        default="complete",
        description="Cutoffs or ranges, with commas; `complete`: all lists whose label window is over.",
    )


class AblateConfig(dg.Config):
    """The form of `ablate`."""

    families: list[str] = Field(description="Families of features, left out together.")
    cutoffs: str = Field(description="One cutoff or a range, whose scores are there.")


class GauntletConfig(dg.Config):
    """The form of `gauntlet`."""

    cutoff: str = Field(
        description="An early cutoff, such as 2024-03-31: it is made several times."
    )
    division: str = Field(default="", description="The scores of one target; without it the list.")
    tests: list[str] = Field(default=[], description="These tests alone; see docs/leakage.md.")
    up_to: str = Field(default="", description="Make and compare up to this table: features, ...")


def define_jobs(platform: Platform) -> list[dg.JobDefinition]:
    """Declare the jobs."""
    # They stay in order, and no result goes through an IO manager: what is made is in the store.
    nothing = dg.Out(dg.Nothing)

    @dg.op(out=nothing, description="From the newest due cutoff to its list and its exports.")
    def make_list(context: dg.OpExecutionContext, config: RefreshConfig):  # noqa: ANN202
        with _in_words():
            due = config.cutoff == "due"
            cutoff = newest_due(platform) if due else platform.space.select_cutoff(config.cutoff)
            yield _carried_out(platform, context, Command(REFRESH, Request((cutoff,))))

    @dg.op(
        out=nothing, description="Cutoffs and divisions: what is stale of them, and what it needs."
    )
    def make_partitions(context: dg.OpExecutionContext, config: BackfillConfig):  # noqa: ANN202
        with _in_words():
            request = Request(
                tuple(platform.space.select_cutoffs(config.cutoffs)),
                tuple(platform.space.select_divisions(config.divisions)) or None,
                check_assets(config.assets) or None,
                upstream=config.upstream,
                rebuild=config.rebuild,
            )
            yield _carried_out(platform, context, Command(BACKFILL, request))

    @dg.op(out=nothing, description="Lists whose label window is over, against what happened.")
    def validate_lists(context: dg.OpExecutionContext, config: ValidateConfig):  # noqa: ANN202
        with _in_words():
            cutoffs = _validated(platform, config.cutoffs)
            request = Request(cutoffs, assets=VALIDATED, upstream=True)
            yield _carried_out(platform, context, Command(VALIDATE, request))

    @dg.op(out=nothing, description="What models lose without families of features.")
    def leave_families_out(context: dg.OpExecutionContext, config: AblateConfig):  # noqa: ANN202
        with _in_words():
            cutoffs = tuple(platform.space.select_cutoffs(config.cutoffs))
            other = without(platform, config.families)

            def make(of: Platform, request: Request) -> Outcome:
                return _make(of, context, Command(ABLATE, request, judges=False))

            compared, outcome = ablate(platform, other, cutoffs, make)
            _refuse_failed(outcome)
            rows = [tuple(map(str, row)) for row in compared.head(SHOWN).rows()]
            table = dg.MetadataValue.md(markdown.table(list(compared.columns), rows))
            yield dg.Output(None, metadata={"compared": table, "store": other.store.told})

    @dg.op(
        out=nothing, description="One cutoff's tests for leaks of the future, in a store elsewhere."
    )
    def look_for_leaks(context: dg.OpExecutionContext, config: GauntletConfig):  # noqa: ANN202
        with _in_words():
            cutoff = platform.space.select_cutoff(config.cutoff)
            named = platform.space.select_divisions([config.division] if config.division else [])
            division = named[0] if named else None
            say = context.log.info
            found = [*run_gauntlet(platform, cutoff, division, config.tests, say, config.up_to)]
            told = _gauntlet_told(found)
            if failed(found) or all(one.verdict == NOT_RUN for one in found):
                words = [f"{one.test}: {one.words}" for one in found if one.verdict != PASS]
                why = markdown.visible("; ".join(words), LONGEST)
                raise dg.Failure(why, metadata=told, allow_retries=False)
            yield dg.Output(None, metadata=told)

    return [
        _job(GAUNTLET, look_for_leaks),
        _job(REFRESH, make_list),
        _job(BACKFILL, make_partitions),
        _job(VALIDATE, validate_lists),
        _job(ABLATE, leave_families_out),
    ]


def trigger_of(context: dg.OpExecutionContext) -> str:
    """Say who started a run: a sensor, a schedule, or a person in the UI."""
    tags = context.run.tags
    if SCHEDULED in tags:
        return f"schedule {tags[SCHEDULED]}"
    return tags.get(TRIGGER, "UI")


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """End a run by what our own error says: how Dagster got there tells a reader nothing."""
    try:
        yield
    except GosalesError as error:
        raise dg.Failure(markdown.visible(str(error), LONGEST), allow_retries=False) from None


def _job(name: str, op: dg.OpDefinition) -> dg.JobDefinition:
    graph = dg.GraphDefinition(name=name, node_defs=[op], description=op.description)
    return graph.to_job(name=name, tags={JOB: name})


def _make(platform: Platform, context: dg.OpExecutionContext, command: Command) -> Outcome:
    """Carry out a command as part of this run, whose id is the command's."""
    asked = replace(command, trigger=trigger_of(context))
    context.instance.add_run_tags(context.run_id, tags_of(asked, context.run_id))
    instance = context.instance
    return carry_out(platform, asked, context.log.info, name=context.run_id, instance=instance)


def _carried_out(
    platform: Platform, context: dg.OpExecutionContext, command: Command
) -> dg.Output[None]:
    outcome = _make(platform, context, command)
    if left := describe_left_out(platform, command.request):
        context.log.warning(left)
    _refuse_failed(outcome)
    return dg.Output(None, metadata=_told(outcome))


def _refuse_failed(outcome: Outcome) -> None:
    """End the run as failed, with what was found and what cures it.

    Raises
    ------
    dagster.Failure
        When a run or a blocking check failed.
    """
    if outcome.error or outcome.blocked:
        errors = [f"{c} ({a}): {said}" for a, c, said in outcome.failed_checks if "ERROR" in said]
        why = outcome.error or "; ".join(errors[:3])
        raise dg.Failure(
            markdown.visible(why, LONGEST), metadata=_told(outcome), allow_retries=False
        )


def _told(outcome: Outcome) -> dict[str, dg.MetadataValue]:
    failed = [(a, c, said) for a, c, said in outcome.failed_checks[:SHOWN]]
    table = markdown.table(["table", "check", "finding"], failed) if failed else "none"
    return {
        "partitions_made": dg.MetadataValue.int(outcome.partitions),
        "partitions_current": dg.MetadataValue.int(outcome.current),
        "checks_passed": dg.MetadataValue.int(outcome.passed_checks),
        "checks_not_passed": dg.MetadataValue.int(len(outcome.failed_checks)),
        "findings": dg.MetadataValue.md(table),
    }


def _gauntlet_told(found: Sequence[Result]) -> dict[str, dg.MetadataValue]:
    rows = [(one.test, one.verdict, one.words, one.figures or "") for one in found]
    table = markdown.table(["test", "verdict", "in words", "figures"], rows)
    return {"results": dg.MetadataValue.md(table)}


def _validated(platform: Platform, text: str) -> tuple[dt.date, ...]:
    if text != "complete":
        parts = (platform.space.select_cutoffs(part.strip()) for part in text.split(","))
        return tuple(sorted({cutoff for part in parts for cutoff in part}))
    space, newest = platform.space, newest_due(platform)
    made = lists_made(platform)
    over = tuple(c for c in made if space.steps_after(c, space.window_steps) <= newest)
    if not over:
        raise ScopeError("No list has met its outcome yet: no label window of a list is over.")
    return over
