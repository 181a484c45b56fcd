"""What the UI shows of the list's partitions."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from gosales_checks.contracts.whitespace import CENTROID
from gosales_resources import markdown

SHOWN_ROWS = 10
TOP = 100
SHOWN = {
    "rank": "rank",
    "customer_id": "customer",
    "division_name": "division",
    "grade": "grade",
    "p_icp": "p",
    "p_low": "from",
    "p_high": "to",
    "ev": "expected value",
    "nba_reason": "why",
}


def summarise(signals: pl.DataFrame, gates_off: Mapping[str, str]) -> dict[str, object]:
    """Return the figures shown per partition of the signals.

    Parameters
    ----------
    signals
        `whitespace_signals` of a partition: one row per customer of the population.
    gates_off
        Gate -> why it is off.
    """
    reasons = signals["ineligible_reason"].drop_nulls().value_counts(name="rows").rows()
    return {
        "candidates": signals.height,
        "eligible": int(signals["is_eligible"].sum()),
        "similarity_of_industry": int((signals["als_source"] == CENTROID).sum()),
        **{f"not_listed_{reason}": count for reason, count in sorted(reasons)},
        **{f"gate_off_{gate}": why for gate, why in gates_off.items()},
    }


def summarise_list(listed: pl.DataFrame) -> dict[str, object]:
    """Return the head of the list, the divisions' shares of it, and what is not ranked.

    Parameters
    ----------
    listed
        `whitespace` of a cutoff, in its order; may be empty.
    """
    ranked = listed.filter(pl.col("rank").is_not_null())
    top = ranked.head(TOP)["division"].value_counts(name="rows").sort("rows", "division")
    shares = {row["division"]: row["rows"] for row in top.to_dicts()[::-1]}
    rows = [tuple(map(_shown, row)) for row in ranked.head(SHOWN_ROWS).select(list(SHOWN)).rows()]
    head = markdown.table(list(SHOWN.values()), rows) if rows else "No division can be ranked."
    blocks = (
        listed.filter(pl.col("rank").is_null())
        .group_by("division")
        .agg(pl.len().alias("customers"), pl.col("p_icp").median().alias("base_rate"))
        .sort("division")
    )
    return {
        "ranked": ranked.height,
        "selected": int(listed["is_selected"].sum()),
        "top_of_the_list": dg.MetadataValue.md(head),
        f"divisions_in_top_{TOP}": dg.MetadataValue.json(shares),
        "at_their_base_rate": dg.MetadataValue.json(blocks.to_dicts()),
    }


def _shown(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1 else f"{value:,.0f}"
    return value
