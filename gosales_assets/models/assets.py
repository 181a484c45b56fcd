"""Assets of the models phase."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from gosales_assets.models.bundle.bundle import load_bundle, read_card, read_report
from gosales_assets.models.bundle.card import write_card
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.bundle.pooled_bundle import describe_pooled, load_pooled
from gosales_assets.models.drift.drift import Trained, build_drift
from gosales_assets.models.leakage.examine import examine
from gosales_assets.models.leakage.reading import TrainingReads, report_table
from gosales_assets.models.promotion.promotion_desk import PinChange, PromotionDesk, promoted
from gosales_assets.models.promotion.rescoring_desk import changes_of
from gosales_assets.models.rates.counts import Calendar, count_rates
from gosales_assets.models.rates.forecast import build_forecasts, told
from gosales_assets.models.rows.matrix import build_matrix, sample_rows, stack_rows
from gosales_assets.models.scoring.drivers import explain_sample, sample_customers
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.shown import (
    summarise,
    summarise_drift,
    summarise_drivers,
    summarise_evaluation,
    summarise_scores,
)
from gosales_assets.models.training.evaluation import evaluate_training
from gosales_assets.models.training.pooled_training import train_pooled
from gosales_assets.models.training.training import train_model
from gosales_assets.models.value.training import train_values
from gosales_assets.models.value.value_bundle import describe_values, load_values
from gosales_assets.models.value.values import summarise_values, value_customers
from gosales_assets.platform.pictures import plot_of_list
from gosales_assets.platform.platform import Platform, keys_of
from gosales_assets.platform.side_by_side import side_by_side
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.drift import DRIFT
from gosales_checks.contracts.explanations import (
    MODEL_CARD,
    MODEL_DRIVERS,
    MODEL_EVALUATION,
    MODEL_SHAP_SAMPLE,
)
from gosales_checks.contracts.models import (
    LEAKAGE_REPORT,
    MODEL,
    POOLED_MODEL,
    POOLED_ROWS,
    PROMOTION,
    SCORES,
)
from gosales_checks.contracts.movement import SCORE_CHANGES
from gosales_checks.contracts.rates import RATE_FORECAST, RATE_HISTORY
from gosales_checks.contracts.values import CONDITIONAL_VALUES, VALUE_MODEL
from gosales_checks.verdicts.leakage import LATEST_SOURCE_ROWS, latest_days
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.store.address import Address
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.upstream import Bundles, Tables, require


def pooled_rows(platform: Platform) -> dg.AssetsDefinition:
    """Define the rows that a pooled model is fitted on."""
    settings = platform.settings

    @platform.table(POOLED_ROWS)
    def pooled_rows(
        context: dg.AssetExecutionContext, features: Tables, labels: Tables
    ) -> Partitions:
        most = settings.models.pooled_rows // settings.models.training_cutoffs

        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                of_cutoff = [PartitionKey(key.cutoff, d) for d in settings.divisions.targets]
                pairs = [(features[one], labels[one]) for one in of_cutoff]
                yield Partition(key, sample_rows(pairs, most))

        return Partitions(made())

    return pooled_rows


def pooled_model(platform: Platform) -> dg.AssetsDefinition:
    """Define the model over all divisions."""
    settings, space = platform.settings, platform.space

    @platform.bundle(POOLED_MODEL, {"lightgbm"})
    def pooled_model(context: dg.AssetExecutionContext, pooled_rows: Tables) -> Partitions:
        keys, divisions = keys_of(context), settings.divisions
        platform.publish(context.instance, [Address(POOLED_MODEL.name, *key) for key in keys])

        def train(key: PartitionKey) -> Partition:
            past = [PartitionKey(t) for t in space.training_cutoffs(key.cutoff)]
            pooled_rows.require(past)
            rows = stack_rows([pooled_rows[one] for one in past], key.cutoff)
            files = train_pooled(
                rows,
                cutoff=key.cutoff.isoformat(),
                divisions=[*divisions.slugs, *divisions.targets],
                settings=settings.models,
                threads=settings.threads_used,
            )
            shown = describe_pooled(files).drop("cutoff").row(0, named=True)
            return Partition(key, files, metadata=shown | behind(POOLED_MODEL, rows))

        made = side_by_side(train, keys, "trained", context.log.info, settings.threads_used)
        return Partitions(made)

    return pooled_model


def value_model(platform: Platform) -> dg.AssetsDefinition:
    """Define the model of what a purchase is worth."""
    settings, space = platform.settings, platform.space

    @platform.bundle(VALUE_MODEL, {"python"})
    def value_model(context: dg.AssetExecutionContext, pooled_rows: Tables) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(VALUE_MODEL.name, *key) for key in keys])

        def train(key: PartitionKey) -> Partition:
            past = [PartitionKey(t) for t in space.training_cutoffs(key.cutoff)]
            pooled_rows.require(past)
            rows = stack_rows([pooled_rows[one] for one in past], key.cutoff)
            files = train_values(rows, cutoff=key.cutoff.isoformat(), settings=settings.whitespace)
            shown = describe_values(files).drop("cutoff").row(0, named=True).items()
            told = {n: v for n, v in shown if v is not None} | behind(VALUE_MODEL, rows)
            return Partition(key, files, metadata=told)

        made = side_by_side(train, keys, "trained", context.log.info, settings.threads_used)
        return Partitions(made)

    return value_model


def conditional_values(platform: Platform) -> dg.AssetsDefinition:
    """Define what a purchase would be worth, customer by customer."""
    settings, space = platform.settings, platform.space

    @platform.table(CONDITIONAL_VALUES)
    def conditional_values(
        context: dg.AssetExecutionContext, value_model: Bundles, features: Tables, labels: Tables
    ) -> Partitions:
        keys, newest = keys_of(context), settings.models.training_cutoffs
        opened = {c: load_values(value_model[c]) for c in sorted({key.cutoff for key in keys})}

        def value(key: PartitionKey) -> Partition:
            past = [PartitionKey(t, key.division) for t in space.training_cutoffs(key.cutoff)]
            labels.require(past)
            known = {t: labels[t, division] for t, division in past}
            mature = mature_labels(known, key.cutoff, newest).used
            sales = pl.concat([known[t] for t in mature]) if mature else None
            found = opened[key.cutoff]
            frame = value_customers(features[key], sales, found, settings.whitespace)
            told = summarise_values(frame, found) | behind(CONDITIONAL_VALUES, sales)
            return Partition(key, frame, metadata=told)

        made = side_by_side(value, keys, "valued", context.log.info, settings.threads_used)
        return Partitions(made)

    return conditional_values


def behind(contract: Contract, rows: pl.DataFrame | pl.LazyFrame | None) -> dict[str, object]:
    """Return metadata that tells the latest days of the rows that something was fitted on."""
    days = {} if rows is None else latest_days(rows, ["cutoff", "window_end"])
    return {LATEST_SOURCE_ROWS: {contract.name: days}}


def rates(platform: Platform) -> dg.AssetsDefinition:
    """Define the history of rates, and what is forecast from it."""
    settings = platform.settings

    @platform.tables(RATE_HISTORY, RATE_FORECAST)
    def rates(
        context: dg.AssetExecutionContext, purchase_history: pl.LazyFrame, sales_ledger: Tables
    ) -> tuple[Partitions, Partitions]:
        calendar, keys, made = settings.calendar, keys_of(context), {}
        declared = settings.source.sales_log.complete_through

        def count(key: PartitionKey) -> Partition:
            reach = sales_ledger[key].select(pl.col("log_through").max()).collect().item()
            days = [min(day, key.cutoff) for day in (reach, declared) if day is not None]
            covered = Calendar(calendar.start, calendar.cadence_months, max(days, default=None))
            past = (purchase_history, key.cutoff, covered, settings.labels, settings.divisions)
            made[key] = count_rates(*past)
            return Partition(key, made[key], metadata={"origins": made[key]["origin"].n_unique()})

        def forecast(key: PartitionKey) -> Partition:
            table = build_forecasts(made.pop(key), calendar.cadence_months)
            return Partition(key, table, metadata=told(table))

        # Forecast after the history is written: by then every key is counted.
        return Partitions(map(count, keys)), Partitions(map(forecast, keys))

    return rates


def model(platform: Platform) -> dg.AssetsDefinition:
    """Define the model of a target."""
    settings, space = platform.settings, platform.space

    @platform.bundle(MODEL, {"scikitlearn", "lightgbm"})
    def model(
        context: dg.AssetExecutionContext,
        features: Tables,
        labels: Tables,
        pooled_model: Bundles,
        rate_forecast: Tables,
    ) -> Partitions:
        keys = keys_of(context)
        platform.publish(context.instance, [Address(MODEL.name, *key) for key in keys])
        shared = {c: load_pooled(pooled_model[c]) for c in sorted({key.cutoff for key in keys})}

        def train(key: PartitionKey) -> Partition:
            cutoff, division = key.cutoff, str(key.division)
            past = [PartitionKey(t, division) for t in space.training_cutoffs(cutoff)]
            require([features, labels], past)
            known = {one.cutoff: labels[one] for one in past}
            mature = mature_labels(known, cutoff, space.training_count)
            pairs = [(features[t, division], known[t]) for t in mature.used]
            matrix = build_matrix(pairs, settings.models.training_rows)
            trained = train_model(
                matrix,
                cutoff=cutoff,
                division=division,
                window_months=settings.labels.window_months,
                settings=settings.models,
                pooled=shared[cutoff],
                forecasts=rate_forecast[cutoff].filter(pl.col("division") == division).collect(),
            )
            left_out = {f"not_trained_on_{t}": why for t, why in mature.left_out.items()}
            told = summarise(trained) | left_out | behind(MODEL, matrix)
            return Partition(key, trained.to_files(), metadata=told)

        made = side_by_side(train, keys, "trained", context.log.info, settings.threads_used)
        return Partitions(made)

    return model


def leakage_report(platform: Platform) -> dg.AssetsDefinition:
    """Define what the leakage tests of every run find of a model."""
    settings = platform.settings

    @platform.table(LEAKAGE_REPORT)
    def leakage_report(
        context: dg.AssetExecutionContext,
        model: Bundles,
        features: Tables,
        labels: Tables,
        pooled_model: Bundles,
    ) -> Partitions:
        read = TrainingReads(platform.space, settings.models, features, labels)

        def judge(key: PartitionKey) -> Partition:
            trained = read.trained(key, model[key], pooled_model[key.cutoff])
            table = report_table(key, examine(trained, settings.models))
            counts = table["verdict"].value_counts(name="tests").sort("verdict")
            return Partition(key, table, metadata=dict(counts.rows()))

        keys, threads = keys_of(context), settings.threads_used
        return Partitions(side_by_side(judge, keys, "examined", context.log.info, threads))

    return leakage_report


def promotion(platform: Platform) -> dg.AssetsDefinition:
    """Define which model scores."""

    @platform.table(PROMOTION)
    def promotion(
        context: dg.AssetExecutionContext,
        config: PinChange,
        features: Tables,
        labels: Tables,
        leakage_report: Tables,
    ) -> Partitions:
        # Looked at by its own check, which promotion waits for.
        del leakage_report
        desk = PromotionDesk(platform, context.instance)

        def judge(key: PartitionKey) -> Partition:
            row = desk.judge(key, features, labels, config)
            found = row.row(0, named=True).items()
            shown = {n: str(v) if isinstance(v, date) else v for n, v in found if v is not None}
            return Partition(key, row, metadata=shown)

        keys, threads = keys_of(context), platform.settings.threads_used
        return Partitions(side_by_side(judge, keys, "judged", context.log.info, threads))

    return promotion


def scores(platform: Platform) -> dg.AssetsDefinition:
    """Define the probabilities of a target."""
    settings = platform.settings

    @platform.table(SCORES)
    def scores(
        context: dg.AssetExecutionContext, model: Bundles, promotion: Tables, features: Tables
    ) -> Partitions:
        def score_one(key: PartitionKey) -> Partition:
            bundle = promoted(platform, key, model[key], promotion[key])
            scored = score(bundle, features[key], settings.explanation)
            return Partition(key, scored, metadata=summarise_scores(scored))

        keys, threads = keys_of(context), settings.threads_used
        return Partitions(side_by_side(score_one, keys, "scored", context.log.info, threads))

    return scores


def drift(platform: Platform) -> dg.AssetsDefinition:
    """Define what has moved since the model that scores was trained."""

    @platform.table(DRIFT)
    def drift(
        context: dg.AssetExecutionContext,
        model: Bundles,
        promotion: Tables,
        features: Tables,
        scores: Tables,
        conditional_values: Tables,
        labels: Tables,
    ) -> Partitions:
        def measure(key: PartitionKey) -> Partition:
            trained = Trained.of(promoted(platform, key, model[key], promotion[key]))
            tables = (features[key], scores[key], conditional_values[key], labels[key])
            found = build_drift(trained, *tables, platform.settings.validation)
            return Partition(key, found, metadata=summarise_drift(found))

        told, threads = context.log.info, platform.settings.threads_used
        return Partitions(side_by_side(measure, keys_of(context), "measured", told, threads))

    return drift


def score_changes(platform: Platform) -> dg.AssetsDefinition:
    """Define what models of this list and the one before say of each other's data."""

    @platform.table(SCORE_CHANGES)
    def score_changes(context: dg.AssetExecutionContext) -> Partitions:
        told = context.log.info
        return Partitions(
            Partition(key, changes_of(platform, context.instance, key.cutoff, told))
            for key in keys_of(context)
        )

    return score_changes


