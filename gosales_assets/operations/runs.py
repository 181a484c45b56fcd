"""Runs the plan on the embedded Dagster instance, one run per batch, with progress.

The instance is a local folder with SQLite, the same that the UI opens; no server is needed.
"""

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import dagster as dg
from dagster._core.utils import make_new_run_id

from gosales_assets.operations.batches import Batch
from gosales_assets.operations.failed_checks import CHECK_FAILED
from gosales_assets.operations.history import (
    HISTORY_ERRORS,
    INDEX,
    message_of_step,
    put_aside,
    telling_history_errors,
)
from gosales_assets.operations.instance import home_of, open_instance
from gosales_assets.operations.narrowing import Narrowing, mend_staged, read_log, repairs
from gosales_assets.operations.plan import Request, plan
from gosales_assets.operations.progress import Progress
from gosales_assets.operations.records import Made
from gosales_assets.operations.tags import SETTINGS
from gosales_assets.operations.telling import telling
from gosales_assets.platform.platform import Platform
from gosales_resources import markdown
from gosales_resources.errors import GosalesError, HistoryError
from gosales_resources.instance.alive import alive
from gosales_resources.instance.recorded import CHECKSUM

# What all phases import (scikit-learn, LightGBM, matplotlib) takes 1.5 s: loaded when it is needed.
GRAPH = "gosales_assets.definitions"


@dataclass
class Outcome:
    """What a plan's runs came to."""

    run_ids: list[str] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    """The runs, finished or not."""
    error: str | None = None
    failed_checks: list[tuple[str, str, str]] = field(default_factory=list)
    """Asset, check, what it says; of checks that warn or fail."""
    blocked: bool = False
    """A check of severity ERROR failed."""
    passed_checks: int = 0
    made: list[Made] = field(default_factory=list)
    """The partitions that were made, in runs that failed later too."""
    judged: tuple[dt.date, ...] = ()
    """Cutoffs whose violations were judged again after it."""
    current: int = 0
    """Partitions that were wanted and needed no run."""
    seconds: float = 0.0

    @property
    def partitions(self) -> int:
        """How many partitions were made."""
        return len(self.made)


def execute(
    platform: Platform,
    request: Request,
    report: Callable[[str], None] | Progress,
    config: Mapping[str, Mapping[str, object]] | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    instance: dg.DagsterInstance | None = None,
) -> Outcome:
    """Run what a request makes, in order; stop at the first run that fails.

    What is current is left out, judged before each run from what is in the store by then. `config`
    is Dagster's run configuration of assets by name, `tags` those of every run, `instance` the history
    where it is open already. A history that turns out to be damaged is put aside, and the request
    begun again.
    """
    progress = Progress.of(report)
    how = (config or {}, tags or {}, instance)
    try:
        return _execute(platform, request, progress, *how)
    except HistoryError as error:
        index = home_of(platform) / INDEX
        if instance is not None or not index.exists():
            # Elsewhere (PostgreSQL), or of the run that this is part of: not ours to put aside.
            raise
        put_aside(index, str(error.__cause__ or error).partition("\n")[0])
        return _execute(platform, request, progress, *how)


def _execute(
    platform: Platform,
    request: Request,
    progress: Progress,
    config: Mapping[str, Mapping[str, object]],
    tags: Mapping[str, str],
    opened: dg.DagsterInstance | None,
) -> Outcome:
    batches = plan(platform, request)
    _check_families(platform.settings.features.off)
    settings_hash = platform.settings.content_hash()
    resolved = platform.settings.model_dump(mode="json")
    platform.store.remember_settings(settings_hash, resolved)
    outcome = Outcome()
    began = time.perf_counter()
    # Python's own work, done by the time that the table library has typed the log.
    with ThreadPoolExecutor(1) as aside:
        loading = aside.submit(import_module, GRAPH)
        log = None if request.is_forced else read_log(platform, progress)
        if not request.is_forced:
            mend_staged(platform)
        definitions: dg.Definitions = loading.result().build_definitions(platform.settings)
    job, home = definitions.resolve_implicit_global_asset_job_def(), home_of(platform)
    history = contextlib.nullcontext(opened) if opened else open_instance(platform)
    tags = {**tags, SETTINGS: settings_hash}
    with telling_history_errors(home), history as instance, telling(progress) as logger:
        job = job.with_logger_defs({"console": logger})
        narrowing = None if request.is_forced else Narrowing(platform, instance, log, progress.warn)
        if narrowing:
            batches = repairs(platform, instance, batches) + batches
        for number, batch in enumerate(batches, start=1):
            left = narrowing.left(batch) if narrowing else [batch]
            skipped = batch.partition_count - sum(part.partition_count for part in left)
            outcome.current += skipped
            for part in left:
                outcome.batches.append(part)
                with progress.run(number, len(batches), part):
                    _run(job, instance, part, tags, outcome, config)
                if outcome.error:
                    break
            if outcome.error:
                break
    outcome.seconds = time.perf_counter() - began
    return outcome


