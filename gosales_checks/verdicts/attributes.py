"""Attributes overwritten in place: what was stored of customers at a past cutoff is no longer said.

A source with dated versions adds one and leaves the earlier ones; a source without dates says of every
cutoff what it says today. Customers that are new are none of it: nothing that was said is unsaid.
"""

import polars as pl

from gosales_checks.verdicts.restatement import Restatement

# Name of the check, which blocks in strict mode.
ATTRIBUTES_AS_STORED = "attributes_as_stored"
KEY = ["customer_id", "version_number"]
# What closes a version, or says which cutoff it is seen from, is no attribute.
NO_ATTRIBUTE = (*KEY, "cutoff", "valid_to")
SHOWN = 6


def compare_attributes(then: pl.LazyFrame, now: pl.LazyFrame) -> Restatement | None:
    """Compare the attributes of customers at a cutoff with those that were stored.

    Parameters
    ----------
    then, now
        `dim_customer_history`, one row per customer and version; columns that only one has do not
        count.

    Returns
    -------
    Restatement or None
        `lost` are the customers that are gone or have other attributes, `gained` none; None where
        there are none of them.
    """
    shared = [name for name in then.collect_schema() if name in now.collect_schema()]
    names = [name for name in shared if name not in NO_ATTRIBUTE]
    now_named = now.select(*KEY, *(pl.col(name).alias(f"{name}__now") for name in names))
    both = then.select(*KEY, *names).join(
        now_named.with_columns(is_there=pl.lit(value=True)), on=KEY, how="left"
    )
    differs = {name: pl.col(name).ne_missing(pl.col(f"{name}__now")) for name in names}
    is_there = pl.col("is_there").fill_null(value=False)
    counts = both.select(
        customers=pl.col("customer_id").n_unique(),
        gone=pl.col("customer_id").filter(~is_there).n_unique(),
        changed=pl.col("customer_id")
        .filter(is_there & pl.any_horizontal(differs.values()))
        .n_unique(),
        other=pl.col("customer_id")
        .filter(~is_there | pl.any_horizontal(differs.values()))
        .n_unique(),
        **{
            f"of {name}": pl.col("customer_id").filter(is_there & one).n_unique()
            for name, one in differs.items()
        },
    )
    found = counts.collect().row(0, named=True)
    if not found["other"]:
        return None
    by_name = {name: found[f"of {name}"] for name in names if found[f"of {name}"]}
    most = sorted(by_name, key=lambda name: (-by_name[name], name))[:SHOWN]
    columns = ", ".join(f"{name} {by_name[name]:,}" for name in most)
    told = (
        f"of {found['customers']:,} customers {found['changed']:,} have other attributes"
        f"{f' ({columns})' if columns else ''} and {found['gone']:,} are gone, or a version of them"
    )
    return Restatement(found["other"], 0, told)
