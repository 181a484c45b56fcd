"""Which words of the directory a written word may stand for: itself, or one it is a slip of.

A misspelt word is almost never another word of many names. So two words that both stand in
several entries are two words ("Marlin", "Merlin"), however near; a rare one may be a slip of the
other. Known from the directory alone, so that one customer's match depends on no other customer.
"""

import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from gosales_resources.settings.enrichment import MatchSettings

# Two slips of a long word are looked for behind an unharmed start; endings are too much alike.
SAME_LETTERS = 4
# Words looked up at a time, so that memory is that of their neighbours.
CHUNK_WORDS = 2_000
# Numerals differ by one letter and mean another company: "Acme VIII", "Acme XIII".
NUMERAL = r"^[ivx]+$"
PLURAL_LETTERS_MIN = 3
# A word cut short ("Dyn.") keeps so many letters and lost so many.
CUT_LETTERS = range(3, 7)
CUT_LOST_MIN = 3
STAND_INS = {"written": pl.String, "word": pl.String, "is_cut": pl.Boolean}


def count_words(entries: pl.DataFrame) -> pl.DataFrame:
    """Count the entries each word stands in, out of their `words` and `dotted`.

    Parameters
    ----------
    entries
        One row per entry: `words` and `dotted`, lists of text.

    Returns
    -------
    polars.DataFrame
        Columns `word`, `entries`, `is_dotted` (written as an abbreviation somewhere), by word.
    """
    dotted = distinct_words(entries["dotted"]).implode()
    exploded = entries["words"].explode(empty_as_null=False).drop_nulls().rename("word").to_frame()
    counted = exploded.group_by("word").agg(entries=pl.len().cast(pl.Int64))
    return counted.with_columns(is_dotted=pl.col("word").is_in(dotted)).sort("word")


def distinct_words(words: pl.Series) -> pl.Series:
    """List the distinct words of many names, sorted.

    Parameters
    ----------
    words
        Lists of text, one per name; null for no words.

    Returns
    -------
    polars.Series
        String, without nulls; empty where no name has a word.
    """
    return words.explode(empty_as_null=False).drop_nulls().unique().sort()


def find_stand_ins(
    written: pl.Series, known: pl.DataFrame, settings: MatchSettings
) -> pl.DataFrame:
    """Find the known words that each written word may be a slip of.

    Parameters
    ----------
    written
        Distinct words of the customers' names.
    known
        Words of the directory, see `count_words`.
    settings
        Shortest word that may have a slip, or two; how many entries make a word common.

    Returns
    -------
    polars.DataFrame
        Columns `written`, `word`, `is_cut`, without equal ones, sorted. A slip is a letter left
        out, put in, changed, or swapped with the next; two of them in long words; an ``s`` at the
        end. A cut word is the beginning of a common one and not common itself, unless the
        directory writes it with a dot. Words with digits and numerals have neither.
    """
    mine = _spellable(written.rename("written").to_frame(), "written").join(
        known.select(pl.col("word").alias("written"), "is_dotted", own_entries="entries"),
        on="written",
        how="left",
    )
    # A word that no entry has is known from none.
    mine = mine.with_columns(
        pl.col("own_entries").fill_null(0), pl.col("is_dotted").fill_null(value=False)
    )
    theirs = _spellable(known, "word")
    found = [_plurals(mine, theirs), *_cut_short(mine, theirs, settings)]
    for keys, most in ((_without_a_letter, 1), (_same_start, 2)):
        shortest = settings.two_typos_letters_min if most > 1 else settings.typo_word_letters_min
        long_mine, long_theirs = (
            frame.filter(pl.col(word).str.len_chars() >= shortest)
            for frame, word in ((mine, "written"), (theirs, "word"))
        )
        indexed = keys(long_theirs, "word")
        for start in range(0, long_mine.height, CHUNK_WORDS):
            chunk = keys(long_mine.slice(start, CHUNK_WORDS), "written")
            pairs = chunk.join(indexed, on="key").drop("key").unique()
            distinct = pairs.filter(pl.col("written") != pl.col("word"))
            found.append(_within(distinct.filter(~_are_two_words(settings)), most))
    ordered = pl.concat(found).unique().sort("written", "word", "is_cut")
    return ordered.unique(["written", "word"], keep="first", maintain_order=True)


