"""Assets of the whitespace phase."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from gosales_assets.platform.earlier import expecting_own_versions
from gosales_assets.platform.platform import Platform, by_cutoff, keys_of
from gosales_assets.whitespace.arms import (
    arm_figures,
    build_list_arms,
    draw_of,
    families_of,
    spare_controls,
)
from gosales_assets.whitespace.challenger import (
    challenger_figures,
    learn_challenger,
    with_challenger,
)
from gosales_assets.whitespace.earlier_lists import EarlierLists
from gosales_assets.whitespace.gates import GateTables
from gosales_assets.whitespace.metrics import measure_list
from gosales_assets.whitespace.movement import move_list, summarise_movement
from gosales_assets.whitespace.movement_desk import read_pair, refuse_other_list
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.reasons import Words
from gosales_assets.whitespace.selection import select
from gosales_assets.whitespace.shown import summarise, summarise_list
from gosales_assets.whitespace.signals import Known, Target, build_signals
from gosales_assets.whitespace.similarity import peers_of
from gosales_assets.whitespace.slices import slice_of
from gosales_assets.whitespace.stability import measure_stability
from gosales_checks.contracts.experiment import LIST_ARMS
from gosales_checks.contracts.list_slices import WHITESPACE_SLICES
from gosales_checks.contracts.movement import LIST_MOVEMENT, LIST_STABILITY
from gosales_checks.contracts.whitespace import (
    LIST_CHALLENGER,
    LIST_METRICS,
    WHITESPACE,
    WHITESPACE_SIGNALS,
)
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Tables

# Of the signals, what the figures of a list are made from.
MEASURED = [
    "customer_id", "division", "segment", "is_eligible", "ineligible_reason", "mb_lift_max",
    "als_source", "rfm_score",
]  # fmt: skip


def whitespace_signals(platform: Platform) -> dg.AssetsDefinition:
    """Define the signals of every candidate of a target."""
    settings = platform.settings

    @platform.table(WHITESPACE_SIGNALS)
    def whitespace_signals(
        context: dg.AssetExecutionContext,
        scores: Tables,
        conditional_values: Tables,
        features: Tables,
        embeddings: Tables,
        fact_assets: Tables,
        dim_customer: Tables,
        do_not_contact: Tables,
        crm_contacts: Tables,
        crm_deals: Tables,
        rep_ownership: Tables,
        surfacing_log: Tables,
        list_outcomes: Tables,
    ) -> Partitions:
        words, off = words_of(platform), gates_off(platform)

        def made() -> Iterator[Partition]:
            source = settings.source
            for c, divisions in by_cutoff(keys_of(context)).items():
                peers = peers_of(embeddings[c], dim_customer[c])
                gates = GateTables(
                    dim_customer[c],
                    fact_assets[c] if source.assets else None,
                    do_not_contact[c] if source.do_not_contact else None,
                    crm_contacts[c] if source.crm_contacts else None,
                    crm_deals[c] if source.crm_deals else None,
                    rep_ownership[c] if source.rep_ownership else None,
                )
                for division in divisions:
                    key = PartitionKey(c, division)
                    known = Known(
                        scores[key],
                        conditional_values[key],
                        features[key],
                        surfacing_log[c],
                        gates,
                        peers,
                        list_outcomes[c],
                    )
                    target = Target(division, c, settings.divisions.skus_of(division))
                    frame = build_signals(target, known, settings.whitespace, words)
                    signals = frame.collect()
                    yield Partition(key, signals, metadata=summarise(signals, off))

        return Partitions(made())

    return whitespace_signals


def list_challenger(platform: Platform) -> dg.AssetsDefinition:
    """Define what earlier lists' outcomes say of the signals."""

    @platform.table(LIST_CHALLENGER)
    def list_challenger(context: dg.AssetExecutionContext) -> Partitions:
        expecting_own_versions(context.log, LIST_CHALLENGER)
        earlier = EarlierLists(platform, context.instance)

        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                past, left_out = earlier.before(key.cutoff)
                learnt = learn_challenger(past, key.cutoff, platform.settings.whitespace)
                told = {f"not_learnt_from_{t}": why for t, why in left_out.items()}
                yield Partition(key, learnt, metadata={"status": learnt["status"][0], **told})

        return Partitions(made())

    return list_challenger


