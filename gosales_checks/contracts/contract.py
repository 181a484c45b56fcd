"""What a contract is: the one declaration of a table.

Key, column metadata, the blocking check, the data dictionary and test samples all come from it.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import dataframely as dy
import polars as pl

from gosales_resources.dates import CutoffSpan, Partitioning
from gosales_resources.errors import ContractError

# The unit of money: which currency that is, the settings say, and the UI with them.
HOME_CURRENCY = "home currency"
MONEY = {"unit": HOME_CURRENCY}


# Compared by identity: a table is declared once.
@dataclass(frozen=True, eq=False)
class Contract:
    """One table: its schema, grain, partitioning and what its numbers depend on."""

    name: str
    """Asset key and Parquet folder."""
    schema: type[dy.Schema]
    """Typed columns with description and unit, key and rules."""
    grain: str
    """One row per ..."""
    group: str
    """Group in the asset graph."""
    made_by: str
    """`room.function`: the function of `gosales_assets/<room>/assets.py` that makes it; tables with
    the same one are made together."""
    partitioned_by: Partitioning
    """Partition dimensions."""
    description: str
    """What the table is, for people."""
    settings: tuple[str, ...] = ()
    """Settings its own content depends on, by path; a change makes it stale, and what is made from
    it. `@division` after a path: only what touches the partition's division; `@window`: only up to
    where a label window of its cutoff can see; `@cutoff`: only up to the cutoff."""
    settings_here: tuple[str, ...] = ()
    """The same, of columns or rows that nothing is made from: a change stops here."""
    reads: tuple["Read", ...] = field(default=(), repr=False)
    """Tables it is made from: the lineage, what is planned before it, what makes it stale."""
    after_own: CutoffSpan | None = None
    """Cutoffs whose partitions of this very table come first: for an order among cutoffs that no
    table it reads can give."""
    sources: tuple[str, ...] = ()
    """Raw sources it reads, as fields of the `source` settings; their content makes it stale."""
    blocking_checks: tuple[str, ...] = ()
    """What must be true of it, beside this contract, before anything is made from it: names of checks."""
    is_bundle: bool = False
    """True for models: stored as a bundle of files, of which the schema describes the card."""
    open_columns: bool = False
    """True for feature tables: columns beyond the schema are allowed, declared elsewhere."""
    shares_columns_of: "Contract | None" = field(default=None, repr=False)
    """A table of the same cutoff, one of those read, whose columns are this one's too: they are
    stored there alone and joined by its key when this one is read."""

    @property
    def key(self) -> list[str]:
        """Primary key columns."""
        return list(self.schema.primary_key())

    @property
    def check_name(self) -> str:
        """Name of the blocking check that the table keeps this contract."""
        return f"{self.name}_keeps_contract"

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of all checks that must have passed before anything is published from it."""
        return (self.check_name, *self.blocking_checks)


@dataclass(frozen=True)
class Read:
    """One table that another is made from, and at which cutoffs."""

    table: Contract
    span: CutoffSpan = "cutoff"
    may_be_missing: bool = False
    """Partitions may be absent (the end of a window that the data has not reached): the asset gets
    those that are there, by key, and says what it lacks."""
    is_loaded: bool = True
    """False where it only comes first: the asset looks at what it needs of it by itself."""
    is_own_made: bool = False
    """True where, of what is only looked at, the partitions of the reader's own cutoff are made for it."""
    is_drawn: bool = True
    """False where other arrows to the reader already say that it comes first."""
    is_gated: bool = True
    """False where what reads it judges by itself what a failed check of it means: what is published
    from the reader does not wait for it."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of holding a frame against its contract."""

    rows: int
    violations: dict[str, int]
    """Rule -> number of rows that break it; empty when the contract holds."""
    sample: pl.DataFrame
    """Up to 20 breaking rows."""

    @property
    def passed(self) -> bool:
        """True when nothing breaks the contract."""
        return not self.violations


SAMPLE_ROWS = 20
BLOCK_ROWS = 2_000_000
# Keys compared at a time.
KEYS_HELD = 5_000_000


