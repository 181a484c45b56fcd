"""What each column of a wide sales log is: identifier, amount or quantity of a SKU, or nothing known.

A column of which nothing is known is not read. Whether that is right is a person's word: the check
`schema_as_announced` blocks until the taxonomy or the settings name it or it is accepted.
"""

from collections.abc import Collection, Iterable

from gosales_resources.errors import nearest
from gosales_resources.settings.source import WideLog
from gosales_resources.sources.raw import is_nameless


def sku_measures(
    header: Iterable[str], log: WideLog, skus: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Tell the SKU and the measure of each column that holds lines.

    Parameters
    ----------
    header
        Columns of a file.
    log
        Its identifiers, ignored columns, aliases, suffix of quantities, and what amounts are.
    skus
        SKUs of the taxonomy.

    Returns
    -------
    dict
        Column -> SKU and `quantity_milli`, `revenue_cents` or `gross_profit_cents`, in the order of
        the header. A pair of an amount and its quantity is a SKU, known to the taxonomy or not: its
        lines become rejects.
    """
    columns = list(header)
    there, amount, identifiers = set(columns), f"{log.amount}_cents", _identifiers(log)
    found: dict[str, tuple[str, str]] = {}
    for column in columns:
        if column in identifiers or is_nameless(column):
            continue
        stem = column.removesuffix(log.quantity_suffix)
        if column in log.aliases:
            found[column] = log.aliases[column], amount
        elif stem != column and column not in skus:
            found[column] = stem, "quantity_milli"
        elif column in skus or f"{column}{log.quantity_suffix}" in there:
            found[column] = column, amount
    return found


def unread_columns(header: Iterable[str], log: WideLog, skus: Collection[str]) -> dict[str, str]:
    """Name the columns that are neither identifier, nor of a SKU, nor ignored.

    Returns
    -------
    dict
        Column -> a word on the nearest known name, in the order of the header; nothing of them is
        read.
    """
    columns = list(header)
    known = {*_identifiers(log), *sku_measures(columns, log, skus)}
    legal = [*skus, *(name for name in log.columns.model_dump().values() if name)]
    return {
        column: nearest(column, legal)
        for column in columns
        if column not in known and not is_nameless(column)
    }


def _identifiers(log: WideLog) -> set[str]:
    named = {column for column in log.columns.model_dump().values() if column}
    named |= {condition.column for condition in log.where}
    return named | set(log.ignored_columns) | ({log.sign.column} if log.sign else set())
