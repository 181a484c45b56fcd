"""Chooses one entry out of those that may be a customer, or says that they cannot be told apart."""

import polars as pl

# Scores are rounded to six digits; a margin is met when it is met up to that.
ROUNDING = 1e-6
OUTCOME = {
    "q": pl.Int64,
    "d": pl.Int64,
    "method": pl.String,
    "decided_by": pl.String,
    "score": pl.Float64,
    "runner_up_score": pl.Float64,
    "reason": pl.String,
    "candidate": pl.Int64,
    "candidate_score": pl.Float64,
}


def decide(pairs: pl.DataFrame, margin: float) -> pl.DataFrame:
    """Choose one entry per customer.

    Parameters
    ----------
    pairs
        q, d, score, same_zip, same_form (null where either side has none), of entries that may
        be the customer.
    margin
        Entries nearer to the best than this contend with it.

    Returns
    -------
    polars.DataFrame
        One row per q of `pairs`, sorted: d and score (null when the contenders cannot be told
        apart), decided_by (null where only one contends; else the one ``zip`` that is equal, or
        the one equal legal ``form`` where no zip speaks against it), runner_up_score, and
        candidate with candidate_score, the best one in any case.
    """
    best = pairs.sort("q", "score", "d", descending=[False, True, False]).group_by(
        "q", maintain_order=True
    )
    best = best.agg(candidate=pl.col("d").first(), candidate_score=pl.col("score").first())
    field = (
        pairs.join(best, on="q")
        .filter(pl.col("score") > pl.col("candidate_score") - margin + ROUNDING)
        .with_columns(contenders=pl.len().over("q"), zips=pl.col("same_zip").sum().over("q"))
    )
    is_alone, is_near = pl.col("contenders") == 1, pl.col("same_zip").fill_null(value=False)
    is_silent = (pl.col("zips") == 0) & pl.col("same_zip").is_null()
    pool = field.filter(is_alone | is_near | is_silent).with_columns(
        forms=pl.col("same_form").sum().over("q")
    )
    chosen = pool.with_columns(
        decided_by=pl.when(is_alone)
        .then(pl.lit("alone"))
        .when(is_near & (pl.col("zips") == 1))
        .then(pl.lit("zip"))
        .when(pl.col("same_form") & (pl.col("forms") == 1))
        .then(pl.lit("form"))
    ).filter(pl.col("decided_by").is_not_null())
    others = pairs.join(chosen.select("q", "d"), on=["q", "d"], how="anti")
    second = others.group_by("q").agg(runner_up_score=pl.col("score").max())
    return (
        best.join(chosen.select("q", "d", "decided_by", "score"), on="q", how="left")
        .join(second, on="q", how="left")
        .with_columns(pl.col("decided_by").replace("alone", None))
        .sort("q")
    )


def outcome(frame: pl.DataFrame, method: str, reason: str | None = None) -> pl.DataFrame:
    """Bring what was decided into one shape; where no entry was chosen the reason says why.

    Parameters
    ----------
    frame
        One row per customer: `q`, `d` (null where no entry was chosen), and whatever else of `OUTCOME`
        there is.
    method
        How an entry was chosen.
    reason
        Why none was, where `frame` has no `reason` of its own.

    Returns
    -------
    polars.DataFrame
        Columns of `OUTCOME`, rows as they were; null where the frame says nothing.
    """
    is_matched = pl.col("d").is_not_null()
    given = pl.col("reason") if "reason" in frame.columns else pl.lit(reason, dtype=pl.String)
    found = frame.with_columns(
        method=pl.when(is_matched).then(pl.lit(method)), reason=pl.when(~is_matched).then(given)
    )
    absent = [name for name in OUTCOME if name not in found.columns]
    filled = found.with_columns(pl.lit(None, OUTCOME[name]).alias(name) for name in absent)
    return filled.select(list(OUTCOME)).cast(pl.Schema(OUTCOME))


def compare_zip_and_form(
    pairs: pl.DataFrame, mine: pl.DataFrame, theirs: pl.DataFrame, zip_rule: str
) -> pl.DataFrame:
    """Add `same_zip`, `same_form` and `may_be`: false where they say it is another company.

    Two companies of one name differ in zip and legal form; one company with two sites, or one
    that changed its form, differs in one of them.

    Parameters
    ----------
    pairs
        `q` and `d`, and whatever else.
    mine, theirs
        zip and legal form by `q`, by `d`; null where there is none.
    zip_rule
        What a zip does (`source.enrichment.match.zip_rule`).

    Returns
    -------
    polars.DataFrame
        The pairs with three Boolean columns; `same_zip` and `same_form` are null where either side
        has none, `may_be` never is.
    """
    sides = pairs.join(mine.select("q", "zip", "form"), on="q").join(
        theirs.select("d", "zip", "form"), on="d", suffix="_theirs"
    )
    same_zip = pl.col("zip") == pl.col("zip_theirs")
    same_form = pl.col("form") == pl.col("form_theirs")
    contradicts = {
        "decides": ~same_zip & ~same_form,
        "vetoes": ~same_zip,
        "required": ~same_zip.fill_null(value=False),
    }[zip_rule]
    return sides.select(
        *pairs.columns,
        same_zip=same_zip,
        same_form=same_form,
        may_be=~contradicts.fill_null(value=False),
    )
