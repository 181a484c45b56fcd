"""The table of what broke which contract (SPEC section 1)."""

from collections.abc import Sequence

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read

# blocked: the rows are stored, what comes after waits; quarantined: they were kept out (fail_soft).
OUTCOMES = ["blocked", "quarantined"]


class Violations(dy.Schema):
    """Rows that break a contract: a capped sample per rule, with exact counts."""

    table = dy.String(primary_key=True, description="Table whose contract is broken.")
    partition = dy.String(primary_key=True, description="Its partition.")
    rule = dy.String(
        primary_key=True,
        description="The rule, as `column|kind` where it is one column's; `schema: ...` for a "
        "missing column or another type.",
    )
    sample_row = dy.Int32(
        primary_key=True,
        min=0,
        max=20,
        description="Number of the row in the sample; 0 where the rule is not of single rows.",
    )
    cutoff = dy.Date(description="As-of date of the partition.")
    rows = dy.Int64(min=1, description="Rows that break the rule.", metadata={"unit": "count"})
    raw = dy.String(nullable=True, description="The row as JSON; null where there is none to show.")
    outcome = dy.String(
        check=lambda c: c.is_in(OUTCOMES),
        description="blocked: stored, what comes after waits; quarantined: kept out of the table.",
    )

    @dy.rule()
    def a_sample_row_is_shown(cls):
        """Row 0 stands for the rule as a whole, every other shows its row."""
        return (cls.sample_row.col == 0) == cls.raw.col.is_null()


def violations_contract(tables: Sequence[Contract]) -> Contract:
    """Declare `violations` over all the other tables."""
    last = _last_made(tables)
    return Contract(
        name="violations",
        schema=Violations,
        grain="one row per table, partition, broken rule and sample row",
        group="quality",
        made_by="quality.violations",
        partitioned_by="cutoff",
        description="What broke which contract, how often, with up to 20 rows each, and what was "
        "done with them. Empty when all is well.",
        # It reads verdicts, and rows of the few partitions that failed.
        reads=tuple(
            Read(table, may_be_missing=True, is_loaded=False, is_drawn=table in last)
            for table in tables
        ),
    )


def _last_made(tables: Sequence[Contract]) -> list[Contract]:
    """List tables that all others of a cutoff come before; of those made together the first."""
    before = {
        read.table.made_by for table in tables for read in table.reads if _is_whole(read, table)
    }
    last = {table.made_by: table for table in reversed(tables) if table.made_by not in before}
    return list(last.values())


def _is_whole(read: Read, reader: Contract) -> bool:
    """Tell whether the reader's partitions of a cutoff wait for all of the table's."""
    sides = {read.table.partitioned_by, reader.partitioned_by}
    return read.span in ("cutoff", "up_to_cutoff") and (len(sides) == 1 or "cutoff" in sides)
