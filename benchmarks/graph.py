"""Runs of the graph that a benchmark cannot go on without."""

from gosales_assets.operations.plan import Request
from gosales_assets.operations.runs import Outcome, execute
from gosales_assets.platform.platform import Platform


def build(platform: Platform, request: Request) -> Outcome:
    """Make what is asked for through Dagster, without a word; raise where a run fails."""
    outcome = execute(platform, request, lambda _: None)
    if outcome.error:
        raise RuntimeError(outcome.error)
    return outcome
