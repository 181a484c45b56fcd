"""Assets of the models phase."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from gosales_assets.models.bundle.bundle import load_bundle, read_card, read_report
from gosales_assets.models.bundle.card import write_card
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.bundle.pooled_bundle import describe_pooled, load_pooled
from gosales_assets.models.promotion.promotion_desk import PinChange, PromotionDesk, promoted
from gosales_assets.models.rows.matrix import build_matrix, sample_rows, stack_rows
from gosales_assets.models.scoring.drivers import explain_sample, sample_customers
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.training.evaluation import evaluate_training
from gosales_assets.models.training.pooled_training import train_pooled
from gosales_assets.models.training.training import train_model
from gosales_assets.platform.pictures import plot_of_list
from gosales_assets.platform.platform import Platform
from gosales_assets.platform.publishing import refuse_failed_upstream
from gosales_assets.platform.side_by_side import side_by_side
from gosales_checks.contracts.explanations import (
    MODEL_CARD,
    MODEL_DRIVERS,
    MODEL_EVALUATION,
    MODEL_SHAP_SAMPLE,
)
from gosales_checks.contracts.features import CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import MODEL, POOLED_MODEL, POOLED_ROWS, PROMOTION, SCORES
from gosales_resources.errors import PartitionMissingError
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.partitions.space import cutoff_of, division_of, partition_key
from gosales_resources.store.io_managers import Partition, Partitions
from gosales_resources.store.tables import Address, missing_message

# What a model is made of: the rows behind it, and what was joined to them.
LEARNT_FROM = (CUSTOMER_FEATURES, DIVISION_FEATURES, FEATURES, LABELS)
SHOWN = ("auc", "lift_10", "cal_mae", "brier", "base_rate")
SHOWN_DRIVERS = 10


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `model` and `scores`."""
    settings, space = platform.settings, platform.space

    @platform.bundle(MODEL, {"scikitlearn", "lightgbm"})
    def model(
        context: dg.AssetExecutionContext, features: dict, labels: dict, pooled_model: dict
    ) -> Partitions:
        asked = {(cutoff_of(key), str(division_of(key))) for key in context.partition_keys}
        past = sorted({t for cutoff, _ in asked for t in space.training_cutoffs(cutoff)})
        read = platform.upstream_checks(LEARNT_FROM, past, sorted({d for _, d in asked}))
        cutoffs = sorted({cutoff for cutoff, _ in asked})
        read |= platform.upstream_checks((POOLED_MODEL,), cutoffs)
        refuse_failed_upstream(context.instance, read)
        shared = {c: load_pooled(pooled_model[str(partition_key(c))]) for c in cutoffs}

        def train(key: str) -> Partition:
            cutoff, division = cutoff_of(key), str(division_of(key))
            past = {t: str(partition_key(t, division)) for t in space.training_cutoffs(cutoff)}
            missing = [
                Address(name, t, division)
                for t, upstream in past.items()
                for name, made in (("features", features), ("labels", labels))
                if upstream not in made
            ]
            if missing:
                raise PartitionMissingError(missing_message(missing))
            mature = mature_labels(
                {t: labels[k] for t, k in past.items()}, cutoff, settings.models.training_cutoffs
            )
            trained = train_model(
                build_matrix(
                    [(features[past[t]], labels[past[t]]) for t in mature.used],
                    settings.models.training_rows,
                ),
                cutoff=cutoff,
                division=division,
                window_months=settings.labels.window_months,
                settings=settings.models,
                pooled=shared[cutoff],
            )
            shown = summarise(trained) | {
                f"not_trained_on_{t}": reason for t, reason in mature.left_out.items()
            }
            return Partition(cutoff, trained.to_files(), division, metadata=shown)

        return Partitions(side_by_side(train, context.partition_keys, "trained", context.log.info))

    @platform.table(PROMOTION)
    def promotion(
        context: dg.AssetExecutionContext, config: PinChange, features: dict, labels: dict
    ) -> Partitions:
        desk = PromotionDesk(platform, context.instance)

        def judge(key: str) -> Partition:
            row = desk.judge(key, features, labels, config)
            found = row.row(0, named=True).items()
            shown = {n: str(v) if isinstance(v, date) else v for n, v in found if v is not None}
            return Partition(cutoff_of(key), row, division_of(key), shown)

        keys = context.partition_keys
        return Partitions(side_by_side(judge, keys, "judged", context.log.info))

    @platform.table(
        SCORES,
    )
    def scores(
        context: dg.AssetExecutionContext, model: dict, promotion: dict, features: dict
    ) -> Partitions:
        def score_one(key: str) -> Partition:
            bundle = promoted(platform, key, model[key], promotion[key])
            scored = score(bundle, features[key], settings.explanation)
            return Partition(cutoff_of(key), scored, division_of(key), summarise_scores(scored))

        keys = context.partition_keys
        return Partitions(side_by_side(score_one, keys, "scored", context.log.info))

    return [*_pooling_assets(platform), model, promotion, scores, *_explaining_assets(platform)]