def _check_families(off: Collection[str]) -> None:
    """Say what the graph would say, before a long log is read and not after."""
    if off:
        # SciPy's statistics, which come with it, take 0.4 s.
        from gosales_assets.features.families.registry import check_off  # noqa: PLC0415

        check_off(off)


def _run(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    batch: Batch,
    tags: Mapping[str, str],
    outcome: Outcome,
    config: Mapping[str, Mapping[str, object]],
) -> None:
    run_id, home = make_new_run_id(), Path(instance.root_directory)
    outcome.run_ids.append(run_id)
    with alive(home, run_id):
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            asset_selection=[dg.AssetKey(name) for name in batch.assets],
            tags={**batch.tags, **tags},
            # Named, or Dagster prints every event with a logger of its own.
            run_config={
                "loggers": {"console": {"config": {}}},
                "ops": {n: {"config": dict(c)} for n, c in config.items() if n in batch.assets},
            },
            raise_on_error=False,
        )
    outcome.made += _made(result)
    for evaluation in result.get_asset_check_evaluations():
        if evaluation.passed:
            outcome.passed_checks += 1
            continue
        severity = evaluation.severity
        outcome.blocked = outcome.blocked or severity is dg.AssetCheckSeverity.ERROR
        outcome.failed_checks.append(
            (
                evaluation.asset_key.to_user_string(),
                evaluation.check_name,
                f"{severity.value}: {markdown.plain(evaluation.description or '')}",
            )
        )
    if result.success:
        return
    if _was_interrupted(result):
        # Dagster records the interrupt and goes on; who pressed Ctrl-C wants to stop.
        raise KeyboardInterrupt
    outcome.error = first_error(result, home)


def _made(result: dg.ExecuteInProcessResult) -> list[Made]:
    found = []
    for event in result.all_events:
        if not event.is_step_materialization:
            continue
        made = event.step_materialization_data.materialization
        rows, told = made.metadata.get("dagster/row_count"), made.metadata.get(CHECKSUM)
        found.append(
            Made(
                made.asset_key.to_user_string(),
                made.partition or "",
                rows.value if isinstance(rows, dg.IntMetadataValue) else None,
                str(told.value) if told else "",
            )
        )
    return found


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    failures = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    names = {error.cls_name for error in failures if error is not None}
    return bool(names & {"KeyboardInterrupt", "DagsterExecutionInterruptedError"})


def first_error(result: dg.ExecuteInProcessResult, home: Path) -> str:
    """Return our own message where an error of ours, or of the history, is the cause.

    Dagster's otherwise. `home` is the folder of the history.

    Raises
    ------
    HistoryError
        When the history is damaged.
    """
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        failure = event.step_failure_data.error
        error = failure
        while error is not None:
            # Dagster puts the qualified class name in front of the message.
            said = error.message.partition(": ")[2].strip()
            if error.cls_name == HistoryError.__name__:
                raise HistoryError(said)
            if error.cls_name in _our_errors():
                return said
            if error.cls_name == CHECK_FAILED:
                return _stopped_by(result.get_asset_check_evaluations())
            if error.cls_name in HISTORY_ERRORS:
                return message_of_step(home, error.message)
            error = error.cause
        return failure.to_string() if failure else f"step {event.step_key} failed"
    failed = [event.message for event in result.all_events if event.is_failure]
    return failed[0] if failed and failed[0] else "the run failed; see it in the UI"


def _stopped_by(evaluations: Sequence[dg.AssetCheckEvaluation]) -> str:
    """Say which checks hold what comes after, and what they found; how Dagster got there says nothing."""
    found = {
        f"{one.check_name} ({one.asset_key.to_user_string()}): {markdown.plain(one.description or '')}"
        for one in evaluations
        if not one.passed and one.severity is dg.AssetCheckSeverity.ERROR
    }
    return f"what comes after waits for a check that failed: {'; '.join(sorted(found))}"


def _our_errors() -> set[str]:
    return {"GosalesError", *(cls.__name__ for cls in GosalesError.__subclasses__())}
