"""Dagster's in-process executor, whose runs can be told from runs that died; see `alive`."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from gosales_resources.instance.alive import alive


class HeldInProcessExecutor(InProcessExecutor):
    """Holds the run's lock for as long as the run's process works on it."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Execute the steps one after another."""
        with alive(Path(plan_context.instance.root_directory), plan_context.run_id):
            yield from super().execute(plan_context, execution_plan)


# A step of the multiprocess executor imports everything anew, about 5 s each; one process does a
# partition in a fifth of a second.
@dg.executor(name="in_process")
def held_in_process_executor(_: dg.InitExecutorContext) -> HeldInProcessExecutor:
    """Execute all steps of a run in its own process."""
    # Asked for again where it was lost; a step that failed fails again.
    return HeldInProcessExecutor(RetryMode.DISABLED)
