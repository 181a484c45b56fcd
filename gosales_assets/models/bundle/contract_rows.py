"""Plain rows as a table of a contract: how every table of this phase gets its columns and types."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from gosales_checks.contracts.contract import Contract


def contract_table(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Make a table of rows.

    Parameters
    ----------
    contract
        Of the table.
    rows
        Column -> value, one mapping per row; what is not given is null.

    Returns
    -------
    polars.DataFrame
        The contract's columns, in their order and of their types; rows in theirs. Empty of no rows.
    """
    schema = {name: column.dtype for name, column in contract.schema.columns().items()}
    return pl.DataFrame(rows, schema=schema)
