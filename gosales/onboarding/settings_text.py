"""Writes a proposal as the settings file a person goes on from: values, reasons, open decisions.

What is undecided is written so that `gosales config check` refuses it: null where a column or a
value is needed, an empty list where names are.
"""

from collections.abc import Callable

from gosales.onboarding.amounts import discount_unit
from gosales.onboarding.finding import Finding
from gosales.onboarding.proposal import Proposal, written_roles
from gosales.onboarding.row_kinds import setting_of
from gosales.onboarding.sample import Sample
from gosales.onboarding.yaml_text import block, comment, entry, mapping, scalar, sequence
from gosales_resources.settings.base import slugify
from gosales_resources.settings.inputs import FileSource

NEEDED = ("customer_id", "order_date", "invoice_id")
UNSURE = ("guessed", "undecided")


def settings_text(
    proposal: Proposal,
    name: str,
    relative: Callable[[str], str],
    taxonomy_path: str,
    mark: str | None = None,
) -> str:
    """Write the settings file.

    Parameters
    ----------
    proposal
        What was found.
    name
        Of the set-up; slugged.
    relative
        Turns a path as given into one relative to the settings file.
    taxonomy_path
        Where the taxonomy lies, relative to the settings file.
    mark
        A comment on its own line, by which a taxonomy that was written too is known again.
    """
    tried = [f for f in proposal.notes if f.what in ("loading", "rows", "duplicates")]
    lines = [
        *comment(
            f"Proposed by `gosales source inspect` from {proposal.log.frame.height:,} of "
            f"{proposal.looked_at:,} rows, and from all of them for dates, SKUs and divisions. What "
            "bears no remark was sure; read the rest. docs/settings.md lists every setting."
        ),
        *([mark] if mark else []),
        *(line for finding in tried for line in _remark(finding, 0)),
        entry("name", scalar(_legal_name(name))),
        *_remark(proposal.value, 0),
        entry("value", scalar(proposal.amount if proposal.wide else proposal.value.value)),
        *_calendar(proposal),
        *_divisions(proposal),
        "source:",
        *_sales_log(proposal, relative),
        *_taxonomy(proposal, taxonomy_path),
        *_customers(proposal, relative),
        *_labels(proposal),
    ]
    return "\n".join(lines) + "\n"


def _calendar(proposal: Proposal) -> list[str]:
    period = proposal.period
    remarks = [f for f in proposal.notes if f.what == "calendar"]
    lines = ["calendar:", *(line for f in remarks for line in _remark(f, 2))]
    start, end = (period.start, period.end) if period else (None, None)
    return [
        *lines,
        f"  start: {start or 'null'}",
        f"  end: {end or 'null'}",
        entry("cadence_months", scalar(period.cadence_months if period else 3), 2),
    ]


def _divisions(proposal: Proposal) -> list[str]:
    open_ones = [f for f in proposal.taxonomy.findings if f.blocks]
    lines = ["divisions:", *(line for f in open_ones for line in _remark(f, 2))]
    names = proposal.taxonomy.divisions
    if not names:
        return [*lines, entry("names", "[]", 2)]
    hint = "Divisions that only feed features and get no model go into predictor_only: [...]."
    return [*lines, *comment(hint, 2), entry("names", "", 2), *block(names, 4)]


def _sales_log(proposal: Proposal, relative: Callable[[str], str]) -> list[str]:
    layout = [f for f in proposal.notes if f.what == "layout" and f.certainty in UNSURE]
    places = [f for f in proposal.notes if f.what in ("sheet", "encoding")]
    lines = [
        "  sales_log:",
        *(line for f in layout for line in _remark(f, 4)),
        entry("layout", scalar(proposal.layout), 4),
        *(line for f in places for line in _remark(f, 4)),
        *_file(proposal.log, relative(proposal.inputs.log), 4),
    ]
    if proposal.formats or proposal.date_formats.certainty == "undecided":
        lines += _remark(proposal.date_formats, 4)
        lines.append(entry("date_formats", _quoted(proposal.formats), 4))
    if proposal.decimal.value != ".":
        lines += _remark(proposal.decimal, 4)
        lines.append(entry("decimal", scalar(proposal.decimal.value), 4))
    lines += [*_currency(proposal), *_rows(proposal)]
    if proposal.period:
        lines += [
            line for f in proposal.notes if f.what == "complete_through" for line in _remark(f, 4)
        ]
        lines.append(f"    complete_through: {proposal.period.complete_through}")
    if (discount := proposal.roles.get("discount")) and discount.value:
        unit = discount_unit(proposal.log.frame, discount.value)
        lines.append(entry("discount_unit", scalar(unit or "fraction"), 4))
    lines += [*_columns(proposal), *_wide(proposal)]
    return lines


def _currency(proposal: Proposal) -> list[str]:
    lines = []
    for finding in proposal.notes:
        if finding.what in ("home_currency", "conversion"):
            lines += _remark(finding, 4)
            lines.append(entry(finding.what, scalar(finding.value), 4))
    return lines


