"""Assets of the whitespace phase."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform, keys_of
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.signals import build_signals
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS
from gosales_resources import markdown
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables

SHOWN_ROWS = 10
TOP = 100


def whitespace_signals(platform: Platform) -> dg.AssetsDefinition:
    """Define the signals of every candidate of a target."""

    @platform.table(WHITESPACE_SIGNALS)
    def whitespace_signals(
        context: dg.AssetExecutionContext, scores: Tables, conditional_values: Tables
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                frame = build_signals(scores[key], conditional_values[key]).collect()
                yield Partition(key, frame, metadata=summarise(frame))

        return Partitions(made())

    return whitespace_signals


def whitespace(platform: Platform) -> dg.AssetsDefinition:
    """Define the ranked list."""
    settings = platform.settings

    @platform.table(WHITESPACE)
    def whitespace(
        context: dg.AssetExecutionContext, whitespace_signals: Tables, dim_customer: Tables
    ) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(WHITESPACE.name, *key) for key in keys])
        currency = settings.source.sales_log.home_currency

        def made() -> Iterator[Partition]:
            for key in keys:
                signals = pl.concat(whitespace_signals.at(key.cutoff).values())
                customers = dim_customer[key.cutoff]
                names = settings.divisions.target_names
                ranked = rank_candidates(signals, customers, settings.whitespace, currency, names)
                frame = ranked.collect()
                yield Partition(key, frame, metadata=summarise_list(frame))

        return Partitions(made())

    return whitespace


def summarise(signals: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition.

    Parameters
    ----------
    signals
        `whitespace_signals` of a partition: one row per customer of the population.
    """
    reasons = signals["ineligible_reason"].drop_nulls().value_counts(name="rows").rows()
    return {
        "candidates": signals.height,
        "eligible": int(signals["is_eligible"].sum()),
        **{f"not_ranked_{reason}": count for reason, count in sorted(reasons)},
    }


def summarise_list(ranked: pl.DataFrame) -> dict[str, object]:
    """Return the top of the list and the divisions' shares of it.

    Parameters
    ----------
    ranked
        `whitespace` of a cutoff, in its order; may be empty.
    """
    top = ranked.head(TOP)["division"].value_counts(name="rows").sort("rows", "division")
    shares = {row["division"]: row["rows"] for row in top.to_dicts()[::-1]}
    columns = ["rank", "customer_id", "division", "score", "p_icp", "ev"]
    rows = [
        (rank, customer, division, f"{score:.3f}", f"{p_icp:.3f}", "" if ev is None else round(ev))
        for rank, customer, division, score, p_icp, ev in (
            ranked.head(SHOWN_ROWS).select(columns).rows()
        )
    ]
    head = ["rank", "customer", "division", "score", "p_icp", "ev"]
    return {
        "ranked": ranked.height,
        "top_of_the_list": dg.MetadataValue.md(markdown.table(head, rows)),
        f"divisions_in_top_{TOP}": dg.MetadataValue.json(shares),
    }
