"""`gosales source inspect`: reads files nobody has described, writes settings, says what is open."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl

from gosales.cli.terminal import print_frame, say, tell
from gosales.onboarding.finding import Finding
from gosales.onboarding.inspect import TAXONOMY_NAME, inspect
from gosales.onboarding.proposal import InspectedFiles, Proposal
from gosales.onboarding.settings_text import settings_text
from gosales_resources.dates import shift_months
from gosales_resources.errors import SettingsError
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.atomic import replacing

USABLE, NEEDS_DECISIONS = 0, 1
ROWS = 5000
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
    parser.add_argument("path", metavar="PATH", help="sales log: a file, a folder or a glob")
    parser.add_argument("--taxonomy", metavar="FILE", help="which SKU belongs to which division")
    parser.add_argument("--customers", metavar="FILE", help="accounts with their attributes")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the sample; {ROWS}")
    parser.add_argument("--out", type=Path, default=Path("gosales.yaml"), help="settings to write")
    parser.add_argument("--force", action="store_true", help="overwrite the settings")
    parser.add_argument(
        "--is", dest="given", action="append", default=[], metavar="ROLE=COLUMN",
        help="decide a column yourself, as customer_id=KdNr; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--date-format", action="append", default=[], metavar="FORMAT",
        help="decide the date format yourself, as %%d/%%m/%%Y; may be repeated",
    )  # fmt: skip
    parser.add_argument("--decimal", choices=[".", ","], help="decide the decimal mark yourself")
    parser.add_argument(
        "--home-currency", metavar="CODE",
        help="the currency of the result; without a rate column: all amounts are in it already",
    )  # fmt: skip
    parser.set_defaults(command=_inspect)


def _inspect(options: argparse.Namespace) -> int:
    out: Path = options.out
    if out.exists() and not options.force:
        raise SettingsError(f"{out} exists. Give another --out, or --force to overwrite it.")
    if options.rows < 1:
        raise SettingsError(f"--rows {options.rows}: give at least 1.")
    inputs = InspectedFiles(
        log=options.path,
        taxonomy=options.taxonomy,
        customers=options.customers,
        rows=options.rows,
        given=_given(options.given),
        date_formats=options.date_format,
        decimal=options.decimal,
        home_currency=options.home_currency and options.home_currency.upper(),
    )
    proposal = inspect(inputs, Path.cwd(), say)
    taxonomy = _write_taxonomy(proposal, out)
    relative = _relative_to(out)
    path = relative(options.taxonomy) if options.taxonomy else TAXONOMY_NAME
    text = settings_text(proposal, out.resolve().parent.name, relative, path)
    with replacing(out, "gosales source inspect") as temporary:
        temporary.write_text(text, encoding="utf-8")
    _print_findings(proposal)
    if taxonomy:
        tell(f"\n{taxonomy} written: {proposal.taxonomy.table.height:,} SKUs.")  # pyright: ignore[reportOptionalMemberAccess]
        _warn_of_spreadsheets(proposal)
    if proposal.open_decisions:
        _print_open(proposal, options)
        return NEEDS_DECISIONS
    load_settings(out)
    _print_next(proposal, out)
    return USABLE


def _given(assignments: list[str]) -> dict[str, str]:
    given = {}
    for assignment in assignments:
        role, equals, column = assignment.partition("=")
        if not equals or not role.strip() or not column:
            raise SettingsError(f"--is {assignment!r}: write it as role=column.")
        given[role.strip()] = column.strip()
    return given


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


def _write_taxonomy(proposal: Proposal, out: Path) -> Path | None:
    """Write the taxonomy beside the settings; one that a person may have filled in is kept."""
    table = proposal.taxonomy.table
    if table is None:
        return None
    path = out.parent / TAXONOMY_NAME
    content = table.write_csv()
    if path.exists():
        if path.read_text(encoding="utf-8") == content:
            return path
        raise SettingsError(
            f"{path} exists and says something else. If it is yours, give it: --taxonomy {path}; "
            "else move it away. It is never overwritten."
        )
    with replacing(path, "gosales source inspect") as temporary:
        temporary.write_text(content, encoding="utf-8", newline="")
    return path


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
        if answer := _answer(finding, proposal):
            tell(f"       {answer}")
    tell(
        "\nAnswer on the command line and inspect again with --force (what follows from it is then "
        f"found too), or edit {options.out}; then\n"
        f"  gosales config check --config {options.out}"
    )


def _answer(finding: Finding, proposal: Proposal) -> str | None:
    """Say with which option a decision is given."""
    first = finding.options[0] if finding.options else None
    if finding.what in (*proposal.roles, "revenue") or finding.what == "layout":
        role = "sku" if finding.what == "layout" else finding.what
        return f"--is {role}={_shown(first) if first else 'COLUMN'}"
    answers = {
        "date_formats": f'--date-format "{first or "%d/%m/%Y"}"',
        "decimal": '--decimal "," or --decimal "."',
        "home_currency": f"--home-currency {first or 'USD'}",
        "divisions": f"--taxonomy {proposal.inputs.taxonomy or TAXONOMY_NAME}, once filled in",
    }
    return answers.get(finding.what)


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