def model_evaluation(platform: Platform) -> dg.AssetsDefinition:
    """Define how good a model was on rows that its training did not fit."""
    settings = platform.settings

    @platform.table(MODEL_EVALUATION)
    def model_evaluation(context: dg.AssetExecutionContext, model: Bundles) -> Partitions:
        def evaluate(key: PartitionKey) -> Partition:
            _, card = read_card(model[key])
            table = evaluate_training(card, read_held_out(model[key]), settings.explanation)
            shown = summarise_evaluation(table) | plot_of_list(table, str(key))
            return Partition(key, table, metadata=shown)

        keys, threads = keys_of(context), settings.threads_used
        return Partitions(side_by_side(evaluate, keys, "evaluated", context.log.info, threads))

    return model_evaluation


def model_explanation(platform: Platform) -> dg.AssetsDefinition:
    """Define what a model goes by, over its population and for single customers."""
    settings = platform.settings

    @platform.tables(MODEL_DRIVERS, MODEL_SHAP_SAMPLE)
    def model_explanation(
        context: dg.AssetExecutionContext, model: Bundles, features: Tables
    ) -> tuple[Partitions, Partitions]:
        made: dict[PartitionKey, tuple[pl.DataFrame, pl.DataFrame]] = {}
        chosen = settings.explanation

        def explain(key: PartitionKey) -> Partition:
            sample = sample_customers(features[key], chosen.sample_rows)
            made[key] = explain_sample(load_bundle(model[key]), sample, chosen.shown_customers)
            drivers = made[key][0]
            return Partition(key, drivers, metadata=summarise_drivers(drivers))

        keys, threads = keys_of(context), settings.threads_used
        drivers = side_by_side(explain, keys, "explained", context.log.info, threads)
        # Written after the drivers: by then every key is made.
        samples = (Partition(key, made.pop(key)[1]) for key in keys)
        return Partitions(drivers), Partitions(samples)

    return model_explanation


def model_card(platform: Platform) -> dg.AssetsDefinition:
    """Define a model in words."""

    @platform.table(MODEL_CARD)
    def model_card(
        context: dg.AssetExecutionContext,
        model: Bundles,
        model_evaluation: Tables,
        model_drivers: Tables,
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in keys_of(context):
                name, card = read_card(model[key])
                report = read_report(model[key])["report"]
                tables = (model_evaluation[key].collect(), model_drivers[key].collect())
                row = write_card(card, name, report, *tables)
                shown = {"card": dg.MetadataValue.md(row["card"].item())}
                yield Partition(key, row, metadata=shown)

        return Partitions(made())

    return model_card
