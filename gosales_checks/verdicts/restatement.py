"""Silent restatement: a past increment of the sales log that no longer is what was stored.

What the source declares is none: a version with its recording time, a corrected reject. Nor is what
only lies elsewhere (another file, another order of rows), what arrived since, or what the taxonomy
says of a SKU. The rest changes what earlier features, labels and lists were made from.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gosales_checks.verdicts.announced_file import read_announced, write_announced

# Name of the check, which blocks in strict mode.
AS_STORED = "past_as_stored"
RECORD = "record of accepted restatements"
REMEDY = "Put it back, or accept it: gosales restatement accept"
MEASURES = ("quantity", "revenue", "gross_profit")
# What a line is to those who read it, wherever it lies and whatever the taxonomy says of its SKU.
CONTENT = (
    "customer_id", "customer_name", "order_date", "recorded_at", "invoice_id", "sku", *MEASURES,
    "is_reversal", "rep", "branch", "region", "zip", "currency", "revenue_source",
    "gross_profit_source",
)  # fmt: skip
# All that is told of a line whose SKU the taxonomy does not know.
OF_REJECT = ("sku", "quantity", "revenue_source", "gross_profit_source")
# Lines compared at a time, about 0.3 KB each.
HELD_LINES = 2_000_000
SHOWN_FILES = 3


@dataclass(frozen=True)
class Increment:
    """One increment of the log, as it is stored or as it was."""

    lines: pl.LazyFrame
    """`sales_log`."""
    rejects: pl.LazyFrame
    """`sales_log_rejects`."""
    ledger: pl.DataFrame
    """`sales_ledger`."""


@dataclass(frozen=True)
class Restatement:
    """What of an increment differs from what was stored of it."""

    lost: int
    """Lines that are gone, or are other lines now."""
    gained: int
    """Lines that were not there."""
    told: str
    """Both states, for people."""


def compare_increment(
    then: Increment,
    now: Increment,
    through: dt.date,
    routed: Collection[str] = (),
    corrected_lines: int = 0,
) -> Restatement | None:
    """Compare an increment with what was stored of it.

    Parameters
    ----------
    then, now
        Both states.
    through
        Latest day that the log reached then: lines known on it or after are arrivals.
    routed
        SKUs whose division is the source's own word: theirs counts as content.
    corrected_lines
        Rejected lines that corrections have mended since; so many new ones are declared.

    Returns
    -------
    Restatement or None
        None where nothing is lost and no more is gained than has arrived or was declared.
    """
    frames = _comparable(then, now, routed)
    if _digest(frames[0]) == _digest(frames[1]):
        return None
    lost, gained = _difference(frames[0], frames[1], through)
    if not lost and gained <= corrected_lines:
        return None
    return Restatement(lost, gained, _told(then, now, lost, gained))


def moved_lines(then: Increment, now: Increment) -> int:
    """Count the lines that are of another division than then, SKU by SKU."""
    counts = [
        each.lines.group_by("sku", "division").agg(n=pl.len().cast(pl.Int64) * sign)
        for each, sign in ((then, -1), (now, 1))
    ]
    net = pl.concat(counts).group_by("sku", "division").agg(pl.col("n").sum())
    return int(net.filter(pl.col("n") > 0).select(pl.col("n").sum()).collect().item())


def _comparable(then: Increment, now: Increment, routed: Collection[str]) -> list[pl.LazyFrame]:
    """Return the lines of both states by what they are compared in, with the day of each.

    A SKU that the taxonomy has learnt or forgotten turns rejects into lines or lines into rejects:
    its lines and rejects are compared together, by what is told of both.
    """
    strange = _strange(then, now) | _strange(now, then)
    day = pl.max_horizontal("order_date", pl.col("recorded_at").cast(pl.Date)).alias("day")
    is_strange = pl.col("sku").is_in(list(strange))
    division = pl.when(pl.col("sku").is_in(list(routed))).then("division").alias("division")
    found = []
    for each in (then, now):
        lines = each.lines.filter(~is_strange).select(*CONTENT, division, day)
        if strange:
            rejected = each.rejects.filter(pl.col("line").is_in(list(strange)))
            both = [
                each.lines.filter(is_strange).select(OF_REJECT),
                rejected.rename({"line": "sku"}).select(OF_REJECT),
            ]
            lines = pl.concat([lines, *both], how="diagonal")
        found.append(lines)
    return found


def _strange(rejecting: Increment, other: Increment) -> set[str]:
    """Return SKUs that one state rejects and the other has lines of."""
    rejected = rejecting.rejects.filter(pl.col("line") != "").select(sku="line").unique()
    sold = other.lines.select("sku").unique()
    return set(rejected.join(sold, on="sku", how="semi").collect()["sku"])


def _digest(lines: pl.LazyFrame) -> tuple[int, ...]:
    """Sum hashes of lines: in any order, held a few at a time."""
    hashes = pl.struct(pl.exclude("day")).hash(seed=5)
    # Halves are summed apart: a sum of 64-bit hashes would overflow.
    sums = lines.select(h=hashes).select(
        pl.len(), low=(pl.col("h") & 0xFFFFFFFF).sum(), high=(pl.col("h") // 2**32).sum()
    )
    return sums.collect(engine="streaming").row(0)


def _difference(then: pl.LazyFrame, now: pl.LazyFrame, through: dt.date) -> tuple[int, int]:
    """Count lines that are lost and gained, arrivals aside, some customers at a time."""
    signed = [then.with_columns(sign=pl.lit(-1)), now.with_columns(sign=pl.lit(1))]
    both = pl.concat(signed)
    length = int(both.select(pl.len()).collect().item())
    parts = -(-length // HELD_LINES) or 1
    lost = gained = 0
    for part in range(parts):
        some = both.filter(pl.col("customer_id").hash(seed=7).fill_null(0) % parts == part)
        net = some.group_by(pl.exclude("sign")).agg(n=pl.col("sign").sum()).collect()
        new = net.filter((pl.col("n") > 0) & (pl.col("day").is_null() | (pl.col("day") < through)))
        lost -= int(net.filter(pl.col("n") < 0)["n"].sum())
        gained += int(new["n"].sum())
    return lost, gained


def _told(then: Increment, now: Increment, lost: int, gained: int) -> str:
    rows = [int(each.ledger["rows_in"].sum()) for each in (then, now)]
    counted = [
        each.lines.select(pl.len(), pl.col(MEASURES).sum()).collect().row(0) for each in (then, now)
    ]
    names = ("lines", *MEASURES)
    changed = [
        f"{name.replace('_', ' ')} {a:,} -> {b:,}"
        for name, a, b in zip(names, *counted, strict=True)
        if a != b
    ]
    sums = ", ".join(changed) or "lines and sums alike, and yet other lines"
    files = [set(each.ledger["source_file"]) for each in (then, now)]
    gone = sorted(files[0] - files[1])
    more = ", ..." if len(gone) > SHOWN_FILES else ""
    of_files = f"; files gone: {', '.join(gone[:SHOWN_FILES])}{more}" if gone else ""
    return (
        f"{rows[0]:,} -> {rows[1]:,} rows, {sums}: {lost:,} line(s) lost or changed, {gained:,} "
        f"new{of_files}"
    )


def corrected(kept: Sequence[Increment], now: Sequence[Increment], ids: Collection[str]) -> int:
    """Count the lines of rows that were rejected and that corrections have mended since.

    Parameters
    ----------
    kept
        What increments were.
    now
        What the same increments are.
    ids
        reject_id of the rows that have a correction.
    """
    if not ids:
        return 0
    named = pl.col("reject_id").is_in(list(ids)) & (pl.col("line") == "")
    then, still = (
        pl.concat(one.rejects for one in state).filter(named).select("reject_id", "line_count")
        for state in (kept, now)
    )
    # A row that had no readable line has one when it is mended, as far as is known.
    mended = then.join(still, on="reject_id", how="anti").select(
        pl.col("line_count").clip(lower_bound=1).sum()
    )
    return int(mended.collect().item())


def record_accepted(
    path: Path, told: Mapping[tuple[str, dt.date], str], moment: dt.datetime
) -> None:
    """Add accepted changes to the file that records them.

    Parameters
    ----------
    path
        The file; made when it is not there.
    told
        Table and cutoff -> what it was and is.
    moment
        When it was accepted.

    Raises
    ------
    SettingsError
        When the file is something else.
    """
    remedy = "Restore it from version control, or move it away."
    earlier = read_announced(path, RECORD, lambda content: list(content["accepted"]), remedy) or []
    at = moment.isoformat(timespec="seconds")
    added = [
        {"at": at, "table": table, "cutoff": cutoff.isoformat(), "change": change}
        for (table, cutoff), change in told.items()
    ]
    write_announced(path, RECORD, {"accepted": [*earlier, *added]})