def whitespace(platform: Platform) -> dg.AssetsDefinition:
    """Define the list, its figures, and the arms of its experiment."""
    settings = platform.settings
    experiment = settings.whitespace.experiment

    @platform.tables(WHITESPACE, LIST_METRICS, LIST_ARMS)
    def whitespace(
        context: dg.AssetExecutionContext,
        whitespace_signals: Tables,
        list_challenger: Tables,
        dim_customer: Tables,
        rep_ownership: Tables,
    ) -> tuple[Partitions, Partitions, Partitions]:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(WHITESPACE.name, *key) for key in keys])
        figures: dict[PartitionKey, pl.DataFrame] = {}
        arms: dict[PartitionKey, pl.DataFrame] = {}
        off = gates_off(platform)

        def made() -> Iterator[Partition]:
            for key in keys:
                families = families_of(dim_customer[key.cutoff], experiment.family)
                every = pl.concat(whitespace_signals.at(key.cutoff).values())
                signals = spare_controls(every, families, settings.whitespace, key.cutoff)
                ranked = rank_candidates(
                    signals,
                    dim_customer[key.cutoff],
                    rep_ownership[key.cutoff],
                    settings.whitespace,
                    settings.divisions.target_names,
                )
                draw = draw_of(experiment, key.cutoff, families)
                chosen = select(ranked, settings.whitespace.capacity, draw)
                arms[key] = build_list_arms(chosen.drawn, signals, key.cutoff)
                told = arm_figures(arms[key], experiment, settings.labels.window_months)
                learnt = list_challenger[key.cutoff].collect()
                listed = with_challenger(chosen.rows, learnt).select(
                    list(WHITESPACE.schema.columns())
                )
                known = signals.select(MEASURED).collect()
                measured = [*chosen.figures, *challenger_figures(listed, learnt)]
                figures[key] = measure_list(
                    listed, known, off, [*measured, *told], key.cutoff, settings.whitespace
                )
                yield Partition(key, listed, metadata=summarise_list(listed))

        # Written after the lists: by then every key is measured.
        metrics = (Partition(key, figures.pop(key)) for key in keys)
        drawn = (Partition(key, arms.pop(key)) for key in keys)
        return Partitions(made()), Partitions(metrics), Partitions(drawn)

    return whitespace


def whitespace_slices(platform: Platform) -> dg.AssetsDefinition:
    """Define the list by division."""

    @platform.table(WHITESPACE_SLICES)
    def whitespace_slices(context: dg.AssetExecutionContext, whitespace: Tables) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(WHITESPACE_SLICES.name, *key) for key in keys])

        def made() -> Iterator[Partition]:
            for key in keys:
                rows = slice_of(whitespace[key.cutoff], str(key.division))
                ranked = int(rows["rank"].is_not_null().sum())
                selected = int(rows["is_selected"].sum())
                yield Partition(key, rows, metadata={"ranked": ranked, "selected": selected})

        return Partitions(made())

    return whitespace_slices


def list_movement(platform: Platform) -> dg.AssetsDefinition:
    """Define why rows moved since the list before, and how stable the head of the list is."""

    @platform.tables(LIST_MOVEMENT, LIST_STABILITY)
    def list_movement(
        context: dg.AssetExecutionContext, score_changes: Tables, whitespace_signals: Tables
    ) -> tuple[Partitions, Partitions]:
        keys, stable = keys_of(context), {}

        def made() -> Iterator[Partition]:
            for key in keys:
                pair = read_pair(platform, context.instance, key.cutoff)
                changes = score_changes[key.cutoff]
                refuse_other_list(platform, key.cutoff, changes)
                signals = pl.concat(whitespace_signals.at(key.cutoff).values())
                moved = move_list(pair.now, pair.then, changes, signals, words_of(platform))
                stable[key] = measure_stability(pair.now, pair.then)
                yield Partition(key, moved, metadata=summarise_movement(moved))

        # Written after the movement: by then every key is measured.
        stability = (Partition(key, stable.pop(key)) for key in keys)
        return Partitions(made()), Partitions(stability)

    return list_movement


def gates_off(platform: Platform) -> dict[str, str]:
    """Return gate -> why it is off under the settings in force."""
    settings, source = platform.settings, platform.settings.source
    tables = {
        "active_asset": (source.assets, "source.assets"),
        "do_not_contact": (source.do_not_contact, "source.do_not_contact"),
        "recent_contact": (source.crm_contacts, "source.crm_contacts"),
        "open_deal": (source.crm_deals, "source.crm_deals"),
        "region_mismatch": (source.rep_ownership, "source.rep_ownership"),
    }
    off = dict.fromkeys(settings.whitespace.gates.turned_off, "turned off in the settings")
    return off | {
        gate: f"{name} is not configured" for gate, (at, name) in tables.items() if at is None
    }


def words_of(platform: Platform) -> Words:
    """Return how the list names divisions and money under the settings in force."""
    settings, divisions = platform.settings, platform.settings.divisions
    return Words(
        {**divisions.division_names, **divisions.target_names},
        settings.source.sales_log.home_currency,
        settings.features.offset_days,
        settings.features.recency_floor_days,
    )
