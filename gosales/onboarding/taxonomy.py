"""Divisions: from a taxonomy file, from the log's own column, or as a stub for a person to fill."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from gosales.onboarding.finding import Finding
from gosales.onboarding.words import name_points, tokens
from gosales_resources.settings.base import slugify
from gosales_resources.sources.cells import text

# More divisions than this are families: each target gets models of its own.
MOST_DIVISIONS = 40
# SKUs of the log that the taxonomy may lack before it is probably another company's.
KNOWN = 0.5
SHOWN = 5


@dataclass(frozen=True)
class Taxonomy:
    """What is known of SKUs and their divisions."""

    divisions: list[str]
    """Names as they are written most often, sorted; empty where a person must fill them in."""
    columns: dict[str, str] = field(default_factory=dict)
    """Field -> column of the taxonomy file."""
    table: pl.DataFrame | None = None
    """To be written beside the settings: sku, division, family (and name); None where given."""
    findings: list[Finding] = field(default_factory=list)


def read_taxonomy(frame: pl.DataFrame, log_skus: set[str]) -> Taxonomy:
    """Find the columns of a taxonomy file and its divisions.

    Parameters
    ----------
    frame
        The whole table.
    log_skus
        SKUs of the log: the SKU column is the one that has them.

    Returns
    -------
    Taxonomy
        Without divisions where the column of the SKUs' divisions cannot be told or has blanks.
    """
    texts = {c: frame.select(text(c)).to_series() for c in frame.columns}
    overlap = {
        c: len(set(values.drop_nulls()) & log_skus) / max(len(log_skus), 1)
        for c, values in texts.items()
    }
    sku = max(overlap, key=lambda c: (round(overlap[c], 3), name_points(c, "sku")))
    columns: dict[str, str] = {}
    findings: list[Finding] = []
    if overlap[sku] < KNOWN:
        why = f"no column has most of the log's SKUs; {sku} has {overlap[sku]:.0%}"
        findings.append(Finding("taxonomy.sku", None, "undecided", why, is_essential=True))
    else:
        columns["sku"] = sku
        why = f"has {overlap[sku]:.1%} of the log's {len(log_skus):,} SKUs"
        findings.append(Finding("taxonomy.sku", sku, "sure", why))
        missing = sorted(log_skus - set(texts[sku].drop_nulls()))
        if missing:
            why = f"lines of {len(missing):,} SKU(s) will be rejects: {', '.join(missing[:SHOWN])}"
            findings.append(Finding("taxonomy.unknown", None, "left out", why))
    division, finding = _division_column(frame, texts, sku)
    findings.append(finding)
    if division is None:
        return Taxonomy([], columns, None, findings)
    columns["division"] = division
    free = [c for c in frame.columns if c not in (sku, division)]
    family = _named(free, "family") or _named(free, "source_division")
    if family:
        columns["family"] = family
        findings.append(Finding("taxonomy.family", family, "sure", "by its name"))
    sale_type = next((c for c in free if tokens(c)[-2:] == ("sale", "type")), None)
    if sale_type:
        columns["sale_type"] = sale_type
    used = frame.filter(texts[sku].is_in(list(log_skus))) if columns.get("sku") else frame
    blank = int(texts[division].filter(texts[sku].is_not_null()).is_null().sum())
    if blank:
        why = f"{blank:,} SKU(s) have no division: fill them in"
        findings.append(Finding("divisions", None, "undecided", why, is_essential=True))
        return Taxonomy([], columns, None, findings)
    names, more = division_names(frame.select(name=text(division)).to_series(), used.height)
    return Taxonomy(names, columns, None, [*findings, *more])


def derive_taxonomy(pairs: pl.DataFrame, sku: str, division: str, family: str | None) -> Taxonomy:
    """Make a taxonomy of the log's own divisions.

    Parameters
    ----------
    pairs
        Distinct SKU, division and family with their `rows`.
    sku, division, family
        Their columns in `pairs`.

    Returns
    -------
    Taxonomy
        With a table of one row per SKU, sorted; SKUs without a division are left out and named.
    """
    named = {"sku": sku, "division": division} | ({"family": family} if family else {})
    clean = pairs.select(**{k: pl.col(c) for k, c in named.items()}, rows="rows").drop_nulls("sku")
    slug = pl.col("division").map_elements(slugify, return_dtype=pl.String)
    clean = clean.with_columns(slug=slug)
    several = clean.drop_nulls("slug").group_by("sku").agg(pl.col("slug").n_unique())
    twice = several.filter(pl.col("slug") > 1)["sku"].sort().to_list()
    keys = [c for c in ("sku", "division", "family") if c in clean.columns]
    table = (
        clean.drop_nulls("division")
        # The most frequent one; the first by name among equals.
        .group_by("sku", "slug", maintain_order=False)
        .agg(
            total=pl.col("rows").sum(),
            **{c: pl.col(c).sort_by("rows", c, descending=[True, False]).first() for c in keys[1:]},
        )
        .sort("sku", "total", "slug", descending=[False, True, False])
        .unique("sku", keep="first", maintain_order=True)
        .select(keys)
    )
    findings = []
    if twice:
        why = (
            f"{len(twice):,} SKU(s) have several divisions in the log and get their most frequent "
            f"one: {', '.join(twice[:SHOWN])}"
        )
        findings.append(Finding("taxonomy.several", division, "guessed", why))
    lost = sorted(set(clean["sku"]) - set(table["sku"]))
    if lost:
        why = f"lines of {len(lost):,} SKU(s) without a division will be rejects: "
        findings.append(
            Finding("taxonomy.unknown", None, "left out", why + ", ".join(lost[:SHOWN]))
        )
    names, more = division_names(table["division"], table.height)
    spelling = {slugify(name): name for name in names}
    table = table.with_columns(
        pl.col("division").map_elements(
            lambda name: spelling.get(slugify(name), name), return_dtype=pl.String
        )
    )
    return Taxonomy(names, dict(zip(keys, keys, strict=True)), table, [*findings, *more])


def stub_taxonomy(skus: pl.DataFrame, name: str) -> Taxonomy:
    """Make a taxonomy whose divisions a person fills in.

    Parameters
    ----------
    skus
        `sku`, and what helps to know it (`name`); one row per SKU.
    name
        Of the file it will be.

    Returns
    -------
    Taxonomy
        With a table of one row per SKU, sorted, whose divisions are null.
    """
    keys = ["sku", "division"]
    table = skus.with_columns(division=pl.lit(None, dtype=pl.String)).sort("sku")
    table = table.select(*keys, *(c for c in table.columns if c not in keys))
    why = (
        f"nothing says which division a SKU belongs to: fill in the column division of {name} "
        f"({table.height:,} SKUs), then inspect again with --taxonomy {name}"
    )
    finding = Finding("divisions", None, "undecided", why, is_essential=True)
    return Taxonomy([], {"sku": "sku", "division": "division"}, table, [finding])


def division_names(written: pl.Series, sku_count: int) -> tuple[list[str], list[Finding]]:
    """List division names, one spelling of each, and say what is odd about them.

    Parameters
    ----------
    written
        Division of each row, as written; null where it has none.
    sku_count
        How many SKUs they are of, for the finding.

    Returns
    -------
    tuple of list of str and list of Finding
        Names, each in its most frequent spelling, sorted; none where none is written.
    """
    counts = written.drop_nulls().alias("name").to_frame().group_by("name").agg(rows=pl.len())
    counts = counts.sort("rows", "name", descending=[True, False])
    spelled: dict[str, list[str]] = {}
    for name in counts["name"]:
        spelled.setdefault(slugify(name), []).append(name)
    findings = []
    if unnamed := spelled.pop("", []):
        why = f"{', '.join(unnamed)}: a division's name needs a letter, digit or symbol"
        findings.append(Finding("divisions", None, "undecided", why, is_essential=True))
    for names in spelled.values():
        if len(names) > 1:
            why = f"{', '.join(names)} are one division"
            findings.append(Finding("divisions.spelling", names[0], "guessed", why))
    names = sorted(names[0] for names in spelled.values())
    if len(names) > MOST_DIVISIONS:
        why = f"{len(names)} divisions, each with models of its own: merge some, or take a coarser"
        findings.append(Finding("divisions.count", None, "guessed", f"{why} column"))
    if names and not unnamed:
        why = f"{len(names)} divisions of {sku_count:,} SKUs: {', '.join(names[:SHOWN])}"
        findings.append(Finding("divisions", f"{len(names)} names", "sure", why))
    return names, findings


def _division_column(
    frame: pl.DataFrame, texts: Mapping[str, pl.Series], sku: str
) -> tuple[str | None, Finding]:
    named = [c for c in frame.columns if c != sku and name_points(c, "source_division")]
    best = max((name_points(c, "source_division") for c in named), default=0)
    top = [c for c in named if name_points(c, "source_division") == best]
    # "Division" before "category": as people name what they sell by.
    exact = [c for c in top if tokens(c)[-1:] == ("division",)] or top
    if not exact:
        few = [c for c in frame.columns if c != sku and 1 < texts[c].n_unique() <= MOST_DIVISIONS]
        why = "no column is named like a division"
        why += f"; by their values these may be: {', '.join(few[:SHOWN])}" if few else ""
        return None, Finding("taxonomy.division", None, "undecided", why, True, few)
    if len(exact) > 1:
        exact = sorted(exact, key=lambda c: (texts[c].n_unique(), frame.columns.index(c)))
        why = f"the coarsest of {', '.join(exact)}"
        return exact[0], Finding("taxonomy.division", exact[0], "guessed", why)
    return exact[0], Finding("taxonomy.division", exact[0], "sure", "by its name")


def _named(columns: list[str], role: str) -> str | None:
    named = [c for c in columns if name_points(c, role) >= 2]
    # The finest, which usually comes last: division, category, subcategory.
    return max(named, key=lambda c: (name_points(c, role), columns.index(c)), default=None)
