"""Whether the values of a column can be amounts of a line: the evidence beside its name.

A constant, a percentage, the running number of a team and the total of an order that is repeated
on each of its lines are no amounts of a line, and summing them up makes numbers that look right.
"""

import polars as pl

from gosales.onboarding.profile import Profile, read_numbers, share_of
from gosales_resources.sources.cells import text

MONEY = ("gross_profit", "revenue")
# Fewer values than these are few enough to agree by chance.
FEWEST_VALUES = 8
FEWEST_ORDERS = 5
FEWEST_TOTALS = 3
# Shares from which a rule holds: the rest are slips.
HOLDS = 0.98
# Codes run from 0 or 1 without a gap; no amounts do.
LARGEST_CODE = 200
DENSE = 0.9
# Of the lines with a revenue, so many may have a profit above it (a cost booked negative).
ABOVE_REVENUE = 0.05
# Percentages vary less than half as much (as logarithms) as their quotient with the revenue.
STEADY = 0.5
PERCENT = 100_000  # in thousandths


def odd_amount(frame: pl.DataFrame, found: Profile, role: str) -> str | None:
    """Say why a column of numbers holds no amounts of lines, by its own values alone.

    Parameters
    ----------
    frame
        Rows of a sample.
    found
        The column's profile; of kind number.
    role
        A measure.

    Returns
    -------
    str or None
        The reason; None where nothing speaks against it.
    """
    values = read_numbers(frame[found.name]).drop_nulls()
    if role not in MONEY or values.len() < FEWEST_VALUES:
        return None
    distinct = values.unique().sort()
    if distinct.len() == 1:
        return f"has one value in all rows, {found.examples[0]!r}"
    low, high = int(distinct[0]), int(distinct[-1])
    if found.has_fractions and low >= -1000 and high <= 1000:
        return f"lies between {low / 1000:g} and {high / 1000:g} in all rows: shares, not amounts"
    whole = (values % 1000 == 0).all()
    steps = (high - low) // 1000 + 1
    is_dense = DENSE * steps <= distinct.len() <= values.len() / 2
    if whole and low in (0, 1000) and high <= LARGEST_CODE * 1000 and is_dense:
        return f"has whole numbers from {low // 1000} to {high // 1000} without a gap: codes"
    return None


def no_profit(frame: pl.DataFrame, profit: str, revenue: str) -> str | None:
    """Say why a column is no gross profit of the lines whose revenue another one is.

    Parameters
    ----------
    frame
        Rows of a sample.
    profit, revenue
        Columns of numbers.

    Returns
    -------
    str or None
        The reason; None where nothing speaks against it.
    """
    both = pl.DataFrame(
        {"profit": read_numbers(frame[profit]), "revenue": read_numbers(frame[revenue])}
    ).drop_nulls()
    sold = both.filter(pl.col("revenue") > 0)
    if sold.height < FEWEST_VALUES:
        return None
    above = share_of(sold["profit"] > sold["revenue"])
    if above > ABOVE_REVENUE:
        return f"is above {revenue} in {above:.0%} of the lines: a percentage, not an amount"
    gained = sold.filter(pl.col("profit") > 0)
    if gained.height < FEWEST_VALUES or (sold["profit"].abs() > PERCENT).any():
        return None
    # An amount is a share of the revenue give or take; a percentage is itself give or take.
    spread = gained.select(
        itself=pl.col("profit").log().std(),
        share=(pl.col("profit") / pl.col("revenue")).log().std(),
    ).row(0)
    if spread[0] < STEADY * spread[1]:
        return f"is 0 to 100 whatever {revenue} is: a percentage, not an amount"
    return None


def order_total(frame: pl.DataFrame, column: str, invoice: str | None) -> str | None:
    """Say that a column has one value over all lines of an order: the order's total.

    Parameters
    ----------
    frame
        Rows of a sample.
    column
        Of numbers.
    invoice
        Column of the orders; None where it is not known.

    Returns
    -------
    str or None
        The reason; None where the amounts differ within orders, or too few orders could show it.
    """
    if invoice is None:
        return None
    lines = pl.DataFrame(
        {"order": frame.select(text(invoice)).to_series(), "amount": read_numbers(frame[column])}
    ).drop_nulls()
    orders = lines.group_by("order").agg(
        lines=pl.len(), amounts=pl.col("amount").n_unique(), amount=pl.col("amount").first()
    )
    several = orders.filter(pl.col("lines") > 1)
    same = several.filter(pl.col("amounts") == 1)
    if several.height < FEWEST_ORDERS or same["amount"].n_unique() < FEWEST_TOTALS:
        return None
    if same.height < HOLDS * several.height:
        return None
    return (
        f"has one value over all lines of an order in {same.height:,} of {several.height:,} orders of "
        "several lines: the order's, not the line's"
    )


def price_of_line(frame: pl.DataFrame, price: str, quantity: str, sku: str | None) -> bool:
    """Tell whether a column named like a price grows with the quantity: then it is the line's.

    Parameters
    ----------
    frame
        Rows of a sample.
    price, quantity
        Columns of numbers.
    sku
        Column of articles; None where it is not known, and nothing can be told.

    Returns
    -------
    bool
        True where articles have one price per unit and not one price.
    """
    if sku is None:
        return False
    lines = pl.DataFrame(
        {
            "sku": frame.select(text(sku)).to_series(),
            "price": read_numbers(frame[price]),
            "quantity": read_numbers(frame[quantity]),
        }
    ).drop_nulls()
    lines = lines.filter((pl.col("quantity") > 0) & (pl.col("price") != 0))
    each = (pl.col("price") / pl.col("quantity")).round(3)
    articles = lines.group_by("sku").agg(
        quantities=pl.col("quantity").n_unique(),
        prices=pl.col("price").n_unique(),
        units=each.n_unique(),
    )
    telling = articles.filter(pl.col("quantities") > 1)
    grows = share_of((telling["units"] == 1) & (telling["prices"] > 1))
    return telling.height > 0 and grows >= HOLDS
