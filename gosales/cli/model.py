"""Commands on models: `model list`, `card`, `aging`, `rollback`, `release`."""

import argparse
import datetime as dt
from collections.abc import Sequence

import polars as pl

from gosales.cli.aging import print_aging
from gosales.cli.parser import CUTOFFS, LATEST, platform_of
from gosales.cli.progress import TerminalProgress
from gosales.cli.report import print_outcome
from gosales.cli.show import (
    FORMATS,
    chosen_cutoffs,
    read_stored,
    refuse_what_was_not_made,
    write,
)
from gosales.cli.terminal import print_frame, tell
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.explanations import MODEL_CARD
from gosales_checks.contracts.models import MODEL, PROMOTION
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.store.address import Address

DONE, FAILED = 0, 1
LISTED = {
    "model": pl.String, "cutoff": pl.Date, "division": pl.String, "status": pl.String,
    "lift_10_whitespace": pl.Float64, "auc": pl.Float64, "decision": pl.String,
    "scores_at": pl.String, "reason": pl.String,
}  # fmt: skip
# Of a column that is read, where it is another than its name.
TITLES = {
    "lift_10_whitespace": "lift@10 ws", "auc": "AUC", "scores_at": "scores at", "reason": "because",
}  # fmt: skip


def add_model_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the commands."""
    parser = commands.add_parser("model", help="which models there are, and which one scores")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for action, command, text in (
        ("list", _list, "print the models, and where each one scores"),
        ("card", _card, "print a model's card, Markdown"),
        ("aging", _aging, "measure a model on the cutoffs after it"),
        ("rollback", _rollback, "let an earlier model score"),
        ("release", _release, "take a rollback back: the better model scores again"),
    ):
        sub = actions.add_parser(action, parents=[settings], help=text)
        sub.set_defaults(command=command)
        if action == "list":
            sub.add_argument("division", nargs="?", help="without it all, at the latest cutoff")
            sub.add_argument("--cutoff", metavar=CUTOFFS, help="without it all of the division")
            sub.add_argument("--format", choices=FORMATS, default="table")
            continue
        sub.add_argument("division")
        if action == "card":
            sub.add_argument("--cutoff", default=LATEST, help="of the scores; else the latest")
        else:
            sub.add_argument("--cutoff", required=True, help="as-of date of the scores")
        if action == "aging":
            sub.add_argument("--format", choices=("table", "csv", "json"), default="table")
        if action == "rollback":
            sub.add_argument("--to", required=True, metavar="CUTOFF", help="cutoff of the model")
            sub.add_argument("--reason", default="", help="kept with the decision")


def _list(options: argparse.Namespace) -> int:
    platform = platform_of(options)
    divisions = platform.settings.divisions.targets
    asked = options.cutoff
    if options.division is not None:
        divisions = [_target(platform, options.division)]
    else:
        asked = asked or LATEST
    every = platform.space.cutoffs()
    if asked == LATEST:
        stored = [c for c in every if any(_has(platform, MODEL.name, c, d) for d in divisions)]
        cutoffs = stored[-1:]
    else:
        cutoffs = platform.space.select_cutoffs(asked) if asked else every
    rows = [row for division in divisions for row in _models(platform, division, cutoffs)]
    if options.format != "table":
        write(pl.DataFrame(rows, schema=LISTED, orient="row").lazy(), options.format, None)
    elif rows:
        shown = pl.DataFrame(rows, schema=list(LISTED), infer_schema_length=None, orient="row")
        print_frame(shown.rename(TITLES), fmt_str_lengths=200, float_precision=3)
    else:
        of = options.division or "any division"
        tell(f"No model of {of} is stored. Make some: gosales materialize --cutoffs {every[-1]}")
    return DONE


def _has(platform: Platform, table: str, cutoff: dt.date, division: str) -> bool:
    return platform.store.has(Address(table, cutoff, division))


def _models(
    platform: Platform, division: str, cutoffs: Sequence[dt.date]
) -> list[tuple[object, ...]]:
    """List a division's models of some cutoffs, with where each one scores, as `LISTED` says."""
    # LightGBM takes 0.8 s, and every command loads this module.
    from gosales_assets.models.bundle.bundle import load_bundle  # noqa: PLC0415

    space, store = platform.space, platform.store
    made = [c for c in cutoffs if _has(platform, MODEL.name, c, division)]
    promoted = [c for c in space.cutoffs() if _has(platform, PROMOTION.name, c, division)]
    refuse_what_was_not_made(
        platform,
        [
            *(Address(PROMOTION.name, cutoff, division) for cutoff in promoted),
            *(Address(MODEL.name, cutoff, division) for cutoff in made),
        ],
    )
    scoring: dict[str, list[str]] = {}
    decisions = {}
    for cutoff in promoted:
        address = Address(PROMOTION.name, cutoff, division)
        row = store.scan_table(address, None).collect().row(0, named=True)
        scoring.setdefault(row["model_id"], []).append(cutoff.isoformat())
        decisions[row["challenger_id"]] = (row["decision"], row["reason"])
    rows = []
    for cutoff in made:
        bundle = load_bundle(store.read_bundle(Address(MODEL.name, cutoff, division), None))
        decision, reason = decisions.get(bundle.model_id, ("not judged", ""))
        scores_at = ", ".join(scoring.get(bundle.model_id, [])) or "nowhere"
        card = bundle.card
        measures = (card.status, card.lift_10_whitespace, card.auc)
        rows.append((bundle.model_id, cutoff, division, *measures, decision, scores_at, reason))
    return rows


