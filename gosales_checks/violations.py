"""Which rows break a contract: exact counts and a capped sample per rule, as the table of it."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from gosales_checks.contracts.contract import BLOCK_ROWS, SAMPLE_ROWS, Contract, judge_table
from gosales_checks.contracts.quality import Violations
from gosales_resources.store.quarantine import BROKEN_RULES


def blocked_rows(contract: Contract, table: pl.LazyFrame) -> pl.DataFrame:
    """Judge a stored table again and show the rows that break it.

    Parameters
    ----------
    contract
        The declaration.
    table
        The stored partition, in its order.

    Returns
    -------
    polars.DataFrame
        `rule`, `sample_row`, `rows`, `raw`: up to 20 rows a rule, the first in the table's order.
        Empty when the contract is kept.
    """
    counts = judge_table(contract, table).violations
    shown: dict[str, list[str]] = {rule: [] for rule in counts}
    if not any(rule.startswith("schema: ") for rule in counts):
        for rule, rows in _breaking(contract, table, list(counts)):
            shown[rule] += _json(rows)[: SAMPLE_ROWS - len(shown[rule])]
    return _table(counts, shown)


def quarantined_rows(broken: pl.DataFrame) -> pl.DataFrame:
    """Show the rows that were kept out of a table; the same columns as `blocked_rows`.

    Parameters
    ----------
    broken
        Rows with `broken_rules`, a list of names; none has an empty one.

    Returns
    -------
    polars.DataFrame
        A row a rule and sample row, by rule; empty where nothing was kept out.
    """
    counts, shown = {}, {}
    for rule in broken[BROKEN_RULES].explode().unique().sort().to_list():
        rows = broken.filter(pl.col(BROKEN_RULES).list.contains(rule))
        counts[rule] = rows.height
        shown[rule] = _json(rows.drop(BROKEN_RULES).head(SAMPLE_ROWS))
    return _table(counts, shown)


def whole_check(name: str) -> pl.DataFrame:
    """Tell of a partition that fails a check as a whole; the same columns as `blocked_rows`.

    Parameters
    ----------
    name
        Of the check.

    Returns
    -------
    polars.DataFrame
        One row, sample row 0.
    """
    return _table({name: 1}, {name: []})


def locate(
    rows: pl.DataFrame, table: str, partition: str, cutoff: dt.date, outcome: str
) -> pl.DataFrame:
    """Say which table and partition violations are of, and what was done.

    Parameters
    ----------
    rows
        Of `blocked_rows`, `quarantined_rows` or `whole_check`.
    table, partition, cutoff, outcome
        What they are of.

    Returns
    -------
    polars.DataFrame
        The columns of `violations`, in the order of the rows.
    """
    return rows.with_columns(
        table=pl.lit(table),
        partition=pl.lit(partition),
        cutoff=pl.lit(cutoff),
        outcome=pl.lit(outcome),
    ).select(Violations.column_names())


def no_violations() -> pl.DataFrame:
    """Return the table without a row."""
    return pl.DataFrame(schema={n: c.dtype for n, c in Violations.columns().items()})


def _breaking(
    contract: Contract, table: pl.LazyFrame, rules: list[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    names = contract.schema.column_names()
    start, whole = 0, True
    while whole:
        block = table.slice(start, BLOCK_ROWS).collect()
        details = contract.schema.filter(block.select(names)).failure.details()
        for rule in rules:
            yield rule, details.filter(pl.col(rule) == "invalid").select(names).head(SAMPLE_ROWS)
        start, whole = start + block.height, block.height == BLOCK_ROWS


def _json(rows: pl.DataFrame) -> list[str]:
    if rows.is_empty():
        return []
    # What JSON does not hold exactly (decimals, dates, floats) is shown as text.
    text = [
        pl.col(n) if t.is_integer() or t in (pl.Boolean, pl.String) else pl.col(n).cast(pl.String)
        for n, t in rows.schema.items()
    ]
    return rows.select(pl.struct(text).struct.json_encode()).to_series().to_list()


def _table(counts: dict[str, int], shown: dict[str, list[str]]) -> pl.DataFrame:
    rows = [
        {"rule": rule, "sample_row": number, "rows": count, "raw": raw}
        for rule, count in sorted(counts.items())
        for number, raw in (list(enumerate(shown[rule], start=1)) or [(0, None)])
    ]
    schema = {"rule": pl.String, "sample_row": pl.Int32, "rows": pl.Int64, "raw": pl.String}
    return pl.DataFrame(rows, schema=schema)
