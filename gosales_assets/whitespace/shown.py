"""What the UI shows of the list's partitions."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from gosales_checks.contracts.whitespace import CENTROID, INSTALLED
from gosales_resources import markdown

SHOWN_ROWS = 10
TOP = 100
# Of the first rows: who calls whom about what; then all that is known of them, in one table.
WHO = {
    "rank": "rank",
    "customer_name": "customer",
    "rep": "rep",
    "division_name": "division",
    "grade": "grade",
    "p_icp": "chance",
    "ev": "expected value",
}
WHY = {
    "rank": "rank",
    "customer_name": "customer",
    "customer_id": "id",
    "rep": "rep",
    "division_name": "division",
    "chance": "chance (low to high)",
    "nba_reason": "why",
}
REASONS = {"rank": "rank", "nba_reason": "why"}
# What is longer is cut: ten rows are to stand in place. The table behind the link has it whole.
LONGEST_NAME, LONGEST_REASON = 28, 80


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
        "similarity_of_installed_base": int((signals["als_source"] == INSTALLED).sum()),
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
    first = ranked.head(SHOWN_ROWS).with_columns(
        pl.coalesce("customer_name", "customer_id"), chance=_chance_with_ends()
    )
    if first.is_empty():
        who = reasons = why = "No division can be ranked."
    else:
        who = markdown.table_in_place(list(WHO.values()), _cells(first, WHO))
        cut = _cells(first, REASONS, LONGEST_REASON)
        reasons = markdown.table_in_place(list(REASONS.values()), cut)
        why = markdown.table(list(WHY.values()), _cells(first, WHY, longest=None))
    blocks = (
        listed.filter(pl.col("rank").is_null())
        .group_by("division")
        .agg(pl.len().alias("customers"), pl.col("p_icp").median().round(4).alias("base_rate"))
        .sort("division")
    )
    return {
        "ranked": ranked.height,
        "selected": int(listed["is_selected"].sum()),
        "top_of_the_list": dg.MetadataValue.md(who),
        "reasons": dg.MetadataValue.md(reasons),
        "top_of_the_list_and_why": dg.MetadataValue.md(why),
        f"divisions_in_top_{TOP}": dg.MetadataValue.json(shares),
        "at_their_base_rate": dg.MetadataValue.json(blocks.to_dicts()),
    }


def _chance_with_ends() -> pl.Expr:
    percent = [pl.format("{} %", (100 * pl.col(name)).round(1)) for name in ("p_icp", "p_low")]
    high = (100 * pl.col("p_high")).round(1)
    # Without ends, the chance alone.
    return pl.coalesce(pl.format("{} ({} to {} %)", percent[0], percent[1], high), percent[0])


def _cells(
    rows: pl.DataFrame, columns: Mapping[str, str], longest: int | None = LONGEST_NAME
) -> list[list[str]]:
    return [
        [_shown(name, value, longest) for name, value in zip(columns, row, strict=True)]
        for row in rows.select(list(columns)).rows()
    ]


def _shown(name: str, value: object, longest: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{100 * value:.1f} %" if name == "p_icp" else f"{value:,.0f}"
    text = str(value)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"
