"""What working a list brought, read off its experiment when the window has ended (SPEC section 5).

Compared are accounts whose family is in a list of the epoch for the first time: in a later list the
treated that bought are missing, and the controls that would have are not.
"""

import datetime as dt
import math
from collections.abc import Mapping

import polars as pl

from gosales_checks.contracts.experiment import (
    CONTROL,
    EMPTY,
    EXPERIMENT_READOUT,
    FEW,
    NOT_ENDED,
    ODD,
    OFF,
    OK,
    TREATED,
)
from gosales_checks.measures.experiment import Readout, read_out
from gosales_resources.settings.experiment import ExperimentSettings
from gosales_resources.sources.cells import CENTS

DECILES = 10
SAID = {
    OFF: "not read: the list has no experiment",
    EMPTY: "not read: nobody is compared",
    NOT_ENDED: "not read: the label window has not ended",
}


def read_experiment(
    arms: pl.DataFrame,
    earlier: pl.DataFrame,
    listed: pl.LazyFrame,
    labels: Mapping[str, pl.LazyFrame],
    cutoff: dt.date,
    settings: ExperimentSettings,
) -> pl.DataFrame:
    """Read out the experiment of one list.

    Parameters
    ----------
    arms
        `list_arms` of the cutoff: one row per account.
    earlier
        Those of earlier lists: `family`, `epoch`.
    listed
        `whitespace` of the cutoff: the division of a place.
    labels
        Target -> `labels` of the cutoff.
    cutoff
        Of the list.
    settings
        Share of controls, cost, alpha of the split.

    Returns
    -------
    polars.DataFrame
        `experiment_readout`, one row.
    """
    epoch = settings.epoch_of(cutoff)
    row: dict[str, object] = {
        "cutoff": cutoff,
        "epoch": epoch,
        "cost_per_account": settings.cost_per_account,
        **dict.fromkeys(
            ("treated_accounts", "control_accounts", "family_count", "earlier_accounts",
             "lost_accounts"),
            0,
        ),
    }  # fmt: skip
    compared = arms.filter(pl.col("arm").is_in([TREATED, CONTROL]))
    status = _unread(compared, labels, epoch, settings)
    if status is not None:
        return _table(row | {"status": status, "verdict": SAID[status]})
    known = earlier.filter(pl.col("epoch") == epoch)["family"].unique()
    first = _with_strata(compared, listed).filter(~pl.col("family").is_in(known.implode()))
    read = first.join(_values(labels), on="customer_id").sort("customer_id")
    found = read_out(
        (read["arm"] == TREATED).to_numpy(),
        read["cents"].to_numpy() / CENTS,
        read["value_before"].to_numpy(),
        read["family"].to_numpy(),
        control_share=settings.control_share,
        strata=[read["division"].to_numpy(), read["decile"].to_numpy()],
        cost=settings.cost_per_account,
        alpha=settings.sample_ratio_alpha,
    )
    counts = {
        "earlier_accounts": compared.height - first.height,
        "lost_accounts": first.height - read.height,
    }
    return _table(row | counts | _figures(found, settings.sample_ratio_alpha))


def _unread(
    compared: pl.DataFrame,
    labels: Mapping[str, pl.LazyFrame],
    epoch: str | None,
    settings: ExperimentSettings,
) -> str | None:
    """Say why nothing can be read yet; None where it can."""
    if epoch is None:
        return OFF
    if compared.is_empty() or not settings.control_share:
        return EMPTY
    open_windows = [
        frame.select(pl.col("is_censored").any()).collect().item() for frame in labels.values()
    ]
    return NOT_ENDED if any(open_windows) else None


def _with_strata(compared: pl.DataFrame, listed: pl.LazyFrame) -> pl.DataFrame:
    """Add division and decile of the row that an account is in for: both known before the draw."""
    at = listed.select("place", "division").rename({"place": "place_before"})
    decile = (pl.int_range(pl.len()) * DECILES // pl.len()).cast(pl.String)
    return (
        compared.join(at.collect(), on="place_before", how="left")
        .sort("place_before", "customer_id")
        .with_columns(decile=decile)
    )


def _values(labels: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Sum the net value of each account over all targets, in whole cents."""
    cents = (pl.col("net_value_window") * CENTS).round().cast(pl.Int64)
    every = pl.concat([frame.select("customer_id", cents=cents) for frame in labels.values()])
    return every.group_by("customer_id").agg(pl.col("cents").sum()).collect()


def _figures(found: Readout, alpha: float) -> dict[str, object]:
    status = OK if not math.isnan(found.effect.value) else FEW
    if found.sample_ratio_p < alpha:
        status = ODD
    ends = {
        f"{name}{end}": value
        for name, interval in (("effect", found.effect), ("plain", found.plain))
        for end, value in (("", interval.value), ("_low", interval.low), ("_high", interval.high))
    }
    return {
        "status": status,
        "verdict": found.verdict,
        "treated_accounts": found.treated,
        "control_accounts": found.control,
        "family_count": found.families,
        "sample_ratio_p": found.sample_ratio_p,
        **{name: None if math.isnan(value) else value for name, value in ends.items()},
    }


def _table(row: Mapping[str, object]) -> pl.DataFrame:
    return pl.DataFrame([row], schema=EXPERIMENT_READOUT.schema.create_empty().schema)
