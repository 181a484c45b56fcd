"""What other ways to work a list would have brought, and in which parts of the customers it did well."""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from gosales_assets.validation.worked_list import codes_of
from gosales_checks.contracts.validation import MONEY_WON, PARTS, SCENARIO, WINS
from gosales_checks.measures.intervals import Interval, interval_of, resample_weights
from gosales_checks.measures.ordering import top_count
from gosales_resources.settings.validation import ValidationSettings
from gosales_resources.sources.cells import CENTS

PER_REP = (5, 10, 25, 50)
HYBRID_FRACS = (0.05, 0.10, 0.20)
# Share of the seats of those who bought lately, where the two are dealt seats of their own.
WARM_FRAC = 0.7
WARM = "warm"
# The top that parts of the customers are compared in.
PART_FRAC = 0.10
UNITS = {WINS: ("label", 1), MONEY_WON: ("cents", CENTS)}


def scenarios(rows: pl.DataFrame) -> dict[str, pl.Series]:
    """Select the rows of a list in several ways.

    Parameters
    ----------
    rows
        `worked_rows`, by place.

    Returns
    -------
    dict of str to polars.Series
        Scenario -> whether each row is in it: the first N ranked of each rep, for those who have
        one; divisions in turn up to a share of the list; the same seats, seven tenths of them for
        warm customers. Only those that select something, and not all that can be ranked.
    """
    is_ranked = pl.col("rank").is_not_null()
    of_rep = is_ranked & pl.col("rep").is_not_null()
    asked = {
        f"{count} per rep": of_rep & (of_rep.cum_sum().over("rep") <= count) for count in PER_REP
    }
    in_turn = pl.struct(is_ranked.cum_sum().over("division"), pl.col("place")).rank("ordinal")
    for frac in HYBRID_FRACS:
        seats, name = top_count(rows.height, frac), f"{100 * frac:.0f} %"
        turn = pl.when(is_ranked).then(in_turn.over(is_ranked))
        asked[f"{name}, divisions in turn"] = turn <= seats
        warm = round(WARM_FRAC * seats)
        is_warm = is_ranked & (pl.col("segment") == WARM)
        is_cold = is_ranked & (pl.col("segment") != WARM)
        asked[f"{name}, warm and cold apart"] = (is_warm & (is_warm.cum_sum() <= warm)) | (
            is_cold & (is_cold.cum_sum() <= seats - warm)
        )
    found = rows.select(
        is_ranked=is_ranked, **{name: e.fill_null(value=False) for name, e in asked.items()}
    )
    ranked = int(found["is_ranked"].sum())
    return {name: found[name] for name in asked if 0 < found[name].sum() < ranked}


def scenario_rows(rows: pl.DataFrame, settings: ValidationSettings) -> Iterator[dict]:
    """Measure what each scenario would have captured, with intervals by customer.

    Parameters
    ----------
    rows
        `worked_rows`; not empty.
    settings
        Draws and seed.

    Yields
    ------
    dict
        Rows of `list_validation`.
    """
    codes = codes_of([rows])
    customer = np.array([codes[one] for one in rows["customer_id"]], dtype=np.int64)
    for name, is_in in scenarios(rows).items():
        for kind, (column, unit) in UNITS.items():
            amount = rows[column].to_numpy().astype(np.float64)
            inside = np.where(is_in.to_numpy(), amount, 0.0)
            sums = [np.bincount(customer, x, minlength=len(codes)) for x in (inside, amount)]
            share = _share(sums[0], sums[1], settings)
            captured, total = float(inside.sum()), float(amount.sum())
            count = int(is_in.sum())
            yield {
                "scope": SCENARIO, "item": name, "kind": kind, "top": "all", "row_count": count,
                "captured": captured / unit, "total": total / unit,
                "chance": total / unit * count / rows.height,
                "share": share.value, "low": share.low, "high": share.high,
            }  # fmt: skip


def part_rows(rows: pl.DataFrame) -> Iterator[dict]:
    """Measure what the top tenth of the list captured in each part of the customers.

    Parameters
    ----------
    rows
        `worked_rows`, by place; not empty.

    Yields
    ------
    dict
        Rows of `list_validation`, one per kind and value of `PARTS` that customers have; `total` is
        of the part's rows, `chance` what as many of them at random would have captured.
    """
    top = top_count(rows.height, PART_FRAC)
    worked = rows.with_columns(is_in=pl.int_range(pl.len()) < top)
    for part in PARTS:
        for found in _of_part(worked, part).iter_rows(named=True):
            for kind, (column, unit) in UNITS.items():
                total, captured = found[f"total_{column}"], found[f"captured_{column}"]
                yield {
                    "scope": part, "item": found[part], "kind": kind,
                    "top": f"{100 * PART_FRAC:.0f} %", "row_count": found["row_count"],
                    "captured": captured / unit, "total": total / unit,
                    "chance": total / unit * found["row_count"] / found["n"],
                    "share": captured / total if total else None,
                }  # fmt: skip


def _of_part(worked: pl.DataFrame, part: str) -> pl.DataFrame:
    inside = pl.col("is_in")
    sums: Mapping[str, pl.Expr] = {
        f"{name}_{column}": pl.when(where).then(column).otherwise(0).cast(pl.Int64).sum()
        for column, _ in UNITS.values()
        for name, where in (("total", pl.lit(value=True)), ("captured", inside))
    }
    return (
        worked.filter(pl.col(part).is_not_null())
        .group_by(part)
        .agg(n=pl.len(), row_count=inside.sum().cast(pl.Int64), **sums)
        .sort(part)
    )


def _share(inside: np.ndarray, whole: np.ndarray, settings: ValidationSettings) -> Interval:
    """Return the captured share and its interval over resampled customers."""
    draws = resample_weights(len(whole), settings.list_draws, settings.seed)
    # Whole numbers: their sums are exact in any order, whatever BLAS does.
    sums = [(weights @ inside, weights @ whole) for weights in draws]
    drawn = [np.concatenate(part) for part in zip(*sums, strict=True)]
    total = whole.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(drawn[1] > 0, drawn[0] / drawn[1], np.nan)
    return interval_of(float(inside.sum() / total) if total > 0 else float("nan"), shares)
