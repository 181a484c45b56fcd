"""`gosales source inspect`: reads files nobody has described, writes settings, says what is open."""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from gosales.cli.source_options import add_source_options, inspected_files
from gosales.cli.terminal import print_frame, say, tell
from gosales.onboarding.answers import answer
from gosales.onboarding.finding import Finding
from gosales.onboarding.inspect import inspect
from gosales.onboarding.proposal import Proposal
from gosales.onboarding.settings_text import settings_text
from gosales.onboarding.taxonomy_file import TAXONOMY_NAME, taxonomy_mark, write_taxonomy
from gosales.onboarding.trial import Trial, trial_findings, try_settings
from gosales_resources.dates import shift_months
from gosales_resources.errors import SettingsError
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.atomic import replacing

USABLE, NEEDS_DECISIONS = 0, 1
# A path that climbs higher than this to the settings' neighbours is written in full.
MOST_UPWARDS = 2
# What a spreadsheet would take for a formula or a number and change.
CHANGED_BY_SPREADSHEETS = r"^[=+\-@\t\r]|^0\d|^\d+[eE]\d+$|^\d{16,}$"


def add_source_command(commands: argparse._SubParsersAction) -> None:
    """Declare `gosales source inspect`."""
    source = commands.add_parser("source", help="describe a source of your own")
    actions = source.add_subparsers(required=True, metavar="ACTION")
    parser = actions.add_parser(
        "inspect",
        help="propose settings from a sales log's header and values",
        epilog="Exit codes: 0 the proposal is usable; 1 it was written and a person must decide "
        "something first; 2 the input is not usable.",
    )
    add_source_options(parser)
    parser.set_defaults(command=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    out: Path = options.out
    if out.exists() and not options.force:
        raise SettingsError(f"{out} exists. Give another --out, or --force to overwrite it.")
    proposal = inspect(inspected_files(options), Path.cwd(), say)
    taxonomy = write_taxonomy(proposal.taxonomy.table, out.parent)
    relative = _relative_to(out)
    path = relative(options.taxonomy) if options.taxonomy else TAXONOMY_NAME
    mark = taxonomy_mark(taxonomy)
    with replacing(out, "gosales source inspect") as temporary:

        def write(proposed: Proposal) -> None:
            text = settings_text(proposed, out.resolve().parent.name, relative, path, mark)
            temporary.write_text(text, encoding="utf-8")

        write(proposal)
        if not proposal.open_decisions:
            say("settings written; now the log is loaded with them, on trial")
            proposal = _tried(proposal, temporary)
            write(proposal)
    _print_findings(proposal)
    if taxonomy:
        tell(f"\n{taxonomy} written: {proposal.taxonomy.table.height:,} SKUs.")  # pyright: ignore[reportOptionalMemberAccess]
        _warn_of_spreadsheets(proposal)
    if proposal.open_decisions:
        _print_open(proposal, options)
        return NEEDS_DECISIONS
    _print_next(proposal, out)
    return USABLE


def _tried(proposal: Proposal, written: Path) -> Proposal:
    """Load what was written; what does not load or is lost becomes part of the findings."""
    try:
        trial = try_settings(load_settings(written))
    except SettingsError as error:
        trial = Trial(problem=str(error))
    # The reader's own count of rejects takes the place of what the sample promised.
    kept = [note for note in proposal.notes if note.what not in ("rows", "unreadable")]
    return replace(proposal, notes=[*kept, *trial_findings(trial)])


def _relative_to(out: Path) -> Callable[[str], str]:
    folder = out.resolve().parent

    def relative(path: str) -> str:
        if "://" in path:  # no file
            return path
        absolute = os.path.abspath(Path(path).expanduser())
        try:
            near = Path(os.path.relpath(absolute, folder))
        except ValueError:  # another drive of Windows
            return Path(absolute).as_posix()
        return (near if near.parts.count("..") <= MOST_UPWARDS else Path(absolute)).as_posix()

    return relative


def _warn_of_spreadsheets(proposal: Proposal) -> None:
    table = proposal.taxonomy.table
    if table is None:
        return
    risky = table["sku"].filter(table["sku"].str.contains(CHANGED_BY_SPREADSHEETS))
    if risky.len():
        say(
            f"warning: a spreadsheet would change {risky.len():,} of these SKUs (leading zeros, "
            f"formulas), as {risky[0]!r}: edit the file as text, or import the column as text."
        )


def _print_findings(proposal: Proposal) -> None:
    sample = proposal.log
    tell(
        f"{proposal.inputs.log}: {len(sample.names)} file(s), {len(sample.header)} columns, "
        f"{proposal.looked_at:,} rows; {sample.frame.height:,} looked at for columns, all for "
        f"dates, SKUs and divisions. Encoding {sample.source.encoding}, "
        f"separator {sample.source.separator!r} where it is text."
    )
    _print_table(proposal.findings)
    used = {f.value for f in proposal.findings} | set(proposal.ignored)
    used |= proposal.wide.columns if proposal.wide else set()
    if rest := [name for name in sample.header if name not in used]:
        tell(f"not used: {', '.join(map(_shown, rest))}")
    if proposal.ignored:
        tell(f"ignored: {', '.join(map(_shown, proposal.ignored))}")


def _print_table(findings: list[Finding]) -> None:
    rows = [(_shown(f.value or "-"), f.what, f.certainty, _shown(f.why)) for f in findings]
    table = pl.DataFrame(
        rows, schema=["column or value", "taken for", "certainty", "evidence"], orient="row"
    )
    print_frame(table, tbl_width_chars=190, fmt_str_lengths=400, tbl_formatting="UTF8_BORDERS_ONLY")


def _shown(text: str) -> str:
    """Make a text of the file harmless for a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _print_open(proposal: Proposal, options: argparse.Namespace) -> None:
    tell(f"\n{options.out} written. {len(proposal.open_decisions)} decision(s) are yours:")
    for finding in proposal.open_decisions:
        tell(f"  TODO {finding.what}: {_shown(finding.why)}")
        if told := answer(finding, proposal.inputs.taxonomy or TAXONOMY_NAME):
            tell(f"       {_shown(told)}")
    tell(
        "\nAnswer on the command line (--is ROLE=COLUMN decides a column) and inspect again with "
        f"--force: what follows from it is then found too. Or edit {options.out}; then\n"
        f"  gosales config check --config {options.out}"
    )


def _print_next(proposal: Proposal, out: Path) -> None:
    period = proposal.period
    if period is None or not period.cutoffs:
        return
    last = period.cutoffs[-1]
    # From the last cutoff whose label window has ended: that one can be validated.
    ripe = [c for c in period.cutoffs if shift_months(c, period.window_months) <= last]
    span = f"{ripe[-1]}..{last}" if ripe else f"{last}"
    tell(
        f"""
{out} written. Read its remarks, then:
  gosales config check --config {out}
  gosales materialize --config {out} --cutoffs {span} --dry-run
  gosales materialize --config {out} --cutoffs {span}
  gosales show sales_ledger --config {out} --cutoff {last}
  gosales show sales_log_rejects --config {out} --cutoff {last}
  gosales show whitespace --config {out} --cutoff {last}
  gosales ui --config {out}"""
    )
