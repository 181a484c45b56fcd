"""The columns of every table of measures of a scored list, at training and after the fact."""

import dataframely as dy

SLICES = ["all", "whitespace"]
# Slice -> whom it is of; the one that matters comes first.
CUSTOMERS = {"whitespace": "customers who never bought in the division", "all": "all customers"}


class ScoredListRows(dy.Schema):
    """One figure per row."""

    slice = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(SLICES),
        description="all customers, or the whitespace: those who never bought in the division.",
    )
    measure = dy.String(
        primary_key=True, description="Measure; `none` where there is nothing to measure."
    )
    bin = dy.Int32(
        primary_key=True,
        min=0,
        description="0 for a measure of the slice; 1..10 for gains (best first) and calibration "
        "bins (lowest probability first); the percentage of the list for thresholds.",
    )
    division = dy.String(description="Target division.")
    cutoff = dy.Date(description="As-of date.")
    value = dy.Float64(nullable=True, description="The measure; null where it is not defined.")
    low = dy.Float64(
        nullable=True, description="Lower end of the 95 % interval (customer bootstrap)."
    )
    high = dy.Float64(nullable=True, description="Upper end.")

    @dy.rule()
    def intervals_are_ordered(cls):
        """An interval has its ends in order."""
        return cls.low.col.is_null() | cls.high.col.is_null() | (cls.low.col <= cls.high.col)
