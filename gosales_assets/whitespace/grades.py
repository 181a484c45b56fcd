"""Grades: places among the ranked, and what a wide interval takes from them."""

import polars as pl

from gosales_assets.whitespace.percentile import percentile

# Lowest percentile that earns a grade; below all of them it is an F.
GRADES = (("A", 0.90), ("B", 0.70), ("C", 0.40), ("D", 0.15))
WORST = "F"


def grade_of(place: pl.Expr) -> pl.Expr:
    """Return the grade of a percentile.

    Parameters
    ----------
    place
        0 to 1; null has no grade.

    Examples
    --------
    >>> pl.select(grade_of(pl.lit(pl.Series([0.9, 0.1, None])))).to_series().to_list()
    ['A', 'F', None]
    """
    grade: pl.Expr = pl.lit(WORST)
    for name, least in reversed(GRADES):
        grade = pl.when(place >= least).then(pl.lit(name)).otherwise(grade)
    return pl.when(place.is_not_null()).then(grade)


def grades(rows: pl.DataFrame, is_ranked: pl.Expr) -> pl.DataFrame:
    """Return the two grades of a list's rows.

    A probability that is known badly has a lower end far below it. Among the ranked its percentile
    falls, and the grade with it: it is the worse of those by score and by p_low.

    Parameters
    ----------
    rows
        Those of a list: `score`, `p_icp`, and `p_low` where the model tells an interval.
    is_ranked
        Which of them are graded.

    Returns
    -------
    polars.DataFrame
        The same rows: `grade` and `grade_p_icp`, null where it is not graded.
    """
    # Once each: a plan of expressions asks for a percentile again wherever a grade compares it.
    places = rows.select(
        percentile(pl.when(is_ranked).then(name)).alias(name)
        for name in ("score", "p_low", "p_icp")
    )
    by_score, by_low, by_p = (grade_of(pl.col(name)) for name in places.columns)
    # Letters rise as grades fall.
    return places.select(grade=pl.max_horizontal(by_score, by_low), grade_p_icp=by_p)
