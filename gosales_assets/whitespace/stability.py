"""How much of the head of a list was there before."""

import polars as pl

from gosales_assets.whitespace.movement_ranks import DatedList
from gosales_checks.contracts.movement import LIST_STABILITY, TOPS
from gosales_checks.measures.ordering import top_count

KEY = ["customer_id", "division"]


def measure_stability(now: DatedList, then: DatedList | None) -> pl.DataFrame:
    """Compare the heads of two lists.

    Parameters
    ----------
    now, then
        The list of the cutoff and the one before; None where there is none. Rows without a rank are
        not counted.

    Returns
    -------
    polars.DataFrame
        `list_stability`, in the order of its tops; empty without an earlier list.
    """
    schema = LIST_STABILITY.schema.create_empty().schema
    if then is None:
        return pl.DataFrame(schema=schema)
    ranked = [frame.drop_nulls("rank").sort("rank").select(KEY) for frame in (then.rows, now.rows)]
    rows = []
    for top in TOPS:
        heads = [frame.head(_count(top, frame.height)) for frame in ranked]
        shared = heads[0].join(heads[1], on=KEY).height
        either = heads[0].height + heads[1].height - shared
        rows.append(
            {
                "top": top,
                "cutoff": now.cutoff,
                "previous_cutoff": then.cutoff,
                "row_count": heads[1].height,
                "previous_row_count": heads[0].height,
                "shared_count": shared,
                "jaccard_previous": shared / either if either else None,
            }
        )
    return pl.DataFrame(rows, schema=schema)


def _count(top: str, rows: int) -> int:
    number, _, percent = top.partition(" ")
    if percent:
        return top_count(rows, int(number) / 100) if rows else 0
    return min(int(number), rows)