def _card(options: argparse.Namespace) -> int:
    platform, division = _open(options)
    cutoff = chosen_cutoffs(platform, MODEL_CARD, options.cutoff, division)
    for card in read_stored(platform, MODEL_CARD, cutoff, division).collect()["card"]:
        tell(card)
    return DONE


def _aging(options: argparse.Namespace) -> int:
    platform, division = _open(options)
    return print_aging(platform, division, options.cutoff, options.format)


def _rollback(options: argparse.Namespace) -> int:
    platform, division = _open(options)
    to = platform.space.select_cutoff(options.to)
    config = {"pin_to": to.isoformat(), "reason": options.reason}
    return _decide_again(platform, division, options.cutoff, config)


def _release(options: argparse.Namespace) -> int:
    platform, division = _open(options)
    return _decide_again(platform, division, options.cutoff, {"release": True})


def _decide_again(platform: Platform, division: str, cutoff: str, config: dict[str, object]) -> int:
    day = platform.space.select_cutoff(cutoff)
    request = Request((day,), (division,), (PROMOTION.name,))
    name = "model release" if "release" in config else "model rollback"
    with TerminalProgress() as progress:
        command = Command(name, request, config={PROMOTION.name: config})
        outcome = carry_out(platform, command, progress)
    if outcome.error or outcome.blocked:
        print_outcome(platform, outcome)
        return FAILED
    _say_decision(platform, day, division)
    tell(f"What is made from it is stale now: gosales materialize --cutoffs {day}")
    return DONE


def _say_decision(platform: Platform, cutoff: dt.date, division: str) -> None:
    address = Address(PROMOTION.name, cutoff, division)
    row = platform.store.scan_table(address, None).collect().row(0, named=True)
    tell(f"{division} at {cutoff} is scored by {row['model_id']}: {row['reason']}.")


def _open(options: argparse.Namespace) -> tuple[Platform, str]:
    platform = platform_of(options)
    return platform, _target(platform, options.division)


def _target(platform: Platform, named: str) -> str:
    (division,) = platform.space.select_divisions([named])
    if division not in (targets := platform.settings.divisions.targets):
        raise ScopeError(f"'{named}' has no model. {nearest(division, targets)}")
    return division
