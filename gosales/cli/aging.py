"""`gosales model aging`: one model on the cutoffs after it, the prequential curve of how it ages."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from gosales.cli.show import refuse_what_was_not_made, write
from gosales.cli.terminal import print_frame, say, tell
from gosales_assets.platform.platform import Platform
from gosales_assets.validation.forward import validate_forward
from gosales_checks.contracts.features import FEATURES
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.models import MODEL
from gosales_resources.errors import PartitionMissingError
from gosales_resources.store.address import Address

MEASURES = ("auc", "lift_10", "cal_mae", "base_rate")


def print_aging(platform: Platform, division: str, cutoff: str, form: str) -> int:
    """Measure a model at its own cutoff and at each later one whose outcomes are known.

    Parameters
    ----------
    platform
        Where models, features and labels lie.
    division
        Its key.
    cutoff
        Of the model.
    form
        table, csv or json.

    Raises
    ------
    PartitionMissingError
        When there is no such model, or nothing that it can be measured on.
    """
    own = Address(MODEL.name, platform.space.select_cutoff(cutoff), division)
    rows = list(_measured(platform, own))
    if not rows:
        raise PartitionMissingError(
            f"{own} cannot be measured: no label window after {own.cutoff} has ended, or features "
            "and labels are not there. Make them: gosales materialize --select labels,features "
            f"--upstream --cutoffs {own.cutoff}"
        )
    table = pl.concat(rows).sort("slice", "cutoff", descending=[True, False])
    if form != "table":
        write(table.lazy(), form, None)
        return 0
    tell(f"\n{own} on the cutoffs after it (95 % intervals by customer)\n")
    shown = table.with_columns(pl.col(pl.Float64).round(3))
    print_frame(shown.select(pl.all().cast(pl.String).fill_null("")))
    return 0


def _measured(platform: Platform, own: Address) -> Iterator[pl.DataFrame]:
    # LightGBM takes 0.8 s, and every command loads this module.
    from gosales_assets.models.bundle.bundle import load_bundle  # noqa: PLC0415
    from gosales_assets.models.scoring.scoring import score  # noqa: PLC0415

    refuse_what_was_not_made(platform, [own])
    model = load_bundle(platform.read_bundle(MODEL, *own.key))
    for cutoff in (c for c in platform.space.cutoffs() if c >= own.cutoff):
        wanted = [Address(name, cutoff, own.division) for name in (FEATURES.name, LABELS.name)]
        if not all(map(platform.store.has, wanted)):
            continue
        refuse_what_was_not_made(platform, wanted)
        features, labels = (platform.read(t, cutoff, own.division) for t in (FEATURES, LABELS))
        if labels.select(pl.col("is_censored").any()).collect().item():
            continue
        say(f"{own.division}: {cutoff}")
        settings = platform.settings
        scored = score(model, features, settings.explanation)
        found = validate_forward(scored.lazy(), labels, settings.validation)
        yield _row(found, cutoff, own.cutoff)


def _row(found: pl.DataFrame, cutoff: dt.date, made: dt.date) -> pl.DataFrame:
    """Give each measure columns of its own: one row per slice."""
    known = {
        f"{measure}{end}": pl.col(name).filter(pl.col("measure") == measure).first()
        for measure in MEASURES
        for end, name in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    age = 12 * (cutoff.year - made.year) + cutoff.month - made.month
    rows = found.group_by("slice").agg(pl.col("n", "positives").first(), **known)
    return rows.select(
        "slice",
        pl.lit(cutoff).alias("cutoff"),
        pl.lit(age).alias("age_months"),
        pl.exclude("slice"),
    )