def _are_two_words(settings: MatchSettings) -> pl.Expr:
    """Tell words that both stand in several entries, neither far rarer than the other."""
    fewer = pl.min_horizontal("own_entries", "entries")
    more = pl.max_horizontal("own_entries", "entries")
    return (fewer >= settings.common_word_entries) & (fewer > settings.typo_share_max * more)


def _spellable(frame: pl.DataFrame, word: str) -> pl.DataFrame:
    letters = pl.col(word)
    return frame.filter(~letters.str.contains(r"[\d']") & ~letters.str.contains(NUMERAL))


def _plurals(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    one, many = pl.col("written"), pl.col("written") + "s"
    shorter = theirs.select(written=pl.col("word") + "s", word="word")
    longer = mine.select(one.alias("written"), word=many).join(theirs, on="word", how="semi")
    both = pl.concat([longer, shorter.join(mine, on="written", how="semi")])
    least = pl.min_horizontal(pl.col("written", "word").str.len_chars())
    return both.filter(least >= PLURAL_LETTERS_MIN).with_columns(is_cut=pl.lit(value=False))


def _cut_short(
    mine: pl.DataFrame, theirs: pl.DataFrame, settings: MatchSettings
) -> list[pl.DataFrame]:
    """Find beginnings of common words: one side cuts, the other has the word in full."""
    least, dotted = settings.common_word_entries, pl.col("is_dotted")
    is_mine, is_theirs = pl.col("own_entries") >= least, pl.col("entries") >= least
    pairs = {
        ("word", "written"): (mine.filter(~is_mine | dotted), theirs.filter(is_theirs)),
        ("written", "word"): (mine.filter(is_mine), theirs.filter(~is_theirs | dotted)),
    }
    found = []
    for (whole, part), (written, known) in pairs.items():
        longer, shorter = (known, written) if whole == "word" else (written, known)
        for letters in CUT_LETTERS:
            long_words = longer.filter(pl.col(whole).str.len_chars() >= letters + CUT_LOST_MIN)
            keyed = long_words.select(whole, pl.col(whole).str.head(letters).alias(part))
            found.append(keyed.join(shorter.select(part), on=part))
    return [frame.select("written", "word", is_cut=pl.lit(value=True)) for frame in found]


def _without_a_letter(frame: pl.DataFrame, word: str) -> pl.DataFrame:
    """Key each word by itself and by itself with any one letter left out."""
    longest = frame.select(pl.col(word).str.len_chars().max()).item() or 0
    letters = pl.col(word)
    parts = [frame.with_columns(key=letters)]
    for at in range(longest):
        some = frame.filter(letters.str.len_chars() > at)
        left = pl.concat_str(letters.str.head(at), letters.str.slice(at + 1))
        parts.append(some.with_columns(key=left))
    return pl.concat(parts).unique()


def _same_start(frame: pl.DataFrame, word: str) -> pl.DataFrame:
    return frame.with_columns(key=pl.col(word).str.head(SAME_LETTERS))


def _within(pairs: pl.DataFrame, most: int) -> pl.DataFrame:
    lengths = (pl.col(w).str.len_chars().cast(pl.Int64) for w in ("written", "word"))
    first, second = lengths
    near = pairs.filter((first - second).abs() <= most)
    if near.is_empty():
        return pl.DataFrame(schema=STAND_INS)
    slips = process.cpdist(
        near["written"].to_list(), near["word"].to_list(), scorer=OSA.distance, workers=1
    )
    within = near.filter(pl.Series(slips <= most))
    return within.select("written", "word", is_cut=pl.lit(value=False))
