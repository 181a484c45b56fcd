"""The label audit: what the labels say beside what the raw log says, counted another way."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from gosales_assets.labels.recount import AuditWindow, WindowCount
from gosales_resources.settings.labels import LabelSettings
from gosales_resources.sources.cells import CENTS

# What of the labels is compared.
AUDITED = ("customer_id", "label", "net_value_window", "window_end", "is_censored")


def windows_to_audit(cutoff: dt.date, labels: Mapping[str, pl.DataFrame]) -> list[AuditWindow]:
    """List the windows of a cutoff's targets that have ended and can be counted again.

    Parameters
    ----------
    cutoff
        The as-of date.
    labels
        Target -> `labels` of the cutoff; an empty one has no window.

    Returns
    -------
    list of AuditWindow
        At most one per target, in the order of `labels`.
    """
    return [
        AuditWindow(target, cutoff, table.item(0, "window_end"))
        for target, table in labels.items()
        if table.height and not table.item(0, "is_censored")
    ]


def audit_labels(
    cutoff: dt.date,
    labels: Mapping[str, pl.DataFrame],
    counts: Mapping[AuditWindow, WindowCount],
    settings: LabelSettings,
) -> pl.DataFrame:
    """Compare one cutoff's labels with a recount of the raw log.

    Parameters
    ----------
    cutoff
        The as-of date.
    labels
        Target -> `labels` of the cutoff.
    counts
        The recount of each target's window; none of a censored one, whose labels are not final.
    settings
        The threshold that a net value must exceed; whether anything was recounted.

    Returns
    -------
    polars.DataFrame
        `label_audit`, one row per target, sorted. Customers are those of the population; a label
        may differ where cents that depend on rounding decide it, and only there.
    """
    mature = {window.target: count for window, count in counts.items()}
    rows = [
        _row(cutoff, target, table, mature.get(target), settings)
        for target, table in labels.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None).sort("division")


def _row(
    cutoff: dt.date,
    target: str,
    labels: pl.DataFrame,
    count: WindowCount | None,
    settings: LabelSettings,
) -> dict[str, object]:
    found: dict[str, object] = {
        "division": target,
        "cutoff": cutoff,
        "population": labels.height,
        "positives": int(labels["label"].sum()),
        "positives_recounted": None,
        "net_value_window": None,
        "net_value_recounted": None,
        "rounded_line_count": 0,
        "differing_customers": 0,
        "example": None,
        "status": "censored",
    }
    if labels.is_empty():
        return found | {"status": "empty"}
    if not settings.audit:
        return found | {"status": "off"}
    if count is None:
        return found
    limit = round(settings.gp_min_threshold * CENTS)
    net = stated = positives = rounded = 0
    differing = []
    for customer, label, net_value in labels.select(
        "customer_id", "label", "net_value_window"
    ).rows():
        cents, slack = count.cents.get(customer, 0), count.rounded.get(customer, 0)
        said = round(net_value * CENTS)
        net, stated = net + cents, stated + said
        positives += cents > limit
        rounded += slack
        # A rounded line is off by a cent at the most.
        close = abs(cents - said) <= slack
        if not close or (label != (cents > limit) and abs(cents - limit) > slack):
            differing.append(
                f"{customer}: {net_value:.2f} in labels, {cents / CENTS:.2f} in the raw log"
            )
    return found | {
        "positives_recounted": positives,
        "net_value_window": stated / CENTS,
        "net_value_recounted": net / CENTS,
        "rounded_line_count": rounded,
        "differing_customers": len(differing),
        "example": differing[0] if differing else None,
        "status": "differs" if differing else "agrees",
    }
