"""The list of one cutoff over all divisions: parts, score, order, rank, grades."""

from collections.abc import Mapping

import polars as pl

from gosales_assets.whitespace.grades import grades
from gosales_assets.whitespace.norms import with_norms
from gosales_assets.whitespace.reasons import LONGEST
from gosales_assets.whitespace.weights import (
    OVERALL,
    Weights,
    adjusted,
    coverages,
    order_weights,
)
from gosales_checks.contracts.models import FITTED
from gosales_checks.contracts.whitespace import SIGNALS
from gosales_resources.settings.whitespace import WhitespaceSettings

FROM_CUSTOMER = ["customer_name", "industry", "region", "territory", "rep"]
READ = [
    "customer_id", "division", "cutoff", "segment", "is_cooling", "p_icp", "p_low", "p_high",
    "p_icp_pct", "mb_lift_max", "als_similarity", "als_source", "conditional_value", "ev",
    "model_status", "drivers", "reason", "wallet", "wallet_basis",
]  # fmt: skip
IS_RANKED = pl.col("model_status") == FITTED
BASE_RATE = "Base rate of the division, no ranking"


def rank_candidates(
    signals: pl.LazyFrame,
    customers: pl.LazyFrame,
    ownership: pl.LazyFrame,
    settings: WhitespaceSettings,
    names: Mapping[str, str],
) -> pl.DataFrame:
    """Put the eligible candidates of all divisions in order.

    Parameters
    ----------
    signals
        `whitespace_signals` of all divisions at one cutoff.
    customers
        `dim_customer` of the cutoff.
    ownership
        `rep_ownership` of the cutoff: who calls, where it says so.
    settings
        Order, normalisation, weights, cooldown.
    names
        Division -> its name as people write it.

    Returns
    -------
    polars.DataFrame
        `whitespace` without `is_selected` and `seat`, by place: score falling, ranked rows before
        blocks at the base rate, p_icp and ev falling, then customer_id and division. Empty when
        nobody is eligible.
    """
    # A million customers in twelve divisions: what is not read is not held.
    eligible = signals.filter("is_eligible").select(READ).collect()
    scored = _as_blocks(_scored(eligible, settings))
    callers = with_callers(customers.select("customer_id", *FROM_CUSTOMER), ownership)
    ranked = _in_order(scored)
    ranked = ranked.hstack(grades(ranked, IS_RANKED)).with_columns(
        place=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        rank=pl.when(IS_RANKED).then(IS_RANKED.cum_sum().cast(pl.Int64)),
        division_name=pl.col("division").replace_strict(names, return_dtype=pl.String),
        nba_reason=_reason(),
    )
    # Of the ids alone: a join copies all columns that it is given.
    called = ranked.select("customer_id").join(
        callers.collect(), on="customer_id", how="left", maintain_order="left"
    )
    return ranked.hstack(called.drop("customer_id"))


def _in_order(scored: pl.DataFrame) -> pl.DataFrame:
    """Sort the rows by score, and rows of one score by all that tells them apart."""
    order = scored.select(
        at=pl.col("score").arg_sort(descending=True), score=pl.col("score").sort(descending=True)
    )
    score = pl.col("score")
    # Sorting all rows by seven keys takes ten times as long as by one.
    is_tied = (score == score.shift(1)) | (score == score.shift(-1))
    tied = order.with_row_index("place").filter(is_tied)
    places = pl.Series(order["at"])
    if tied.height:
        keys = scored.select("score", "model_status", "division", "p_icp", "ev", "customer_id")
        among = _full_order(keys[tied["at"]])
        places = places.scatter(tied["place"], tied["at"].gather(among))
    # A column's old order goes before the next is sorted, or all are held twice.
    return pl.DataFrame([scored.drop_in_place(name).gather(places) for name in scored.columns])


