"""Which pairs are worth comparing: those that share the word that tells most.

A fuzzy match needs every word of one name to stand for a word of the other (see `alignment`). So
it is enough to look where one word does, and the word with the fewest entries is the one to
look at. Where even its block is too large it is split by a second word; no block is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

# More entries than any directory has.
D_MAX = 2**32


@dataclass(frozen=True)
class Blocks:
    """An index of the directory for the customers' names at hand."""

    entries: pl.DataFrame
    """`d`, `word`, `word_count`: one row per entry and word."""
    covers: pl.DataFrame
    """`written`, `word`: the directory's words that a written word stands for, itself included."""
    ranked: pl.DataFrame
    """`q`, `first`, `second`, `size`, `word_count`, `is_whole`: the words to look by."""
    doubles: pl.DataFrame
    """`word`, `word_2`, `word_count`, `d`: entries by two words, of the words that need it."""
    entries_max: int


def index_blocks(
    queries: pl.DataFrame, entries: pl.DataFrame, stand_ins: pl.DataFrame, entries_max: int
) -> Blocks:
    """Index the directory.

    Parameters
    ----------
    queries
        `q` and `words` of the customers' names.
    entries
        `d` and `words` of the directory's.
    stand_ins
        `written`, `word`: see `vocabulary.find_stand_ins`.
    entries_max
        A block of more entries is split.

    Returns
    -------
    Blocks
        The index; empty tables where either side has no names.
    """
    counted = pl.col("words").list.len().cast(pl.Int64)
    theirs = _exploded(entries.with_columns(word_count=counted), "word")
    mine = _exploded(queries.with_columns(word_count=counted), "written")
    words = theirs.group_by("word").agg(size=pl.len().cast(pl.Int64))
    itself = mine.select("written", word="written").unique()
    covers = pl.concat([itself, stand_ins.select("written", "word")]).join(words, on="word")
    sizes = covers.group_by("written").agg(pl.col("size").sum())
    ranked = (
        mine.join(sizes, on="written")
        .sort("q", "size", "written")
        .group_by("q", "word_count", maintain_order=True)
        .agg(
            first=pl.col("written").first(),
            second=pl.col("written").get(1, null_on_oob=True),
            size=pl.col("size").first(),
            is_whole=pl.len() == pl.col("word_count").first(),
        )
    )
    covers = covers.select("written", "word")
    large = ranked.filter((pl.col("size") > entries_max) & pl.col("is_whole"))
    common = pl.concat([large["first"], large["second"]]).drop_nulls().unique()
    common_words = covers.filter(pl.col("written").is_in(common.implode()))["word"].unique()
    some = theirs.filter(pl.col("word").is_in(common_words.implode()))
    doubles = some.join(some.select("d", word_2="word"), on="d").filter(
        pl.col("word") != pl.col("word_2")
    )
    return Blocks(theirs, covers, ranked, doubles, entries_max)


def find_candidates(blocks: Blocks, queries: pl.DataFrame) -> pl.DataFrame:
    """List the pairs to compare for some of the customers' names.

    Parameters
    ----------
    blocks
        The index.
    queries
        Column `q`: which of the names it was made for.

    Returns
    -------
    polars.DataFrame
        Columns `q`, `d`, distinct and sorted. A name with a word that stands for nothing in the
        directory has no match; it gets candidates, to be shown, from a block of moderate size.
    """
    mine = blocks.ranked.join(queries.select("q"), on="q", how="semi")
    is_small = pl.col("size") <= blocks.entries_max
    by_first = blocks.covers.rename({"written": "first"})
    small = mine.filter(is_small).join(by_first, on="first").join(blocks.entries, on="word")
    large = mine.filter(~is_small & pl.col("is_whole")).join(by_first, on="first")
    alone = large.filter(pl.col("second").is_null()).join(blocks.entries, on=["word", "word_count"])
    by_second = blocks.covers.rename({"written": "second", "word": "word_2"})
    double = large.join(by_second, on="second").join(
        blocks.doubles, on=["word", "word_2", "word_count"]
    )
    return distinct_pairs([small, alone, double])


def distinct_pairs(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the pairs `q`, `d` of several frames, each once, sorted.

    Parameters
    ----------
    frames
        At least one, with Int64 columns `q` and `d` from 0 on.

    Returns
    -------
    polars.DataFrame
        `q`, `d`.
    """
    # As one number each: of millions of pairs this is the dearest step.
    codes = pl.concat([frame.select(code=pl.col("q") * D_MAX + pl.col("d")) for frame in frames])
    distinct = codes.unique().sort("code")
    return distinct.select(q=pl.col("code") // D_MAX, d=pl.col("code") % D_MAX)


def _exploded(names: pl.DataFrame, word: str) -> pl.DataFrame:
    columns = [c for c in names.columns if c != "words"]
    return names.explode("words", empty_as_null=False).select(*columns, pl.col("words").alias(word))
