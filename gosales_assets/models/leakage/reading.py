"""Gathers what a training read for the leakage report: the same partitions, read once more."""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from gosales_assets.models.bundle.bundle import read_report
from gosales_assets.models.bundle.held_out import read_held_out
from gosales_assets.models.bundle.pooled_bundle import read_pooled_report
from gosales_assets.models.leakage.examine import Trained
from gosales_assets.models.rows.matrix import build_matrix
from gosales_checks.contracts.models import LEAKAGE_REPORT
from gosales_checks.verdicts.gauntlet import Result
from gosales_resources.partitions.keys import PartitionKey
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.models import ModelSettings
from gosales_resources.store.upstream import Tables


class TrainingReads:
    """The tables that trainings of one run read.

    Parameters
    ----------
    space, settings
        The calendar; how many rows and cutoffs a model is trained on.
    features, labels
        Of training cutoffs.
    """

    def __init__(
        self,
        space: PartitionSpace,
        settings: ModelSettings,
        features: Tables,
        labels: Tables,
    ) -> None:
        self._space, self._settings = space, settings
        self._features, self._labels = features, labels

    def trained(
        self, key: PartitionKey, files: Mapping[str, bytes], pooled: Mapping[str, bytes]
    ) -> Trained:
        """Gather what a model was trained on, and what it and the pooled model say.

        Parameters
        ----------
        key
            Of the model.
        files, pooled
            Its bundle, and that of the pooled model of the same cutoff.
        """
        cutoff, division = key
        past = self._space.training_cutoffs(cutoff)
        known = {
            t: self._labels[t, division] for t in past if PartitionKey(t, division) in self._labels
        }
        ends = {t: _last_end(table) for t, table in known.items()}
        used = mature_labels(known, cutoff, self._space.training_count).used
        pairs = [(self._features[t, division], known[t]) for t in used]
        return Trained(
            cutoff,
            build_matrix(pairs, self._settings.training_rows),
            {t: end for t, end in ends.items() if end is not None},
            read_report(files),
            read_held_out(files),
            read_pooled_report(pooled),
        )


def _last_end(labels: pl.LazyFrame) -> dt.date | None:
    return labels.select(pl.col("window_end").max()).collect().item()


def report_table(key: PartitionKey, results: Sequence[Result]) -> pl.DataFrame:
    """Write results as rows of `leakage_report`, in their order.

    Parameters
    ----------
    key
        Of the partition.
    results
        Of its tests.
    """
    rows = [
        {
            "test": one.test,
            "division": key.division,
            "cutoff": key.cutoff,
            "verdict": one.verdict,
            "figures": one.figures,
            "words": one.words,
        }
        for one in results
    ]
    columns = LEAKAGE_REPORT.schema.columns()
    return pl.DataFrame(rows, schema={name: column.dtype for name, column in columns.items()})
