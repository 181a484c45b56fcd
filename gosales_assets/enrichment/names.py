"""What a company name comes down to: its telling words, and the legal form apart.

Pure text; who is matched to whom is decided in `match`.
"""

import re
import unicodedata
from typing import NamedTuple

import polars as pl

from gosales_assets.enrichment.legal_forms import (
    ABBREVIATIONS,
    ANYWHERE,
    ARTICLES,
    AT_THE_END,
    BEFORE_KIN,
    CONNECTORS,
    FOLDED,
    KIN,
)

WORD = re.compile(r"[^\W_]+")
DOTTED = re.compile(r"[^\W\d_]{3,}(?=\.)")
AMPERSAND = re.compile(r"[&+]")
APOSTROPHE = re.compile("['`\u00b4\u2018\u2019\u02bc]")
FOLD = str.maketrans(FOLDED)
# No word has it.
BETWEEN = "\x1f"
# Each pass drops a word or changes a letter for good; three passes are the most seen.
MOST_PASSES = 12


class NormalName(NamedTuple):
    """A name in normal form."""

    text: str
    """Telling words in their order, one space between; empty when there are none."""
    form: str
    """Legal form, canonical words sorted; empty when the name has none."""


def normalise(name: str) -> NormalName:
    """Bring a company name into normal form.

    Unicode NFKC, case and accents folded, punctuation gone, ``&`` read as ``and``, ``the`` and
    legal forms dropped, initials joined (``J. P.`` is ``jp``), usual abbreviations spelled out.
    The words left are never none where there was one.

    Parameters
    ----------
    name
        As a source writes it.

    Returns
    -------
    NormalName
        Idempotent: the text of a normal text is itself.

    Examples
    --------
    >>> normalise("The Harbor Tool & Die Mfg. Co., Inc.")
    NormalName(text='harbor tool and die manufacturing', form='co inc')
    >>> normalise("J. P. Müller & Söhne G.m.b.H.").text
    'jp muller'
    """
    text, forms = name, set[str]()
    for _ in range(MOST_PASSES):
        words = WORD.findall(_folded(text))
        again = " ".join(_telling(words, forms))
        if again == text:
            break
        text = again
    return NormalName(text, " ".join(sorted(forms)))


def normal_names(names: pl.Series) -> pl.DataFrame:
    """Normalise a column, each distinct name once.

    Parameters
    ----------
    names
        As the sources write them; null and repeated ones are passed over.

    Returns
    -------
    polars.DataFrame
        Columns `name`, `text`, `form`, `words` (see `telling_words`),
        `dotted` (words with a dot behind, as abbreviations are written), one row per distinct
        name, sorted by it; names without a word are left out.
    """
    distinct = names.drop_nulls().unique().sort().to_list()
    normal = [normalise(name) for name in distinct]
    columns = {
        "name": distinct,
        "text": [n.text for n in normal],
        "form": [n.form for n in normal],
        "words": [BETWEEN.join(telling_words(n.text)) for n in normal],
        "dotted": [BETWEEN.join(map(_folded, DOTTED.findall(name))) for name in distinct],
    }
    named = pl.DataFrame(columns, dict.fromkeys(columns, pl.String)).filter(pl.col("text") != "")
    # Split here: a list built for each name takes as long as its normal form.
    lists = pl.col("words", "dotted").replace("", None).str.split(BETWEEN)
    return named.with_columns(lists.fill_null(pl.lit([], pl.List(pl.String))))


def telling_words(text: str) -> list[str]:
    """List the words of a normal text, sorted, connectors left out where others stay.

    A word that is there again is a word of its own, so that the list has no equal ones.
    """
    words = text.split()
    kept = [word for word in words if word not in CONNECTORS] or words
    again = [kept[:at].count(word) for at, word in enumerate(kept)]
    return sorted(word + "'" * times for word, times in zip(kept, again, strict=True))


def _folded(text: str) -> str:
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        bare = "".join(c for c in decomposed if not unicodedata.combining(c))
        text = unicodedata.normalize("NFKC", bare.translate(FOLD))
    return APOSTROPHE.sub("", AMPERSAND.sub(" and ", text.casefold()))


def _telling(words: list[str], forms: set[str]) -> list[str]:
    """Drop what does not tell and add the legal forms that were dropped to `forms`."""
    words = [ABBREVIATIONS.get(word, word) for word in _initials_joined(words)]
    words = [word for word in words if word not in ARTICLES] or words
    kept = [word for word in words if word not in ANYWHERE]
    if any(word not in CONNECTORS for word in kept):
        forms.update(ANYWHERE[word] for word in words if word in ANYWHERE)
        words = kept
    while len(words) > 1:
        last = words[-1]
        if last in AT_THE_END:
            forms.add(AT_THE_END[last])
        elif last in KIN and words[-2] in BEFORE_KIN and len(words) > 2:
            forms.add(KIN[last])
            words = words[:-1]
        elif last not in CONNECTORS:
            break
        words = words[:-1]
    return words


def _initials_joined(words: list[str]) -> list[str]:
    """Join runs of single letters: ``j p morgan`` is ``jp morgan``, ``s a r l`` is ``sarl``."""
    joined: list[str] = []
    run = ""
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run += word
            continue
        joined += [run] if run else []
        run = ""
        joined += [word] if word else []
    return joined