def judge(contract: Contract, frame: pl.DataFrame) -> Verdict:
    """Hold a frame against its contract: columns, types, key, rules.

    Parameters
    ----------
    contract
        The declaration.
    frame
        The table; any row order.

    Returns
    -------
    Verdict
        Counts per broken rule (exact) and a capped sample. Missing columns and wrong types are
        reported as rules named ``schema``; an empty frame with the right columns passes.
    """
    return judge_table(contract, frame.lazy())


def judge_table(contract: Contract, table: pl.LazyFrame) -> Verdict:
    """Hold a stored table against its contract, in blocks of rows, so that memory is bounded.

    Parameters
    ----------
    contract
        The declaration.
    table
        The stored partition; any row order.

    Returns
    -------
    Verdict
        As `judge`: the same however the table is cut into blocks.
    """
    schema = table.collect_schema()
    mismatches = _schema_mismatches(contract, schema)
    if mismatches:
        rows = int(table.select(pl.len()).collect().item())
        return Verdict(rows, {f"schema: {m}": rows for m in mismatches}, pl.DataFrame())
    declared = table.select(list(contract.schema.columns()))
    broken: Counter[str] = Counter()
    samples = []
    rows, whole = 0, True
    while whole:
        block = declared.slice(rows, BLOCK_ROWS).collect()
        failure = contract.schema.filter(block).failure
        broken.update({rule: n for rule, n in failure.counts().items() if n})
        samples.append(failure.invalid().head(SAMPLE_ROWS))
        rows, whole = rows + block.height, block.height == BLOCK_ROWS
    # A key that repeats across blocks; within a block the schema has found it.
    is_cut = rows > BLOCK_ROWS and bool(contract.key)
    if is_cut and (repeated := rows - _distinct_keys(declared, contract.key, rows)):
        broken["primary_key"] = max(repeated, broken["primary_key"])
    return Verdict(rows, dict(broken), pl.concat(samples).head(SAMPLE_ROWS))


def _distinct_keys(table: pl.LazyFrame, names: list[str], rows: int) -> int:
    # A struct of one column is three times as dear as the column.
    key = pl.col(names[0]) if len(names) == 1 else pl.struct(names)
    # Equal keys have equal hashes, so that parts by hash have no key in common; one column only
    # of a part is held: 22 million keys at once took 4 GB.
    parts = -(-rows // KEYS_HELD)
    part = pl.col(names[0]).hash() % parts
    counts = (
        table.filter(part == number).select(key.alias("key")).collect()["key"].n_unique()
        for number in range(parts)
    )
    return sum(counts)


def conform(contract: Contract, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Select the contract's columns in order and cast them to its types.

    Open contracts keep their other columns, sorted by name, after the declared ones.

    Raises
    ------
    ContractError
        When a declared column is missing.

    Parameters
    ----------
    contract
        The declaration.
    frame
        What was made: any column order, types that can be cast.

    Returns
    -------
    polars.LazyFrame
        The rows in their order.
    """
    declared: dict[str, Any] = contract.schema.columns()
    present = frame.collect_schema().names()
    missing = [name for name in declared if name not in present]
    if missing:
        raise ContractError(
            f"{contract.name}: columns missing: {', '.join(missing)}. The code that makes the "
            "table and its contract disagree."
        )
    extra = sorted(set(present) - set(declared)) if contract.open_columns else []
    return frame.select(
        *(pl.col(name).cast(column.dtype) for name, column in declared.items()), *extra
    )


def _schema_mismatches(contract: Contract, schema: pl.Schema) -> list[str]:
    found = []
    for name, column in contract.schema.columns().items():
        if name not in schema:
            found.append(f"column {name} missing")
        elif schema[name] != column.dtype:
            found.append(f"column {name} is {schema[name]}, not {column.dtype}")
    if not contract.open_columns:
        extra = sorted(set(schema) - set(contract.schema.columns()))
        found.extend(f"column {name} not declared" for name in extra)
    return found
