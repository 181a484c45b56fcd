"""Commands on models: `model list`, `card`, `aging`, `rollback`, `release`."""

import argparse
import datetime as dt

import polars as pl

from gosales.cli.aging import print_aging
from gosales.cli.report import print_outcome
from gosales.cli.show import read_stored, refuse_what_was_not_made
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.operations.commands import Command, carry_out
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.explanations import MODEL_CARD
from gosales_checks.contracts.models import MODEL, PROMOTION
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.settings.loading import load_settings, parse_overrides
from gosales_resources.store.address import Address

DONE, FAILED = 0, 1


def add_model_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the commands."""
    parser = commands.add_parser("model", help="which models there are, and which one scores")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for action, command, text in (
        ("list", _list, "print the models of a division and where each one scores"),
        ("card", _card, "print a model's card, Markdown"),
        ("aging", _aging, "measure a model on the cutoffs after it"),
        ("rollback", _rollback, "let an earlier model score"),
        ("release", _release, "take a rollback back: the better model scores again"),
    ):
        sub = actions.add_parser(action, parents=[settings], help=text)
        sub.add_argument("division")
        sub.set_defaults(command=command)
        if action != "list":
            sub.add_argument("--cutoff", required=True, help="as-of date of the scores")
        if action == "aging":
            sub.add_argument("--format", choices=("table", "csv", "json"), default="table")
        if action == "rollback":
            sub.add_argument("--to", required=True, metavar="CUTOFF", help="cutoff of the model")
            sub.add_argument("--reason", default="", help="kept with the decision")


def _list(options: argparse.Namespace) -> int:
    # LightGBM takes 0.8 s, and every command loads this module.
    from gosales_assets.models.bundle.bundle import load_bundle  # noqa: PLC0415

    platform, division = _open(options)
    every = [
        Address(c.name, t, division) for c in (PROMOTION, MODEL) for t in platform.space.cutoffs()
    ]
    refuse_what_was_not_made(platform, every)
    scoring: dict[str, list[str]] = {}
    decisions = {}
    for cutoff in platform.space.cutoffs():
        address = Address(PROMOTION.name, cutoff, division)
        if platform.store.has(address):
            row = platform.store.scan_table(address, None).collect().row(0, named=True)
            scoring.setdefault(row["model_id"], []).append(cutoff.isoformat())
            decisions[row["challenger_id"]] = (row["decision"], row["reason"])
    rows = []
    for cutoff in platform.space.cutoffs():
        address = Address(MODEL.name, cutoff, division)
        if not platform.store.has(address):
            continue
        bundle = load_bundle(platform.store.read_bundle(address, None))
        decision, reason = decisions.get(bundle.model_id, ("not judged", ""))
        rows.append(
            {
                "model": bundle.model_id,
                "status": bundle.card.status,
                "lift@10 ws": bundle.card.lift_10_whitespace,
                "AUC": bundle.card.auc,
                "decision": decision,
                "scores at": ", ".join(scoring.get(bundle.model_id, [])) or "nowhere",
                "because": reason,
            }
        )
    if not rows:
        tell(f"No model of {division} is stored.")
        return DONE
    table = pl.DataFrame(rows, infer_schema_length=None)
    print_frame(table, fmt_str_lengths=200, float_precision=3)
    return DONE


def _card(options: argparse.Namespace) -> int:
    platform, division = _open(options)
    for card in read_stored(platform, MODEL_CARD, options.cutoff, division).collect()["card"]:
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
    outcome = carry_out(platform, Command(name, request, config={PROMOTION.name: config}), say)
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
    platform = Platform.of(load_settings(options.config, parse_overrides(options.set)))
    (division,) = platform.space.select_divisions([options.division])
    if division not in (targets := platform.settings.divisions.targets):
        raise ScopeError(f"'{options.division}' has no model. {nearest(division, targets)}")
    return platform, division