def _rows(proposal: Proposal) -> list[str]:
    """Write which rows count, and how: what a person gave, else what is open or pointed out."""
    inputs, lines = proposal.inputs, []
    conditions = [
        mapping({"column": column, "op": "!=", "value": value})
        for column, values in inputs.leave_out.items()
        for value in values
    ]
    open_ones = [f for f in proposal.notes if f.what in ("where", "sign", "not_customers")]
    for finding in open_ones:
        lines += _remark(finding, 4)
    unsettled = {finding.what for finding in open_ones if finding.blocks}
    if conditions or "where" in unsettled:
        written = "null" if "where" in unsettled else f"[{', '.join(conditions)}]"
        lines.append(entry("where", written, 4))
    for column, values in inputs.negative.items():
        lines.append(f"    {setting_of('sign', column, values)}")
    if "sign" in unsettled:
        lines.append(entry("sign", "{column: null, negative: null}", 4))
    if inputs.not_customers:
        lines.append(entry("not_customers", sequence(inputs.not_customers), 4))
    return lines


def _columns(proposal: Proposal) -> list[str]:
    lines = ["    columns:"]
    needed = NEEDED if proposal.wide else (*NEEDED, "sku")
    for role in written_roles(
        is_wide=proposal.wide is not None, uses_currency=proposal.uses_currency
    ):
        finding = proposal.roles.get(role)
        if finding is None and role not in needed:
            continue
        if finding is not None and finding.certainty == "undecided" and role not in needed:
            lines += _remark(finding, 6) or comment(f"undecided: {role}: {finding.why}", 6)
            continue
        if finding is not None:
            lines += _remark(finding, 6)
        lines.append(entry(role, scalar(finding.value if finding else None), 6))
    for finding in proposal.notes:
        if finding.what == "recorded_at":
            lines += _remark(finding, 6)
    return lines


def _wide(proposal: Proposal) -> list[str]:
    if not proposal.wide:
        return []
    wide, lines = proposal.wide, []
    if wide.suffix:
        lines.append(entry("quantity_suffix", _quote(wide.suffix), 4))
    lines.append(entry("amount", scalar(proposal.amount), 4))
    if wide.aliases:
        for finding in wide.findings:
            lines += _remark(finding, 4)
        lines.append(entry("aliases", mapping(wide.aliases), 4))
    if proposal.ignored:
        lines += comment("Neither identifiers nor SKUs; a SKU in here would be lost.", 4)
        lines.append(entry("ignored_columns", sequence(proposal.ignored), 4))
    return lines


def _taxonomy(proposal: Proposal, path: str) -> list[str]:
    taxonomy, sample = proposal.taxonomy, proposal.taxonomy_sample
    lines = ["  taxonomy:"]
    lines += _file(sample, path, 4) if sample else [entry("path", scalar(path), 4)]
    lines.append("    columns:")
    for role in ("sku", "division", "family", "sale_type"):
        column = taxonomy.columns.get(role)
        if column is not None or role in ("sku", "division"):
            lines.append(entry(role, scalar(column), 6))
        else:
            lines.append(entry(role, "null", 6))
    for finding in taxonomy.findings:
        if not finding.blocks:
            lines += _remark(finding, 4)
    return lines


def _customers(proposal: Proposal, relative: Callable[[str], str]) -> list[str]:
    accounts, sample = proposal.accounts, proposal.accounts_sample
    if accounts is None or sample is None:
        return []
    lines = ["  customers:", *_file(sample, relative(proposal.inputs.customers or ""), 4)]
    if accounts.date_formats:
        lines.append(entry("date_formats", _quoted(accounts.date_formats), 4))
    lines.append("    columns:")
    lines += [line for f in accounts.findings if f.blocks for line in _remark(f, 6)]
    named = {"customer_id": accounts.columns.get("customer_id"), **accounts.columns}
    lines += [entry(role, scalar(column), 6) for role, column in named.items()]
    left = [f for f in accounts.findings if f.certainty == "left out"]
    lines += [line for f in left for line in comment(f"left out: {f.value}: {f.why}", 4)]
    for key, values in (
        ("numeric_attributes", accounts.numeric),
        ("categorical_attributes", accounts.categorical),
    ):
        if values:
            lines += comment("Keep only what was known before the sale.", 4)
            lines.append(entry(key, sequence(values), 4))
    return lines


def _labels(proposal: Proposal) -> list[str]:
    if proposal.period is None:
        return []
    why = f"The log spans {proposal.period.months} months; a label looks this far ahead."
    window = entry("window_months", scalar(proposal.period.window_months), 2)
    return ["labels:", *comment(why, 2), window]


def _file(sample: Sample, path: str, indent: int) -> list[str]:
    source = sample.source
    if source.database:
        named = {"url": f"sqlite:///{path}", "table": source.database.table}
        return [entry("database", mapping(named), indent)]
    lines = [entry("path", scalar(path), indent)]
    for key in ("separator", "encoding", "sheet"):
        value = getattr(source, key)
        if value != FileSource.model_fields[key].default:
            lines.append(entry(key, _quote(value), indent))
    return lines


def _remark(finding: Finding, indent: int) -> list[str]:
    if finding.certainty == "undecided" and finding.is_essential:
        options = f" Options: {', '.join(finding.options)}." if finding.options else ""
        return comment(f"TODO decide: {finding.what}: {finding.why}.{options}", indent)
    if finding.certainty == "sure":
        return []
    return comment(f"{finding.certainty}: {finding.what}: {finding.why}", indent)


def _quoted(values: list[str]) -> str:
    return f"[{', '.join(_quote(value) for value in values)}]"


def _quote(value: str) -> str:
    written = scalar(value)
    return written if written.startswith('"') else f'"{written}"'


def _legal_name(name: str) -> str:
    slug = slugify(name)
    return slug if slug[:1].isalpha() else f"log_{slug}".rstrip("_")