def _full_order(rows: pl.DataFrame) -> pl.Series:
    """Return the order of rows by every key."""
    return rows.select(
        pl.arg_sort_by(
            pl.col("score"),
            IS_RANKED,
            # A block stays together.
            pl.when(~IS_RANKED).then("division"),
            pl.col("p_icp"),
            pl.col("ev"),
            pl.col("customer_id"),
            pl.col("division"),
            descending=[True, True, False, True, True, False, False],
            nulls_last=True,
        )
    ).to_series()


def _scored(eligible: pl.DataFrame, settings: WhitespaceSettings) -> pl.DataFrame:
    """Add the norms of the four signals, the parts that they add, and the score."""
    frame = with_norms(eligible, settings)
    weights = weights_in_force(coverages(eligible, settings), settings)
    shares = {
        name: pl.col("segment").replace_strict(
            {segment: of[name] for segment, of in weights.items() if segment},
            default=weights[OVERALL][name],
            return_dtype=pl.Float64,
        )
        for name in SIGNALS
    }
    # Without past buyers nothing is known of the value: its weight goes to the probability.
    has_value = pl.col("ev").is_not_null()
    of_p = pl.when(has_value).then(shares["p_icp"]).otherwise(shares["p_icp"] + shares["ev"])
    shares |= {"p_icp": of_p}
    return frame.with_columns(
        (share * pl.col(f"{name}_norm")).alias(f"{name}_part") for name, share in shares.items()
    ).with_columns(
        cooldown_factor=pl.when("is_cooling").then(settings.cooldown_factor).otherwise(1.0)
    )


def weights_in_force(
    found: Mapping[str, Weights], settings: WhitespaceSettings
) -> dict[str, Weights]:
    """Return the weights of the signals after coverage, overall and by segment.

    Parameters
    ----------
    found
        Coverage of the signals, as `weights.coverages` returns it.
    settings
        Order, weights and coverage.
    """
    asked = order_weights(settings)
    return {
        segment: adjusted(asked, covered, settings.coverage_floor)
        for segment, covered in found.items()
    }


def _as_blocks(scored: pl.DataFrame) -> pl.DataFrame:
    """Give all rows of a division at its base rate one score, and all rows their score."""
    parts = [f"{name}_part" for name in SIGNALS]
    blocks = scored.filter(~IS_RANKED)
    if blocks.height:
        # The median of equal numbers is that number, to the bit, in any order.
        medians = blocks.group_by("division").agg(
            *(pl.col(part).median().alias(f"{part}_block") for part in parts)
        )
        scored = scored.join(
            medians, on="division", how="left", maintain_order="left"
        ).with_columns(
            *(
                pl.when(IS_RANKED).then(part).otherwise(f"{part}_block").alias(part)
                for part in parts
            ),
            cooldown_factor=pl.when(IS_RANKED).then("cooldown_factor").otherwise(1.0),
        )
    total = pl.col(parts[0])
    for part in parts[1:]:
        total = total + pl.col(part)
    return scored.with_columns(score=total * pl.col("cooldown_factor"))


def _reason() -> pl.Expr:
    facts = pl.col("reason").fill_null("")
    blocked = pl.concat_str(
        pl.lit(f"{BASE_RATE}; "), facts.str.slice(0, LONGEST - len(BASE_RATE) - 2)
    )
    return pl.when(IS_RANKED).then(facts).otherwise(blocked).str.strip_chars("; ")


def with_callers(customers: pl.LazyFrame, ownership: pl.LazyFrame | None) -> pl.LazyFrame:
    """Say who calls each customer: the owner of the book, else as the log says.

    Parameters
    ----------
    customers
        `dim_customer` of a cutoff, or columns of it with `rep`.
    ownership
        `rep_ownership` of it; None where there is none.

    Returns
    -------
    polars.LazyFrame
        The same rows in the same order, `rep` who calls.
    """
    if ownership is None:
        return customers
    books = (
        ownership.filter("is_active")
        .sort("customer_id", "rep")
        .group_by("customer_id", maintain_order=True)
        .agg(owner=pl.col("rep").first())
    )
    joined = customers.join(books, on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(rep=pl.coalesce("owner", "rep")).drop("owner")
