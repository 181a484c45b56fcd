"""What the list as published would have brought, when its outcomes are known (SPEC section 5)."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from gosales_assets.validation.scenarios import part_rows, scenario_rows
from gosales_assets.validation.worked_list import (
    codes_of,
    outcomes,
    pairs_of,
    scores_of,
    worked_rows,
)
from gosales_checks.contracts.validation import (
    GATE,
    LIST,
    LIST_VALIDATION,
    MONEY_WON,
    PUBLISHED,
    REP,
    WINS,
)
from gosales_checks.measures.captured import MONEY as MONEY_AT
from gosales_checks.measures.captured import WINS as WINS_AT
from gosales_checks.measures.captured import captured_draws, interval_of_draws
from gosales_checks.measures.ordering import top_count
from gosales_resources.settings.validation import ValidationSettings
from gosales_resources.sources.cells import CENTS

COUNTS = (25, 100, 300, 1_000)
FRACS = (0.05, 0.10, 0.20)
KINDS = ((WINS, WINS_AT), (MONEY_WON, MONEY_AT))
SELECTED, ALL = "selected", "all"
NO_REP = "no rep"


def validate_list(
    listed: pl.LazyFrame,
    signals: pl.LazyFrame,
    labels: pl.LazyFrame,
    cutoff: dt.date,
    settings: ValidationSettings,
) -> pl.DataFrame:
    """Measure a published list on the time after its cutoff.

    Parameters
    ----------
    listed, signals, labels
        `whitespace`, and `whitespace_signals` and `labels` of all its divisions.
    cutoff
        Of the list.
    settings
        Draws of customers behind the intervals, and their seed.

    Returns
    -------
    polars.DataFrame
        `list_validation`, sorted by its key. Divisions whose window has not ended are left out; where
        none has, one row says so.
    """
    rows = worked_rows(listed, signals, labels)
    if rows.is_empty():
        is_empty = listed.select(pl.len()).collect().item() == 0
        return _table([_nothing("empty" if is_empty else "censored")], cutoff)
    found = [
        *_tops(rows, settings),
        *_books(rows),
        *_gated(signals, labels),
        *scenario_rows(rows, settings),
        *part_rows(rows),
    ]
    return _table(found, cutoff)


def tops_of(n: int, fewest: int | None = None) -> dict[str, float]:
    """Return name -> share of the list, of the tops that a list of n rows has.

    Parameters
    ----------
    n
        Rows of the list.
    fewest
        Of the shortest of several lists that are to have the same tops.
    """
    counts = {f"{count}": count / n for count in COUNTS if count < (fewest or n)}
    return counts | {f"{100 * frac:.0f} %": frac for frac in FRACS}


def _tops(rows: pl.DataFrame, settings: ValidationSettings) -> Iterator[dict]:
    n, tops, codes = rows.height, tops_of(rows.height), codes_of([rows])
    drawn = captured_draws(
        pairs_of(rows, codes),
        scores_of(rows),
        len(codes),
        draws=settings.list_draws,
        seed=settings.seed,
        fracs=tuple(tops.values()),
    )
    totals = {WINS_AT: float(rows["label"].sum()), MONEY_AT: rows["cents"].sum() / CENTS}
    for order, shares in drawn.items():
        for kind, at in KINDS:
            for place, (name, frac) in enumerate(tops.items()):
                mine, published = shares[at, :, place], drawn[PUBLISHED][at, :, place]
                share, below = interval_of_draws(mine), interval_of_draws(published - mine)
                count = top_count(n, frac)
                yield {
                    "scope": LIST, "item": "", "order": order, "kind": kind, "top": name,
                    "row_count": count, "total": totals[at],
                    "captured": share.value * totals[at] if totals[at] else 0.0,
                    "chance": totals[at] * count / n,
                    "share": share.value, "low": share.low, "high": share.high,
                    "below_published": below.value, "below_low": below.low,
                    "below_high": below.high,
                }  # fmt: skip


def _books(rows: pl.DataFrame) -> Iterator[dict]:
    """Say what each rep's selected rows brought, of what the whole book would have."""
    won = (
        rows.with_columns(item=pl.col("rep").fill_null(NO_REP))
        .group_by("item")
        .agg(
            pl.len().alias("n"),
            pl.col("is_selected").sum().alias("row_count"),
            *_sums("total", pl.lit(value=True)),
            *_sums("captured", pl.col("is_selected")),
        )
        .filter(pl.col("row_count") > 0)
        .sort("item")
    )
    yield from _long(won, REP, SELECTED)


def _gated(signals: pl.LazyFrame, labels: pl.LazyFrame) -> Iterator[dict]:
    """Say what the rows that each gate kept off the list brought."""
    kept_off = (
        signals.filter(pl.col("ineligible_reason").is_not_null())
        .join(outcomes(labels), on=["customer_id", "division"])
        .group_by(item="ineligible_reason")
        .agg(
            pl.len().alias("n"),
            pl.len().alias("row_count"),
            *_sums("total", pl.lit(value=True)),
            *_sums("captured", pl.lit(value=True)),
        )
        .sort("item")
        .collect()
    )
    yield from _long(kept_off, GATE, ALL)


def _sums(name: str, where: pl.Expr) -> list[pl.Expr]:
    columns = {WINS: "label", MONEY_WON: "cents"}
    return [
        pl.when(where).then(column).otherwise(0).cast(pl.Int64).sum().alias(f"{name}_{kind}")
        for kind, column in columns.items()
    ]


def _long(found: pl.DataFrame, scope: str, top: str) -> Iterator[dict]:
    for row in found.iter_rows(named=True):
        for kind, unit in ((WINS, 1), (MONEY_WON, CENTS)):
            total, captured = row[f"total_{kind}"] / unit, row[f"captured_{kind}"] / unit
            yield {
                "scope": scope, "item": row["item"], "order": PUBLISHED, "kind": kind, "top": top,
                "row_count": row["row_count"], "captured": captured, "total": total,
                "chance": total * row["row_count"] / row["n"],
                "share": captured / total if total else None,
            }  # fmt: skip


def _nothing(status: str) -> dict:
    return {
        "scope": LIST, "item": "", "order": PUBLISHED, "kind": WINS, "top": ALL, "row_count": 0,
        "status": status,
    }  # fmt: skip


def _table(found: list[dict], cutoff: dt.date) -> pl.DataFrame:
    schema = LIST_VALIDATION.schema.create_empty().schema
    filled = [{"status": "ok", "order": PUBLISHED, **row, "cutoff": cutoff} for row in found]
    numbers = [name for name, kind in schema.items() if kind == pl.Float64]
    return (
        pl.DataFrame(filled, schema=schema)
        .with_columns(pl.col(numbers).fill_nan(None))
        .sort(LIST_VALIDATION.key)
    )


def top_of_list(table: pl.DataFrame, most: int) -> dict | None:
    """Return the published order's wins in the longest counted top of at most so many rows.

    Parameters
    ----------
    table
        `list_validation`.
    most
        Rows.

    Returns
    -------
    dict or None
        A row of the table; None where it has no such top.
    """
    tops = table.filter(
        pl.col("scope") == LIST,
        pl.col("order") == PUBLISHED,
        pl.col("kind") == WINS,
        pl.col("row_count") <= most,
        pl.col("captured").is_not_null(),
    ).sort("row_count")
    return tops.row(-1, named=True) if tops.height else None
