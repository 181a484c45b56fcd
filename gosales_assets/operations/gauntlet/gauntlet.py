"""The tests of the gauntlet in their order, run one after another in a temporary folder."""

import datetime as dt
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from gosales_assets.features.checks import examine_code as examine_features
from gosales_assets.models.checks import examine_code as examine_models
from gosales_assets.operations.gauntlet.bench import Bench, StoppedError
from gosales_assets.operations.gauntlet.learning import (
    permutation,
    planted_outcome,
    shift_14,
    top_k_ablation,
)
from gosales_assets.operations.gauntlet.own_rows import own_rows_left_out
from gosales_assets.operations.gauntlet.stores import (
    alone_against_stored,
    alone_against_together,
    future_perturbation,
    reproducibility,
)
from gosales_assets.operations.plan import check_assets
from gosales_assets.platform.platform import Platform
from gosales_checks.verdicts.gauntlet import FAIL, NOT_RUN, PASS, Result, report_of
from gosales_resources.errors import GosalesError, ScopeError, nearest

Test = Callable[[Bench], Result]


def static_code(bench: Bench) -> Result:
    """Read the code of features and models: what it imports, calls and touches."""
    del bench
    found = [*examine_features(), *examine_models()]
    if found:
        return Result("static_code", FAIL, "; ".join(found[:10]), f"{len(found)} findings")
    words = "The code of features and models imports, calls and touches nothing that it may not."
    return Result("static_code", PASS, words)


TESTS: dict[str, Test] = {
    "static_code": static_code,
    "alone_against_together": alone_against_together,
    "alone_against_stored": alone_against_stored,
    "future_perturbation": future_perturbation,
    "own_rows_left_out": own_rows_left_out,
    "permutation": permutation,
    "planted_outcome": planted_outcome,
    "shift_14": shift_14,
    "top_k_ablation": top_k_ablation,
    "reproducibility": reproducibility,
}


def check_tests(names: Collection[str]) -> list[str]:
    """Return the tests that are asked for in their order; all where none are.

    Raises
    ------
    ScopeError
        When one is unknown; the nearest is offered.
    """
    for name in names:
        if name not in TESTS:
            raise ScopeError(f"Unknown test '{name}'. {nearest(name, TESTS)}")
    return [name for name in TESTS if not names or name in names]


def run_gauntlet(
    platform: Platform,
    cutoff: dt.date,
    division: str | None,
    names: Collection[str],
    say: Callable[[str], None],
    goal: str = "",
) -> Iterator[Result]:
    """Run tests of a cutoff; yield each result as it comes.

    Parameters
    ----------
    platform
        The user's own; nothing is written to its store.
    cutoff, division
        What is tested: the list of a cutoff, or the scores of one target.
    names
        Tests; all where none are named.
    say
        Gets progress: a line a test, and what is made for it.
    goal
        The last table that is made and compared; empty for the list, or the scores of the target.

    Raises
    ------
    ScopeError
        When a test or the table is unknown.
    """
    chosen, _ = check_tests(names), check_assets([goal] if goal else [])
    with tempfile.TemporaryDirectory(prefix="gosales-gauntlet-") as folder:
        bench = Bench(platform, cutoff, division, goal, Path(folder), say)
        for number, name in enumerate(chosen, start=1):
            say(f"[{number}/{len(chosen)}] {name}")
            began = time.perf_counter()
            result = _run(TESTS[name], name, bench)
            say(
                f"[{number}/{len(chosen)}] {name}: {result.verdict}, {time.perf_counter() - began:.0f} s"
            )
            yield result


def _run(test: Test, name: str, bench: Bench) -> Result:
    try:
        return test(bench)
    except StoppedError as stopped:
        # A blocking check that stops a world has found something; all else could not be looked at.
        return Result(name, FAIL if stopped.is_check else NOT_RUN, str(stopped))
    except GosalesError as error:
        return Result(name, NOT_RUN, str(error))


def page_of(
    platform: Platform,
    cutoff: dt.date,
    division: str | None,
    results: Iterable[Result],
    goal: str = "",
) -> str:
    """Write the results as a page for an auditor, in Markdown."""
    settings = platform.settings
    facts = [
        ("set-up", settings.name),
        ("cutoff", str(cutoff)),
        ("target", division or "all"),
        ("tested up to", goal or ("scores" if division else "the list")),
        ("settings", settings.content_hash()),
        ("code of features", platform.freshness.code.of_modules("gosales_assets.features.build")),
        (
            "code of models",
            platform.freshness.code.of_modules("gosales_assets.models.training.training"),
        ),
        ("what each test does, and what it cannot see", "docs/leakage.md"),
    ]
    return report_of(f"Leakage gauntlet, {cutoff}", facts, results)
