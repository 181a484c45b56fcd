"""Holds two names word against word: every word must stand for a word of the other.

The guard against near-collisions. "Harbor Tool" is not "Harbor Tools West" (a word too many),
"Acme 1" not "Acme 2" (numbers have no slips), "Baker Tool" not "Barker Tool" where both are
names. Only what passes is scored for a match.
"""

from itertools import permutations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

# Pairs held word against word at a time: words squared a pair, as booleans.
CHUNK_PAIRS = 200_000
ABSENT_MINE, ABSENT_THEIRS = -1, -2
SCORED = {"q": pl.Int64, "d": pl.Int64, "score": pl.Float64}

Codes = NDArray[np.int64]
Marks = NDArray[np.bool_]


class Aligner:
    """Compares names of two lists by their words."""

    def __init__(self, mine: pl.Series, theirs: pl.Series, stand_ins: pl.DataFrame) -> None:
        """Code the words.

        Parameters
        ----------
        mine, theirs
            Sorted distinct words of each name, by position.
        stand_ins
            `written`, `word`, `is_cut`: which other words a written word may stand for.
        """
        exploded = pl.concat([mine.explode(), theirs.explode()]).drop_nulls()
        self._words = exploded.unique().sort().to_list()
        code = {word: at for at, word in enumerate(self._words)}
        self._mine = _padded(mine, code, ABSENT_MINE)
        self._theirs = _padded(theirs, code, ABSENT_THEIRS)
        self._names_theirs = theirs.list.join(" ")
        self._count_mine = (self._mine != ABSENT_MINE).sum(axis=1)
        self._count_theirs = (self._theirs != ABSENT_THEIRS).sum(axis=1)
        known = [row for row in stand_ins.rows() if row[0] in code and row[1] in code]
        self._allowed = {(code[written], code[word]): is_cut for written, word, is_cut in known}
        slips = np.array(sorted(self._allowed), dtype=np.int64).reshape(-1, 2)
        self._allowed_codes = self._join(slips[:, 0], slips[:, 1])

    def score(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Score the pairs that align.

        Parameters
        ----------
        pairs
            Positions `q` and `d` in the two lists.

        Returns
        -------
        polars.DataFrame
            `q`, `d`, `score` of the pairs whose words stand for each other one to one, at most
            half of them, rounded up, by a slip or cut short; in the order of `pairs`. The score is
            the Jaro-Winkler similarity of the sorted words, 0 to 1, a slip standing where the
            word it stands for does.
        """
        found = [self._score(part) for part in pairs.iter_slices(CHUNK_PAIRS)]
        return pl.concat([pl.DataFrame(schema=SCORED), *found])

    def _score(self, pairs: pl.DataFrame) -> pl.DataFrame:
        q, d = pairs["q"].to_numpy(), pairs["d"].to_numpy()
        same = self._count_mine[q] == self._count_theirs[d]
        q, d = q[same], d[same]
        mine, theirs = self._mine[q], self._theirs[d]
        equal = mine[:, :, None] == theirs[:, None, :]
        mine_left = ~equal.any(axis=2) & (mine != ABSENT_MINE)
        theirs_left = ~equal.any(axis=1) & (theirs != ABSENT_THEIRS)
        left = mine_left.sum(axis=1)
        scores = (left == 0).astype(np.float64)
        # Where one word is left its code is the sum over the words that are left.
        written, word = (mine * mine_left).sum(axis=1), (theirs * theirs_left).sum(axis=1)
        is_slip = (left == 1) & np.isin(self._join(written, word), self._allowed_codes)
        slips = {at: {int(word[at]): int(written[at])} for at in np.flatnonzero(is_slip).tolist()}
        several = np.flatnonzero((left > 1) & (left <= (self._count_mine[q] + 1) // 2))
        hopeful = self._has_partners(
            mine[several], theirs[several], mine_left[several], theirs_left[several]
        )
        for at in several[hopeful].tolist():
            if stands := self._assign(mine[at][mine_left[at]], theirs[at][theirs_left[at]]):
                slips[at] = stands
        if slips:
            ats = list(slips)
            codes = theirs[ats].tolist()
            spelled = [self._spelled(*one) for one in zip(codes, slips.values(), strict=True)]
            scores[ats] = similarity(spelled, self._names_theirs.gather(d[ats]).to_list())
        passed = scores > 0
        return pl.DataFrame({"q": q[passed], "d": d[passed], "score": scores[passed]}, SCORED)

    def _has_partners(
        self, mine: Codes, theirs: Codes, mine_left: Marks, theirs_left: Marks
    ) -> Marks:
        """Tell of each pair whether every left word has one it may stand for: few do."""
        both = mine_left[:, :, None] & theirs_left[:, None, :]
        joined = self._join(mine[:, :, None], theirs[:, None, :])
        partners = both & np.isin(joined, self._allowed_codes)
        return np.asarray((partners.any(axis=2) | ~mine_left).all(axis=1))

    def _assign(self, mine: Codes, theirs: Codes) -> dict[int, int]:
        """Find which left word stands for which, the first way in a fixed order; else empty."""
        for order in permutations(sorted(mine.tolist())):
            pairs = list(zip(order, sorted(theirs.tolist()), strict=True))
            if all(pair in self._allowed for pair in pairs):
                return {known: written for written, known in pairs}
        return {}

    def _spelled(self, words: list[int], slips: dict[int, int]) -> str:
        """Write a name of the directory with its slips; a word cut short is no misspelling."""
        spelled = []
        for word in (code for code in words if code >= 0):
            written = slips.get(word, word)
            is_cut = self._allowed.get((written, word), False)
            spelled.append(self._words[word if is_cut else written])
        return " ".join(spelled)

    def _join(self, written: Codes, word: Codes) -> Codes:
        return written * len(self._words) + word


def similarity(mine: list[str], theirs: list[str]) -> NDArray[np.float64]:
    """Return the Jaro-Winkler similarity of texts pair by pair, rounded to six digits.

    Parameters
    ----------
    mine, theirs
        Texts, of equal number.

    Returns
    -------
    numpy.ndarray
        Float64, one per pair, 0 to 1; empty for no pairs.
    """
    scores = process.cpdist(
        mine, theirs, scorer=JaroWinkler.similarity, dtype=np.float64, workers=1
    )
    return np.round(scores.astype(np.float64), 6)


def _padded(names: pl.Series, code: dict[str, int], absent: int) -> Codes:
    lists = [words or [] for words in names.to_list()]
    table = np.full((len(lists), max(map(len, lists), default=0)), absent, dtype=np.int64)
    for at, words in enumerate(lists):
        table[at, : len(words)] = [code[word] for word in words]
    return table
