"""`gosales gauntlet`: the leakage tests of one cutoff, in a temporary store, with a page of results."""

import argparse
from pathlib import Path

from gosales.cli.parser import platform_of
from gosales.cli.terminal import say, tell
from gosales_checks.verdicts.gauntlet import NOT_RUN, failed
from gosales_resources.errors import ScopeError
from gosales_resources.store.atomic import replacing

PASSED, FAILED, INTERRUPTED = 0, 1, 130


def add_gauntlet_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "gauntlet",
        parents=[settings],
        help="test one cutoff for leaks of the future; makes it anew several times, elsewhere",
    )
    parser.add_argument("--cutoff", required=True, metavar="2024-03-31", help="an early cutoff")
    parser.add_argument(
        "--division", metavar="NAME", help="the scores of one target; without it the list"
    )
    parser.add_argument("--only", metavar="TEST,..", help="these tests alone (docs/leakage.md)")
    parser.add_argument(
        "--to",
        default="",
        metavar="TABLE",
        help="make and compare up to this table, such as features",
    )
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the report there")
    parser.set_defaults(command=_gauntlet)


def _gauntlet(options: argparse.Namespace) -> int:
    # Loads all that a run needs, a second and a half: every command loads this module.
    from gosales_assets.operations.gauntlet.gauntlet import (  # noqa: PLC0415
        page_of,
        run_gauntlet,
    )

    platform = platform_of(options)
    cutoffs = platform.space.select_cutoffs(options.cutoff)
    divisions = platform.space.select_divisions([options.division] if options.division else [])
    if len(cutoffs) != 1:
        raise ScopeError(f"--cutoff {options.cutoff}: give one cutoff.")
    cutoff, division = cutoffs[0], divisions[0] if divisions else None
    names = [name.strip() for name in (options.only or "").split(",") if name.strip()]
    try:
        results = list(run_gauntlet(platform, cutoff, division, names, say, options.to))
    except KeyboardInterrupt:
        say("interrupted: what was made is removed, and nothing was written to the store.")
        return INTERRUPTED
    page = page_of(platform, cutoff, division, results, options.to)
    if options.out:
        with replacing(options.out, "report") as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
        say(f"report: {options.out}")
    for one in results:
        tell(f"{one.verdict:<8}{one.test}: {one.words}")
        if one.figures:
            tell(f"        {one.figures}")
    # Nothing that could be looked at is no proof.
    nothing = all(one.verdict == NOT_RUN for one in results)
    return FAILED if failed(results) or nothing else PASSED
