"""Assets of the models phase."""

from collections.abc import Iterator

import dagster as dg

from gosales_assets.models.bundle import load_bundle
from gosales_assets.models.matrix import build_matrix
from gosales_assets.models.scoring import score
from gosales_assets.models.training import TrainedModel, train_model
from gosales_assets.platform import (
    BUNDLES,
    OWNERS,
    UNTYPED,
    Platform,
    code_version,
    describe,
)
from gosales_assets.workers import side_by_side
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import MODEL, SCORES
from gosales_checks.promotion import refuse_failed_upstream
from gosales_resources.errors import PartitionMissingError
from gosales_resources.io_managers import Partition, Partitions
from gosales_resources.maturity import mature_labels
from gosales_resources.partitions import cutoff_of, division_of, partition_key
from gosales_resources.storage import Address, missing_message


def define_assets(platform: Platform) -> list[dg.AssetsDefinition]:
    """Define `model` and `scores`."""
    settings, space = platform.settings, platform.space

    @dg.asset(
        name=MODEL.name,
        ins=platform.ins_of(MODEL),
        partitions_def=platform.partitions_of(MODEL),
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=MODEL.phase,
        io_manager_key=BUNDLES,
        description=describe(MODEL),
        kinds={"scikitlearn", "lightgbm"},
        owners=OWNERS,
        code_version=code_version(),
        dagster_type=UNTYPED,
    )
    def model(context: dg.AssetExecutionContext, features: dict, labels: dict) -> Partitions:
        asked = {(cutoff_of(key), str(division_of(key))) for key in context.partition_keys}
        past = sorted({t for cutoff, _ in asked for t in space.training_cutoffs(cutoff)})
        read = platform.upstream_checks((FEATURES, LABELS), past, sorted({d for _, d in asked}))
        refuse_failed_upstream(context.instance, read)

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
                build_matrix([(features[past[t]], labels[past[t]]) for t in mature.used]),
                cutoff=cutoff,
                division=division,
                window_months=settings.labels.window_months,
                settings=settings.models,
            )
            shown = summarise(trained) | {
                f"not_trained_on_{t}": reason for t, reason in mature.left_out.items()
            }
            return Partition(cutoff, trained.to_files(), division, metadata=shown)

        return Partitions(side_by_side(train, context.partition_keys, "trained", context.log.info))

    @platform.table(
        SCORES,
    )
    def scores(context: dg.AssetExecutionContext, model: dict, features: dict) -> Partitions:
        def made() -> Iterator[Partition]:
            for key in map(str, context.partition_keys):
                cutoff, division = cutoff_of(key), division_of(key)
                yield Partition(cutoff, score(load_bundle(model[key]), features[key]), division)

        return Partitions(made())

    return [model, scores]


def summarise(trained: TrainedModel) -> dict[str, object]:
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
