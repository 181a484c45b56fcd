"""The proposed settings, tried: what was written is loaded, and the log goes through the real reader.

A proposal that nothing has loaded is a promise. What the reader refuses becomes an open decision,
and what it rejects is told by reason, with the settings that would change it.
"""

import datetime as dt
import itertools
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from gosales.onboarding.finding import Finding
from gosales_assets.accounts.intake import read_source
from gosales_assets.star.dimensions import build_dim_product
from gosales_assets.star.increments import StagedLog
from gosales_assets.star.staging import Staging
from gosales_resources.errors import SourceError
from gosales_resources.settings.tree import Settings
from gosales_resources.sources.files import open_inputs
from gosales_resources.sources.raw import Block, RawInput
from gosales_resources.sources.table import read_table

# All rows are one increment.
EVER = dt.date(9999, 12, 31)
# Of each input: some million rows of text. What comes later is of the same kind, or a check tells.
MOST_BLOCKS = 16
# A log of which more is rejected is not read as it was meant.
MOST_REJECTED = 0.5
MANY_REJECTED = 0.05
SHOWN = 5
TOTALS = re.compile(
    r"\b(?:(?:grand|sub)?\s?-?totals?|summe|gesamt\w*|zwischensumme|somme|suma|totale|totaal)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Trial:
    """What became of the rows that were tried."""

    rows: int = 0
    rejected: int = 0
    copies: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """Kind of reason -> rejected rows or lines, most first."""
    totals: int = 0
    """Rejects that look like totals of a report."""
    problem: str | None = None
    """What the reader refuses altogether."""


def try_settings(settings: Settings) -> Trial:
    """Load the log, the taxonomy and the customers as `materialize` will.

    Parameters
    ----------
    settings
        As they were written.

    Returns
    -------
    Trial
        Of all rows, or of the first blocks of a large input.
    """
    try:
        taxonomy = read_table(settings.source.taxonomy, settings.source_dir)
        products = build_dim_product(taxonomy, settings)
        read_source(settings, "customers")
        with tempfile.TemporaryDirectory(prefix="gosales-inspect-") as folder:
            return _try_log(settings, products, Path(folder))
    except SourceError as error:
        return Trial(problem=str(error))


def trial_findings(trial: Trial) -> list[Finding]:
    """Say what became of the rows that were tried; essential where the proposal is not usable.

    Parameters
    ----------
    trial
        What was tried.

    Returns
    -------
    list of Finding
        None where every row is loaded.
    """
    if trial.problem:
        return [Finding("loading", None, "undecided", trial.problem, is_essential=True)]
    found = []
    if trial.rejected:
        share = trial.rejected / trial.rows
        shown = "; ".join(f"{count:,} x {why}" for why, count in [*trial.reasons.items()][:SHOWN])
        totals = f". {trial.totals:,} look like totals of a report" if trial.totals else ""
        why = f"{trial.rejected:,} of {trial.rows:,} rows tried are rejects: {shown}{totals}"
        is_lost = share > MOST_REJECTED
        certainty = "undecided" if share > MANY_REJECTED else "left out"
        found.append(Finding("rows", None, certainty, why, is_essential=is_lost))
    if trial.copies:
        why = (
            f"{trial.copies:,} of {trial.rows:,} rows tried are exact copies of another and are left "
            "out; where the same line twice is two sales: duplicates: number (or keep) in "
            "source.sales_log"
        )
        found.append(Finding("duplicates", None, "left out", why))
    return found


class _FirstBlocks(RawInput):
    """An input that ends after some blocks."""

    def __init__(self, raw: RawInput) -> None:
        self.raw, self.name, self.first_row = raw, raw.name, raw.first_row

    def header(self) -> list[str]:
        """See `RawInput`."""
        return self.raw.header()

    def columns(self) -> dict[str, str]:
        """See `RawInput`."""
        return self.raw.columns()

    def blocks(self) -> Iterator[Block]:
        """See `RawInput`."""
        return itertools.islice(self.raw.blocks(), MOST_BLOCKS)


def _try_log(settings: Settings, products: pl.DataFrame, folder: Path) -> Trial:
    log = settings.source.sales_log
    inputs = [_FirstBlocks(raw) for raw in open_inputs(log, settings.source_dir)]
    skus = products["sku"].to_list()
    staging = Staging(folder, log, skus, {}, lambda _: None, "trial", settings.threads_used)
    routes = settings.source.taxonomy.routes
    staged = StagedLog(
        staging.stage(inputs), [EVER], products, routes, log.line_key, log.duplicates
    )
    if not staged.row_count:
        raise SourceError(f"{log.place}: the sales log has no rows.")
    ledger = staged.ledger(EVER)
    reasons: Counter[str] = Counter()
    totals = 0
    for part in staged.rejects(EVER):
        for reason, raw in part.select("reason", "raw").rows():
            reasons[_kind(reason)] += 1
            totals += bool(TOTALS.search(raw))
    counts = {name: int(ledger[f"rows_{name}"].sum()) for name in ("in", "rejected", "duplicate")}
    rows, rejected, copies = counts.values()
    return Trial(rows, rejected, copies, dict(reasons.most_common()), totals)


def _kind(reason: str) -> str:
    """Return a reason without the value it is about."""
    return re.sub(r"'.*?'", "'...'", reason, flags=re.DOTALL)
