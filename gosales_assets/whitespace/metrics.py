"""Figures of a list that are known when it is made: who is off it, what counts, what it promises."""

import datetime as dt
from collections.abc import Iterable, Iterator

import polars as pl

from gosales_assets.whitespace.rank import weights_in_force
from gosales_assets.whitespace.selection import Figure
from gosales_assets.whitespace.weights import OVERALL, coverages
from gosales_checks.contracts.whitespace import GRADES, LIST_METRICS
from gosales_checks.measures.ordering import top_count
from gosales_resources.settings.whitespace import WhitespaceSettings

TOPS = (0.05, 0.10, 0.20)


def measure_list(
    listed: pl.DataFrame,
    signals: pl.DataFrame,
    gates_off: Iterable[str],
    selection: Iterable[Figure],
    cutoff: dt.date,
    settings: WhitespaceSettings,
) -> pl.DataFrame:
    """Put the figures of a list together.

    Parameters
    ----------
    listed
        `whitespace` of the cutoff, by place.
    signals
        `whitespace_signals` of all divisions.
    gates_off
        Gates that are off.
    selection
        Figures of the capacity.
    cutoff
        As-of date.
    settings
        Order, weights and coverage.

    Returns
    -------
    polars.DataFrame
        `list_metrics`, sorted by measure and item.
    """
    figures = [
        *_candidates(listed, signals),
        *((("gate_off", gate, 1.0)) for gate in gates_off),
        *_weights(signals, settings),
        ("within_division", "", float(settings.normalisation == "percentile")),
        ("cooldown_factor", "", settings.cooldown_factor),
        *_grades(listed),
        *_promised(listed, signals),
        *selection,
    ]
    schema = LIST_METRICS.schema.create_empty().schema
    rows = [
        {"measure": measure, "item": item, "value": value, "cutoff": cutoff}
        for measure, item, value in figures
    ]
    return pl.DataFrame(rows, schema=schema).sort("measure", "item")


def _candidates(listed: pl.DataFrame, signals: pl.DataFrame) -> Iterator[Figure]:
    ranked = listed.height - listed["rank"].null_count()
    yield "candidates", "ranked", float(ranked)
    yield "candidates", "base_rate", float(listed.height - ranked)
    for gate, count in signals["ineligible_reason"].drop_nulls().value_counts().iter_rows():
        yield "kept_off", gate, float(count)


def _weights(signals: pl.DataFrame, settings: WhitespaceSettings) -> Iterator[Figure]:
    found = coverages(signals.filter("is_eligible"), settings)
    for segment, covered in found.items():
        for signal, share in covered.items():
            yield "coverage_frac", _item(signal, segment), share
    for segment, weights in weights_in_force(found, settings).items():
        for signal, weight in weights.items():
            yield "weight", _item(signal, segment), weight


def _item(signal: str, segment: str) -> str:
    return signal if segment == OVERALL else f"{signal}, {segment}"


def _grades(listed: pl.DataFrame) -> Iterator[Figure]:
    for at, grade in enumerate(GRADES):
        scores = listed.filter(pl.col("grade").is_in(GRADES[: at + 1]))["score"]
        yield "grade_from_score", grade, scores.min() if scores.len() else None  # type: ignore[misc]


def _promised(listed: pl.DataFrame, signals: pl.DataFrame) -> Iterator[Figure]:
    """Say what the tops are expected to bring of the whole, and what a plain list has too."""
    if listed.is_empty():
        return
    plain = (
        listed.select("customer_id", "division", "place")
        .join(
            signals.select("customer_id", "division", "rfm_score"), on=["customer_id", "division"]
        )
        .sort("rfm_score", "place", descending=[True, False], nulls_last=True)["place"]
    )
    ev = listed["ev"].fill_null(0.0)
    for frac in TOPS:
        top, item = top_count(listed.height, frac), f"{100 * frac:.0f} %"
        yield "expected_wins_frac", item, _share(listed["p_icp"], top)
        yield "expected_value_frac", item, _share(ev, top)
        yield "rfm_overlap_frac", item, int((plain.head(top) <= top).sum()) / top


def _share(values: pl.Series, top: int) -> float | None:
    # Millionths: float sums depend on the order of addition.
    whole = (values * 1_000_000).round().cast(pl.Int64)
    total = int(whole.sum())
    return int(whole.head(top).sum()) / total if total > 0 else None
