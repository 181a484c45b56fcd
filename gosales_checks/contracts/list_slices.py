"""The list cut by division: whom to call about one of them (SPEC section 5).

Made from the list, so that both agree to the row; what the list itself is, is in `whitespace`.
"""

import dataframely as dy

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.whitespace import WHITESPACE, Whitespace


class WhitespaceSlices(Whitespace):
    """The rows of one division of the list, as they stand in it."""

    rank_in_division = dy.Int64(
        nullable=True, min=1,
        description="Place among the ranked rows of the division, in the order of the list; null "
        "where the list does not rank it.",
    )  # fmt: skip

    @dy.rule()
    def ranked_in_both_or_in_neither(cls):
        """A row has a rank in its division if the list ranks it; it is never the worse one."""
        both = cls.rank.col.is_null() == cls.rank_in_division.col.is_null()
        return both & (cls.rank.col.is_null() | (cls.rank_in_division.col <= cls.rank.col))


WHITESPACE_SLICES = Contract(
    name="whitespace_slices",
    schema=WhitespaceSlices,
    grain="one row per eligible customer of the division",
    group="whitespace",
    made_by="whitespace.whitespace_slices",
    partitioned_by="listed_cutoff",
    reads=(Read(WHITESPACE),),
    description="The list by division: its rows as they stand in the list over all divisions, with "
    "their rank among those of their own.",
)
