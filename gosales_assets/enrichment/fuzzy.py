"""Matches names that are near but not equal: a slip, another order of words, words run together."""

from dataclasses import dataclass

import polars as pl

from gosales_assets.enrichment.alignment import SCORED, Aligner, similarity
from gosales_assets.enrichment.candidates import distinct_pairs, find_candidates, index_blocks
from gosales_assets.enrichment.decision import OUTCOME, compare_zip_and_form, decide, outcome
from gosales_assets.enrichment.vocabulary import count_words, distinct_words, find_stand_ins
from gosales_resources.settings.enrichment import MatchSettings

# Names compared at a time: memory is that of their pairs, at most a block each.
CHUNK_NAMES = 10_000
RUN_TOGETHER = ["solid", "digits"]


@dataclass(frozen=True)
class Sides:
    """The two lists of names and the pairs that are forbidden by hand."""

    mine: pl.DataFrame
    """q (row number), zip, text, form, words of all customers; the last three null if nameless."""
    theirs: pl.DataFrame
    """d (row number), zip, text, form, words of all entries."""
    bans: pl.DataFrame
    """q, d."""


def match_fuzzy(
    sides: Sides, left: pl.DataFrame, settings: MatchSettings
) -> tuple[pl.DataFrame, int]:
    """Match the customers whose id and exact name told nothing.

    Parameters
    ----------
    sides
        All names.
    left
        `q` of the customers to match.
    settings
        Threshold, margin, blocks.

    Returns
    -------
    tuple of polars.DataFrame and int
        Outcomes, one row per `q` of `left`, and the number of pairs compared.
    """
    mine = sides.mine.join(left.select("q"), on="q", how="semi")
    nameless = mine.filter(pl.col("words").is_null()).select("q", d=pl.lit(None, pl.Int64))
    found = [pl.DataFrame(schema=OUTCOME), outcome(nameless, "fuzzy", "no_name")]
    named = mine.filter(pl.col("words").is_not_null())
    entries = sides.theirs.filter(pl.col("words").is_not_null())
    stand_ins = find_stand_ins(distinct_words(named["words"]), count_words(entries), settings)
    blocks = index_blocks(
        named.select("q", "words"),
        entries.select("d", "words"),
        stand_ins,
        settings.block_entries_max,
    )
    aligner = Aligner(sides.mine["words"], sides.theirs["words"], stand_ins)
    solid = _run_together(entries)
    comparisons = 0
    for chunk in named.iter_slices(CHUNK_NAMES):
        joined = _run_together(chunk).join(solid, on=RUN_TOGETHER).select("q", "d")
        pairs = distinct_pairs([find_candidates(blocks, chunk), joined])
        scored = aligner.score(pairs)
        more = joined.join(scored, on=["q", "d"], how="anti").with_columns(score=pl.lit(1.0))
        scored = pl.concat([scored, more.select(list(SCORED))])
        found.append(_judge(sides, chunk.select("q"), pairs, scored, settings))
        comparisons += pairs.height
    return pl.concat(found), comparisons


def _run_together(names: pl.DataFrame) -> pl.DataFrame:
    """Write names without spaces: "Iron Bark" is "Ironbark"; their numbers stay apart."""
    return names.with_columns(
        solid=pl.col("text").str.replace_all(" ", "", literal=True),
        digits=pl.col("text").str.extract_all(r"\d+").list.join(" "),
    )


def _judge(
    sides: Sides,
    chunk: pl.DataFrame,
    pairs: pl.DataFrame,
    scored: pl.DataFrame,
    settings: MatchSettings,
) -> pl.DataFrame:
    """Decide a chunk; the unmatched get their best candidate and a reason."""
    judged = compare_zip_and_form(scored, sides.mine, sides.theirs, settings.zip_rule)
    near = judged.filter(pl.col("may_be") & (pl.col("score") >= settings.score_min))
    allowed = near.join(sides.bans, on=["q", "d"], how="anti")
    decided = decide(allowed, settings.margin_min)
    rest = chunk.join(decided, on="q", how="anti")
    banned = near.join(sides.bans, on=["q", "d"], how="semi").join(rest, on="q", how="semi")
    forbidden = _best(banned).with_columns(reason=pl.lit("forbidden"))
    rest = rest.join(forbidden, on="q", how="anti")
    shown = _best(_similarities(sides, pairs.join(rest, on="q", how="semi"), scored))
    is_near = pl.col("candidate_score") >= settings.score_min
    told = rest.join(shown, on="q", how="left").with_columns(
        reason=pl.when(is_near)
        .then(pl.lit("conflict"))
        .when(pl.col("candidate").is_not_null())
        .then(pl.lit("below_threshold"))
        .otherwise(pl.lit("no_candidate"))
    )
    unmatched = pl.concat([forbidden, told.select(forbidden.columns)])
    return pl.concat(
        [
            outcome(decided, "fuzzy", "margin"),
            outcome(unmatched.with_columns(d=pl.lit(None, pl.Int64)), "fuzzy"),
        ]
    )


def _similarities(sides: Sides, pairs: pl.DataFrame, scored: pl.DataFrame) -> pl.DataFrame:
    """Score pairs to be shown: aligned ones as they are, others by their sorted words."""
    rest = pairs.join(scored, on=["q", "d"], how="anti")
    words = (
        sides.mine["words"].gather(rest["q"]).list.join(" ").to_list(),
        sides.theirs["words"].gather(rest["d"]).list.join(" ").to_list(),
    )
    others = rest.select("q", "d", score=pl.Series(similarity(*words), dtype=pl.Float64))
    return pl.concat([scored.join(pairs, on=["q", "d"], how="semi"), others])


def _best(scored: pl.DataFrame) -> pl.DataFrame:
    ordered = scored.sort("q", "score", "d", descending=[False, True, False])
    return ordered.group_by("q", maintain_order=True).agg(
        candidate=pl.col("d").first(), candidate_score=pl.col("score").first()
    )
