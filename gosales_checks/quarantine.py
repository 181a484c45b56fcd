"""Parts the rows that keep a contract from those that break it (mode fail_soft)."""

from typing import Any

import dataframely as dy
import polars as pl

from gosales_checks.contracts.contract import Contract
from gosales_resources.errors import GosalesError
from gosales_resources.store.quarantine import BROKEN_RULES

INDEX = "offered_row"
KEY = "primary_key"


def split_rows(contract: Contract, offered: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part a frame into the rows that keep its contract and the others.

    Of rows that share a key and break nothing else the first stays, in the order they are offered:
    every table has a total order. What is left keeps the contract as a whole: rules that look at
    several rows are held against it again until nothing breaks.

    Parameters
    ----------
    contract
        The declaration.
    offered
        Conforming columns and types, in the table's total order.

    Returns
    -------
    tuple of polars.DataFrame
        Rows kept, in their order; rows left out, with `broken_rules`.

    Raises
    ------
    GosalesError
        When a row would be in neither or in both: a defect, nothing is written.
    """
    indexed = offered.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(INDEX))
    schema = _indexed(contract)
    kept, broken = indexed, []
    while True:
        found = _breaking(schema, kept)
        if found.is_empty():
            break
        broken.append(found)
        kept = kept.join(found, on=INDEX, how="anti", maintain_order="left")
    rules = pl.concat(broken) if broken else _nothing()
    out = indexed.join(rules, on=INDEX, how="inner", maintain_order="left")
    if kept.height + out.height != offered.height:
        raise GosalesError(
            f"{contract.name}: {offered.height} rows offered, {kept.height} kept and "
            f"{out.height} quarantined: they do not add up. Nothing was written; report this."
        )
    return kept.drop(INDEX), out.drop(INDEX)


def _breaking(schema: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """Return row and rules of those to leave out next.

    First what a cell alone breaks, then repeated keys, then rules over several columns or rows:
    a place in a list that is taken twice because its row is there twice costs one row, not both.
    """
    declared = frame.select(list(schema.columns()))
    verdicts = schema.filter(declared).failure.details()
    rules = [name for name in verdicts.columns if name not in declared.columns]
    of_cells = [name for name in rules if "|" in name]
    for names in (of_cells, [KEY] if KEY in rules else [], [*rules]):
        if names == [KEY]:
            key = pl.struct(schema.primary_key())
            found = declared.filter(~key.is_first_distinct()).select(
                INDEX, pl.concat_list(pl.lit(KEY)).alias(BROKEN_RULES)
            )
        else:
            found = _named(verdicts, [name for name in names if name != KEY])
        if found.height:
            return found
    return _nothing()


def _named(verdicts: pl.DataFrame, rules: list[str]) -> pl.DataFrame:
    if not rules:
        return _nothing()
    named = [pl.when(pl.col(rule) == "invalid").then(pl.lit(rule)) for rule in rules]
    found = verdicts.select(INDEX, pl.concat_list(named).list.drop_nulls().alias(BROKEN_RULES))
    return found.filter(pl.col(BROKEN_RULES).list.len() > 0)


def _indexed(contract: Contract) -> type[dy.Schema]:
    """Return the contract's schema with the row number, so that verdicts name their rows."""
    columns: dict[str, Any] = {INDEX: dy.Int64(description="Row as it was offered.")}
    return type(f"{contract.schema.__name__}Offered", (contract.schema,), columns)


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={INDEX: pl.Int64, BROKEN_RULES: pl.List(pl.String)})