def _pooling_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define what looks across divisions: `pooled_rows` and `pooled_model`."""
    settings, space = platform.settings, platform.space

    @platform.table(
        POOLED_ROWS,
    )
    def pooled_rows(context: dg.AssetExecutionContext, features: dict, labels: dict) -> Partitions:
        def made() -> Iterator[Partition]:
            for cutoff in map(cutoff_of, context.partition_keys):
                keys = [str(partition_key(cutoff, d)) for d in settings.divisions.targets]
                pairs = [(features[key], labels[key]) for key in keys]
                most = settings.models.pooled_rows // settings.models.training_cutoffs
                yield Partition(cutoff, sample_rows(pairs, most))

        return Partitions(made())

    @platform.bundle(POOLED_MODEL, {"lightgbm"})
    def pooled_model(context: dg.AssetExecutionContext, pooled_rows: dict) -> Partitions:
        past = {t for key in context.partition_keys for t in space.training_cutoffs(cutoff_of(key))}
        checks = platform.upstream_checks((POOLED_ROWS,), sorted(past))
        refuse_failed_upstream(context.instance, checks)

        def train(key: str) -> Partition:
            cutoff = cutoff_of(key)
            keys = [str(partition_key(t)) for t in space.training_cutoffs(cutoff)]
            missing = [Address("pooled_rows", cutoff_of(k)) for k in keys if k not in pooled_rows]
            if missing:
                raise PartitionMissingError(missing_message(missing))
            files = train_pooled(
                stack_rows([pooled_rows[k] for k in keys], cutoff),
                cutoff=cutoff.isoformat(),
                divisions=[*settings.divisions.slugs, *settings.divisions.targets],
                settings=settings.models,
                threads=settings.threads_used,
            )
            return Partition(
                cutoff, files, metadata=describe_pooled(files).drop("cutoff").row(0, named=True)
            )

        return Partitions(side_by_side(train, context.partition_keys, "trained", context.log.info))

    return [pooled_rows, pooled_model]


def _explaining_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define what is said of a model: `model_evaluation`, `model_drivers` and a sample, the card."""
    chosen = platform.settings.explanation

    @platform.table(MODEL_EVALUATION)
    def model_evaluation(context: dg.AssetExecutionContext, model: dict) -> Partitions:
        def evaluate(key: str) -> Partition:
            _, card = read_card(model[key])
            table = evaluate_training(card, read_held_out(model[key]), chosen)
            shown = summarise_evaluation(table) | plot_of_list(table, key)
            return Partition(cutoff_of(key), table, division_of(key), shown)

        keys = context.partition_keys
        return Partitions(side_by_side(evaluate, keys, "evaluated", context.log.info))

    @platform.tables([MODEL_DRIVERS, MODEL_SHAP_SAMPLE], name="model_explanation")
    def model_explanation(
        context: dg.AssetExecutionContext, model: dict, features: dict
    ) -> tuple[Partitions, Partitions]:
        made: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}

        def explain(key: str) -> Partition:
            sample = sample_customers(features[key], chosen.sample_rows)
            made[key] = explain_sample(load_bundle(model[key]), sample, chosen.shown_customers)
            drivers = made[key][0]
            return Partition(cutoff_of(key), drivers, division_of(key), summarise_drivers(drivers))

        keys = [str(key) for key in context.partition_keys]
        drivers = Partitions(side_by_side(explain, keys, "explained", context.log.info))
        # Written after the drivers: by then every key is made.
        samples = (Partition(cutoff_of(k), made.pop(k)[1], division_of(k)) for k in keys)
        return drivers, Partitions(samples)

    @platform.table(MODEL_CARD)
    def model_card(
        context: dg.AssetExecutionContext, model: dict, model_evaluation: dict, model_drivers: dict
    ) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in map(str, context.partition_keys):
                name, card = read_card(model[key])
                report = read_report(model[key])["report"]
                tables = (model_evaluation[key].collect(), model_drivers[key].collect())
                row = write_card(card, name, report, *tables)
                shown = {"card": dg.MetadataValue.md(row["card"].item())}
                yield Partition(cutoff_of(key), row, division_of(key), shown)

        return Partitions(made())

    return [model_evaluation, model_explanation, model_card]


def summarise_scores(scored: pl.DataFrame) -> dict[str, object]:
    """Return which model scored a partition, and how."""
    if scored.is_empty():
        return {}
    first = scored.row(0, named=True)
    rate = scored["p_icp"].mean()
    return {
        "model_id": first["model_id"],
        "model_status": first["model_status"],
        **({} if rate is None else {"mean_p_icp": rate}),
    }


def summarise_evaluation(table: pl.DataFrame) -> dict[str, object]:
    """Return the figures shown per partition."""
    figures = table.filter(pl.col("measure").is_in(SHOWN) & pl.col("value").is_not_null())
    return {f"{r['measure']}_{r['slice']}": r["value"] for r in figures.iter_rows(named=True)}


def summarise_drivers(drivers: pl.DataFrame) -> dict[str, object]:
    """Return the strongest inputs and what was dropped, as shown per partition."""
    top = drivers.filter(status="used").head(SHOWN_DRIVERS)
    lines = [f"- {r['input']}: {r['shap_mean_abs']:.3f}" for r in top.iter_rows(named=True)]
    return {
        "inputs_used": drivers.filter(status="used").height,
        "inputs_dropped": drivers.filter(status="dropped").height,
        "strongest": dg.MetadataValue.md("\n".join(lines) or "none"),
    }


def summarise(trained: DivisionModel) -> dict[str, object]:
    """Return the figures shown per partition; those that are not known are left out."""
    card = trained.card
    shown = {
        "status": card.status,
        "reason": card.reason,
        "winner": card.winner,
        "calibration": f"{card.calibration} ({card.calibration_reason})",
        "training_rows": card.training_row_count,
        "positives": card.positive_count,
        "auc": card.auc,
        "auc_whitespace": card.auc_whitespace,
        "lift_10": card.lift_10,
        "lift_10_whitespace": card.lift_10_whitespace,
        "prior": card.prior,
        "warnings": "; ".join(trained.warnings) or None,
    }
    return {name: value for name, value in shown.items() if value is not None}
