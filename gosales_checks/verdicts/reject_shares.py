"""How much of the sales log was rejected, in rows and in money, and whether that can pass.

A reject is told row by row; a load that keeps half of its rows, or none, must not end as if all were
well. Shares are judged per increment and over all that is stored.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

import polars as pl

from gosales_checks.findings import Examined
from gosales_resources.settings.contracts import ContractSettings

# Name of the check, which blocks.
WITHIN_BOUNDS = "rejects_within_bounds"
# Of fewer rows a share tells little: one total row of a quiet month is a half of two.
FEWEST_ROWS = 10
NOTHING_KEPT = "nothing is kept"
# What a rejected row has no value of is part of its reason.
BLANK = " is blank"
NAMELESS = pl.col("reason").str.contains(BLANK, literal=True)


@dataclass(frozen=True)
class RejectShare:
    """What of an increment, or of several, was kept and rejected."""

    loaded: int = 0
    """Rows with a loaded line."""
    rejected: int = 0
    """Rows without one; copies, and rows that are left out on purpose, are neither."""
    stored: int = 0
    """Lines in the sales log, those that take others back aside."""
    money_kept: float = 0
    """Sum of the amounts of the stored lines as written, without their signs."""
    money_rejected: float = 0
    """The same of rejected rows and lines, as far as their amounts can be read."""
    unread: int = 0
    """Rejected rows and lines without a readable amount."""
    nameless: int = 0
    """Rejected rows that lack a value every sale has, such as its date; they count in rows alone:
    such is a total, and its amount is that of all the others."""
    blank: tuple[str, ...] = ()
    """Columns that those have no value in, each once an increment."""

    def __add__(self, other: "RejectShare") -> "RejectShare":
        """Put two together."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return RejectShare(*(one + two for one, two in pairs))

    @property
    def of_rows(self) -> float:
        """Share of rows rejected, 0 to 1; 0 where there are none."""
        return self.rejected / max(self.loaded + self.rejected, 1)

    @property
    def of_money(self) -> float:
        """Share of money rejected, 0 to 1; 0 where no amount is known."""
        total = self.money_kept + self.money_rejected
        return self.money_rejected / total if total else 0.0

    def describe(self, measure: str) -> str:
        """Say rows and money in one line; `measure` is what the money is, for people."""
        unread = f"; {self.unread:,} of them have no readable amount" if self.unread else ""
        if self.nameless:
            columns = ", ".join(sorted(set(self.blank)))
            unread += (
                f"; {self.nameless:,} of them are blank in {columns}: a total row looks so, and their "
                "amounts are not counted (leave total rows out by source.sales_log.where; else fill "
                "the column in the source)"
            )
        rows = f"{self.rejected:,} of {self.loaded + self.rejected:,} rows"
        if not self.rejected and not self.money_rejected:
            return f"{rows} rejected"
        return (
            f"{rows} ({self.of_rows:.1%}) and {self.of_money:.1%} of the {measure} as written "
            f"rejected{unread}"
        )


def count_rejects(
    ledger: pl.LazyFrame, lines: pl.LazyFrame, rejects: pl.LazyFrame, value: str
) -> RejectShare:
    """Count what of one increment was kept and rejected.

    Parameters
    ----------
    ledger
        `sales_ledger`, one row per file.
    lines
        `sales_log` as stored, one row per line.
    rejects
        `sales_log_rejects`, one row per rejected row or line.
    value
        ``gross_profit`` or ``revenue``: what the money is.

    Returns
    -------
    RejectShare
        Zeros where nothing came in.
    """
    amount = pl.col(f"{value}_source").cast(pl.Float64).abs()
    rows, kept, lost = pl.collect_all(
        [
            ledger.select(pl.col("rows_loaded", "rows_rejected").sum()),
            lines.filter(~pl.col("is_reversal")).select(stored=pl.len(), money=amount.sum()),
            rejects.select(
                money=amount.filter(~NAMELESS).sum(),
                unread=(amount.is_null() | (amount == 0)).sum().cast(pl.Int64),
                nameless=NAMELESS.sum().cast(pl.Int64),
                blank=_blank_columns().implode(),
            ),
        ]
    )
    *counts, blank = lost.row(0)
    return RejectShare(*rows.row(0), *kept.row(0), *counts, blank=tuple(blank))


def _blank_columns() -> pl.Expr:
    """List the columns that rejected rows have no value in, in the order of the alphabet."""
    findings = pl.col("reason").str.split("; ").list.explode()
    return findings.filter(findings.str.ends_with(BLANK)).str.strip_suffix(BLANK).unique().sort()


def judge_rejects(
    one: RejectShare, every: Iterable[RejectShare], value: str, bounds: ContractSettings
) -> Examined:
    """Hold the shares of one increment, and of all together, against the bounds.

    Parameters
    ----------
    one
        The increment.
    every
        All that is stored, this one too.
    value
        As of `count_rejects`.
    bounds
        Shares that warn and that block.

    Returns
    -------
    Examined
        Findings; tolerated where they only warn. A load that keeps nothing is never tolerated.
    """
    whole = sum(every, RejectShare())
    measure = value.replace("_", " ")
    if not whole.stored and (rows := whole.loaded + whole.rejected):
        return Examined({f"{NOTHING_KEPT}: {whole.describe(measure)}": rows})
    findings: dict[str, int] = {}
    blocks = False
    for where, share in (("", one), ("all increments: ", whole)):
        worst = max(share.of_rows, share.of_money)
        if worst <= bounds.rejects_warn_frac:
            continue
        stops = worst > bounds.rejects_block_frac and share.loaded + share.rejected >= FEWEST_ROWS
        bound = bounds.rejects_block_frac if stops else bounds.rejects_warn_frac
        findings[f"{where}{share.describe(measure)}: above {bound:.1%}"] = share.rejected
        blocks = blocks or stops
    return Examined(findings, is_tolerated=not blocks)


def commonest_reasons(rejects: pl.LazyFrame, most: int) -> list[dict[str, Any]]:
    """List the reasons that most rejects have, the commonest first.

    Parameters
    ----------
    rejects
        `sales_log_rejects` of any increments.
    most
        How many are listed.

    Returns
    -------
    list of dict
        `kind` (the reason with its quoted values left out), `count` (rejected rows or lines that
        have it) and `example` (the first in the order of the alphabet).
    """
    return (
        rejects.select(pl.col("reason").str.split("; "))
        .explode("reason")
        .with_columns(kind=pl.col("reason").str.replace_all(r"'[^']*'", "'...'"))
        .group_by("kind")
        .agg(count=pl.len(), example=pl.col("reason").min())
        .sort("count", "kind", descending=[True, False])
        .head(most)
        .collect()
        .to_dicts()
    )
