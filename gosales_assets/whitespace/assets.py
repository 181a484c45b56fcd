"""Assets of the whitespace phase."""

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import refuse_failed_upstream
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.signals import build_signals
from gosales_checks.contracts.accounts import DIM_CUSTOMER, DIM_CUSTOMER_HISTORY, FACT_ASSETS
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES
from gosales_checks.contracts.models import PROMOTION, SCORES
from gosales_checks.contracts.star import (
    FACT_TRANSACTIONS,
    PURCHASE_HISTORY,
    SALES_LEDGER,
    SALES_LOG,
)
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS
from gosales_resources.errors import PartitionMissingError
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.partitions.space import cutoff_of, division_of, partition_key
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.tables import Address, missing_message

SHOWN_ROWS = 10
TOP = 100


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `whitespace_signals` and `whitespace`."""
    settings, space = platform.settings, platform.space

    @platform.table(
        WHITESPACE_SIGNALS,
    )
    def whitespace_signals(
        context: dg.AssetExecutionContext, scores: dict, labels: dict, dim_customer: dict
    ) -> Partitions:
        def made():
            for key in map(str, context.partition_keys):
                cutoff, division = cutoff_of(key), str(division_of(key))
                past = {t: str(partition_key(t, division)) for t in space.training_cutoffs(cutoff)}
                if missing := [t for t, k in past.items() if k not in labels]:
                    absent = [Address("labels", t, division) for t in missing]
                    raise PartitionMissingError(missing_message(absent))
                known = {t: labels[k] for t, k in past.items()}
                mature = mature_labels(known, cutoff, settings.models.training_cutoffs).used
                frame = build_signals(
                    scores[key],
                    pl.concat([known[t] for t in mature]) if mature else None,
                    dim_customer[str(partition_key(cutoff))],
                    settings.whitespace,
                ).collect()
                yield Partition(cutoff, frame, division, summarise(frame))

        return Partitions(made())

    @platform.table(
        WHITESPACE,
    )
    def whitespace(
        context: dg.AssetExecutionContext, whitespace_signals: dict, dim_customer: dict
    ) -> Partitions:
        cutoffs = [cutoff_of(key) for key in context.partition_keys]
        known = [c for c in space.cutoffs() if c <= max(cutoffs)]
        refuse_failed_upstream(
            context.instance,
            platform.upstream_checks(INCREMENTS, known)
            | platform.upstream_checks(TABLES_OF_THE_CUTOFF, cutoffs),
        )

        def made():
            for cutoff in cutoffs:
                mine = [f for k, f in whitespace_signals.items() if cutoff_of(k) == cutoff]
                customers = dim_customer[str(partition_key(cutoff))]
                frame = rank_candidates(
                    pl.concat(mine),
                    customers,
                    settings.whitespace,
                    settings.source.sales_log.home_currency,
                ).collect()
                yield Partition(cutoff, frame, metadata=summarise_list(frame))

        return Partitions(made())

    return [whitespace_signals, whitespace]


# A blocking check gates its own run only: what publishes looks at the verdicts on all that the
# list is made from.
INCREMENTS = (SALES_LOG, SALES_LEDGER, FACT_TRANSACTIONS, PURCHASE_HISTORY)
TABLES_OF_THE_CUTOFF = (
    FACT_ASSETS,
    DIM_CUSTOMER_HISTORY,
    DIM_CUSTOMER,
    CUSTOMER_FEATURES,
    DIVISION_FEATURES,
    FEATURES,
    PROMOTION,
    SCORES,
    WHITESPACE_SIGNALS,
)


def summarise(signals: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition."""
    reasons = signals["ineligible_reason"].drop_nulls().value_counts(name="rows").rows()
    return {
        "candidates": signals.height,
        "eligible": int(signals["is_eligible"].sum()),
        **{f"not_ranked_{reason}": count for reason, count in sorted(reasons)},
    }


def summarise_list(ranked: pl.DataFrame) -> dict[str, object]:
    """Return the top of the list and the divisions' shares of it."""
    top = ranked.head(TOP)["division"].value_counts(name="rows").sort("rows", "division")
    shares = {row["division"]: row["rows"] for row in top.to_dicts()[::-1]}
    columns = ["rank", "customer_id", "division", "score", "p_icp", "ev"]
    lines = [
        f"| {r['rank']} | {r['customer_id']} | {r['division']} | {r['score']:.3f} "
        f"| {r['p_icp']:.3f} | {'' if r['ev'] is None else round(r['ev'])} |"
        for r in ranked.head(SHOWN_ROWS).select(columns).to_dicts()
    ]
    head = "| rank | customer | division | score | p_icp | ev |\n|---|---|---|---|---|---|\n"
    return {
        "ranked": ranked.height,
        "top_of_the_list": dg.MetadataValue.md(head + "\n".join(lines)),
        f"divisions_in_top_{TOP}": dg.MetadataValue.json(shares),
    }
