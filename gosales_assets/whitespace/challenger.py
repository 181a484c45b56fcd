"""The challenger of a list's order: what earlier lists' outcomes say of the four signals.

Learnt from candidates of earlier cutoffs whose label window had ended, so never from the list's own
signals (a known system trains it on its own probability: circular). It scores beside the order.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit

from gosales_assets.whitespace.nonnegative_logit import fit_nonnegative_logit
from gosales_assets.whitespace.norms import SOURCES, with_norms
from gosales_assets.whitespace.selection import Figure
from gosales_checks.contracts.challenger import (
    FEW_WINS,
    INTERCEPT,
    LEARNT,
    NO_EARLIER_LIST,
    TERMS,
    ListChallenger,
)
from gosales_checks.contracts.models import FITTED
from gosales_checks.contracts.whitespace import SIGNALS
from gosales_checks.measures.draws import drawn_customers
from gosales_checks.measures.ordering import top_count
from gosales_resources.settings.whitespace import WhitespaceSettings

# Ten outcomes of the rarer kind for each fitted number (Peduzzi and others, 1996). In drawn worlds
# the order by a challenger of 36 wins captured 1.5 points less than p alone, of 90 wins 0.9, of 360
# 0.3, of 1,800 none.
FEWEST_OUTCOMES = 10 * len(TERMS)
# The same worlds: slopes held at 0 or above captured as much as free ones or up to 1.2 points more,
# and 0.1 as much as 1 or more, and more than 10.
RIDGE = 0.1
# Candidates of a cutoff that are looked at, about: percentiles of 200,000 rows are those of millions.
MOST_ROWS = 200_000
READ = [
    "customer_id", "division", "is_eligible", "model_status", "p_icp_pct", *SOURCES.values(),
]  # fmt: skip
NORMS = [f"{name}_norm" for name in SIGNALS]
OVERLAP_COUNT, OVERLAP_FRAC = 100, 0.10


@dataclass(frozen=True)
class EarlierList:
    """What is known of the candidates of an earlier cutoff."""

    cutoff: dt.date
    signals: Sequence[pl.LazyFrame]
    """`whitespace_signals` of all divisions that the list ranks."""
    labels: Sequence[pl.LazyFrame]
    """`labels` of those whose window had ended."""


def learn_challenger(
    past: Sequence[EarlierList], cutoff: dt.date, settings: WhitespaceSettings
) -> pl.DataFrame:
    """Fit realised wins of earlier cutoffs on the norms of their signals.

    Parameters
    ----------
    past
        Oldest first; may be empty.
    cutoff
        As-of date C: no label whose window ends after it is looked at.
    settings
        Over what percentiles are taken.

    Returns
    -------
    polars.DataFrame
        `list_challenger`, one row per term in the order of `TERMS`; without coefficients where there
        is no earlier list or there are fewer than `FEWEST_OUTCOMES` of a kind.
    """
    drawn = [_outcomes(one, cutoff, settings) for one in past]
    used = [(one.cutoff, rows) for one, rows in zip(past, drawn, strict=True) if rows.height]
    schema = ListChallenger.create_empty().schema
    rows = pl.concat(rows for _, rows in used) if used else None
    label = rows["label"].to_numpy().astype(np.float64) if rows is not None else np.empty(0)
    wins = int(label.sum())
    status, fitted = NO_EARLIER_LIST, [None] * len(TERMS)
    if rows is not None:
        status = FEW_WINS
        if min(wins, label.size - wins) >= FEWEST_OUTCOMES:
            status = LEARNT
            fitted = fit_nonnegative_logit(rows.select(NORMS).to_numpy(), label, RIDGE).tolist()
    known = {
        "cutoff": cutoff,
        "status": status,
        "list_count": len(used),
        "row_count": label.size,
        "win_count": wins,
        "first_cutoff": used[0][0] if used else None,
        "last_window_end": None if rows is None else rows["window_end"].max(),
    }
    found = [
        {"term": t, "coefficient": value, **known} for t, value in zip(TERMS, fitted, strict=True)
    ]
    return pl.DataFrame(found, schema=schema)


def _outcomes(past: EarlierList, cutoff: dt.date, settings: WhitespaceSettings) -> pl.DataFrame:
    """Return norms and label of the ranked candidates of an earlier list, sorted by their key."""
    population = past.signals[0].select("customer_id").collect()["customer_id"]
    share = min(1.0, MOST_ROWS / max(population.len() * len(past.signals), 1))
    drawn = drawn_customers(population, share)
    eligible = pl.concat(
        one.filter("is_eligible").select(READ).join(drawn.lazy(), on="customer_id", how="semi")
        for one in past.signals
    ).collect()
    ended = ~pl.col("is_censored") & (pl.col("window_end") <= cutoff)
    labels = [
        one.filter(ended).select("customer_id", "division", "label", "window_end")
        for one in past.labels
    ]
    if not labels:
        return pl.DataFrame()
    return (
        with_norms(eligible, settings)
        .filter(pl.col("model_status") == FITTED)
        .join(pl.concat(labels).collect(), on=["customer_id", "division"])
        .select("division", "customer_id", "label", "window_end", *NORMS)
        .sort("division", "customer_id")
    )


def with_challenger(listed: pl.DataFrame, learnt: pl.DataFrame) -> pl.DataFrame:
    """Add `score_challenger` and `challenger_status` to a list.

    Parameters
    ----------
    listed
        Rows with the four norms and `rank`.
    learnt
        `list_challenger` of the cutoff.

    Returns
    -------
    polars.DataFrame
        The rows in their order; the score is null where nothing was learnt, and for a row without a
        rank.
    """
    status, terms = learnt["status"][0], _coefficients(learnt)
    score = pl.Series("score_challenger", [None] * listed.height, dtype=pl.Float64)
    if status == LEARNT:
        slopes = np.array([terms[name] for name in SIGNALS])
        line = np.einsum("ij,j->i", listed.select(NORMS).to_numpy(), slopes) + terms[INTERCEPT]
        score = pl.Series("score_challenger", expit(line))
    return listed.with_columns(
        pl.when(pl.col("rank").is_not_null()).then(score).alias("score_challenger"),
        challenger_status=pl.lit(status),
    )


def challenger_figures(listed: pl.DataFrame, learnt: pl.DataFrame) -> Iterator[Figure]:
    """Give the coefficients, and how much of the list's top the challenger's has too.

    Parameters
    ----------
    listed
        `whitespace`, by place.
    learnt
        `list_challenger` of the cutoff.
    """
    for term, value in _coefficients(learnt).items():
        yield "challenger_coefficient", term, value
    places = listed.filter(pl.col("score_challenger").is_not_null()).with_row_index("at")
    if places.height:
        # The list's own order breaks ties, so a challenger that sees no difference has its top.
        order = places.sort("score_challenger", "at", descending=[True, False])["at"]
        tops = {f"{OVERLAP_COUNT}": min(OVERLAP_COUNT, places.height)}
        tops[f"{100 * OVERLAP_FRAC:.0f} %"] = top_count(places.height, OVERLAP_FRAC)
        for item, top in tops.items():
            yield "challenger_overlap_frac", item, int((order.head(top) < top).sum()) / top


def _coefficients(learnt: pl.DataFrame) -> dict[str, float]:
    """Return term -> coefficient; empty where nothing was learnt."""
    return dict(learnt.drop_nulls("coefficient").select("term", "coefficient").iter_rows())
