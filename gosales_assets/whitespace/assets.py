"""Assets of the whitespace phase."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.platform import Platform, keys_of
from gosales_assets.whitespace.gates import GateTables
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.reasons import Words
from gosales_assets.whitespace.shown import summarise, summarise_list
from gosales_assets.whitespace.signals import Known, Target, build_signals
from gosales_checks.contracts.whitespace import WHITESPACE, WHITESPACE_SIGNALS
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables


def whitespace_signals(platform: Platform) -> dg.AssetsDefinition:
    """Define the signals of every candidate of a target."""
    settings = platform.settings

    @platform.table(WHITESPACE_SIGNALS)
    def whitespace_signals(
        context: dg.AssetExecutionContext,
        scores: Tables,
        conditional_values: Tables,
        features: Tables,
        fact_assets: Tables,
        dim_customer: Tables,
        do_not_contact: Tables,
        crm_contacts: Tables,
        crm_deals: Tables,
        rep_ownership: Tables,
        surfacing_log: Tables,
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                c, source = key.cutoff, settings.source
                gates = GateTables(
                    dim_customer[c],
                    fact_assets[c] if source.assets else None,
                    do_not_contact[c] if source.do_not_contact else None,
                    crm_contacts[c] if source.crm_contacts else None,
                    crm_deals[c] if source.crm_deals else None,
                    rep_ownership[c] if source.rep_ownership else None,
                )
                known = Known(
                    scores[key], conditional_values[key], features[key], surfacing_log[c], gates
                )
                division = str(key.division)
                target = Target(division, c, settings.divisions.skus_of(division))
                frame = build_signals(target, known, settings.whitespace, words_of(settings))
                signals = frame.collect()
                off = gates.gates_off(settings.whitespace.gates)
                yield Partition(key, signals, metadata=summarise(signals, off))

        return Partitions(made())

    return whitespace_signals


def whitespace(platform: Platform) -> dg.AssetsDefinition:
    """Define the list."""
    settings = platform.settings

    @platform.table(WHITESPACE)
    def whitespace(
        context: dg.AssetExecutionContext,
        whitespace_signals: Tables,
        dim_customer: Tables,
        rep_ownership: Tables,
    ) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(WHITESPACE.name, *key) for key in keys])

        def made() -> Iterator[Partition]:
            for key in keys:
                ranked = rank_candidates(
                    pl.concat(whitespace_signals.at(key.cutoff).values()),
                    dim_customer[key.cutoff],
                    rep_ownership[key.cutoff],
                    settings.whitespace,
                    settings.divisions.target_names,
                )
                frame = ranked.with_columns(
                    is_selected=pl.lit(value=False), seat=pl.lit(None, dtype=pl.Int64)
                ).select(list(WHITESPACE.schema.columns()))
                yield Partition(key, frame, metadata=summarise_list(frame))

        return Partitions(made())

    return whitespace


def words_of(settings: Settings) -> Words:
    """Return how the list names divisions and money under some settings."""
    divisions = settings.divisions
    return Words(
        {**divisions.division_names, **divisions.target_names},
        settings.source.sales_log.home_currency,
        settings.features.offset_days,
        settings.features.recency_floor_days,
    )
