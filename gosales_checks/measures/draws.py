"""A share of customers drawn by the hash of their ids: always the same ones, in whatever order they lie."""

import polars as pl

from gosales_checks.measures.ranking import tie_breaker


def drawn_customers(population: pl.Series, share: float) -> pl.DataFrame:
    """Draw about such a share of customers: those whose hash is below a bound, so always the same.

    Parameters
    ----------
    population
        Customer ids, each once.
    share
        From 0 to 1.

    Returns
    -------
    polars.DataFrame
        Their ids, in the order of `population`; the column is named as it is.
    """
    bound = int(share * (2**64 - 1))
    return population.filter(pl.Series(tie_breaker(population.to_list()) <= bound)).to_frame()
