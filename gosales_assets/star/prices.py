"""Revenue of lines that have a unit price: unit price x quantity, less the discount, to the cent.

In whole numbers of 128 bits, so that nothing is rounded but the result, once, half to even.
"""

import polars as pl

from gosales_resources.sources.cells import LARGEST, MONEY_SCALE, QUANTITY_SCALE, scaled

# Prices of parts have more decimals than cents have; a discount's are those of its fraction.
FACTOR_SCALE = 6
FACTORS = ("unit_price", "discount")
# A percentage is a fraction moved by two places.
PERCENT_SCALE = FACTOR_SCALE - 2
WIDE = pl.Int128()
WHOLE = 10**FACTOR_SCALE
# What a product of price, quantity and share is counted in, against a cent.
PER_CENT = 10 ** (FACTOR_SCALE + QUANTITY_SCALE + FACTOR_SCALE - MONEY_SCALE)
PER_AMOUNT = 10 ** (QUANTITY_SCALE + FACTOR_SCALE)


def read_factors(decimal: str, kind: pl.DataType, unit: str) -> dict[str, pl.Expr]:
    """Read unit price and discount as integers of 10^-`FACTOR_SCALE`.

    Parameters
    ----------
    decimal
        Decimal mark of text.
    kind
        Type of the raw columns `unit_price` and `discount`.
    unit
        Of the discount: fraction, percent or amount; a cell written with % is a percentage.

    Returns
    -------
    dict of str to polars.Expr
        By factor; Int64, null where blank or unreadable.
    """
    price, discount = map(pl.col, FACTORS)
    plain = scaled(discount, kind, decimal, PERCENT_SCALE if unit == "percent" else FACTOR_SCALE)
    if kind == pl.String() and unit != "amount":
        is_percent = discount.str.strip_chars().str.ends_with("%")
        bare = discount.str.strip_chars().str.strip_suffix("%")
        plain = (
            pl.when(is_percent).then(scaled(bare, kind, decimal, PERCENT_SCALE)).otherwise(plain)
        )
    return {"unit_price": scaled(price, kind, decimal, FACTOR_SCALE), "discount": plain}


def line_revenue(unit: str) -> pl.Expr:
    """Return the revenue of lines with `unit_price_read`, `discount_read` and `quantity_milli_read`.

    Parameters
    ----------
    unit
        Of the discount.

    Returns
    -------
    polars.Expr
        Int64 cents; null where price or quantity is blank, or the product no amount.
    """
    price, quantity = pl.col("unit_price_read").cast(WIDE), pl.col("quantity_milli_read").cast(WIDE)
    # No discount written is none.
    discount = pl.col("discount_read").fill_null(0).cast(WIDE)
    full = price * quantity
    if unit == "amount":
        # Taken off what the line is worth, whichever way the goods go.
        worth = (full * _wide(WHOLE)).abs() - discount * _wide(PER_AMOUNT)
    else:
        worth = full.abs() * (_wide(WHOLE) - discount)
    cents, rest = worth // _wide(PER_CENT), (worth % _wide(PER_CENT)) * _wide(2)
    is_half_up = (rest > _wide(PER_CENT)) | (
        (rest == _wide(PER_CENT)) & (cents % _wide(2) == _wide(1))
    )
    rounded = cents + is_half_up.cast(WIDE)
    signed = pl.when(full < _wide(0)).then(_wide(0) - rounded).otherwise(rounded)
    return pl.when(rounded < _wide(int(LARGEST))).then(signed).cast(pl.Int64)


def wrong_discount(unit: str) -> pl.Expr:
    """Return true where a discount is below nothing or above all.

    Parameters
    ----------
    unit
        Of the discount.
    """
    discount = pl.col("discount_read")
    if unit != "amount":
        return ~discount.is_between(0, WHOLE)
    price, quantity = pl.col("unit_price_read").cast(WIDE), pl.col("quantity_milli_read").cast(WIDE)
    full = (price * quantity * _wide(WHOLE)).abs()
    return (discount < 0) | (discount.cast(WIDE) * _wide(PER_AMOUNT) > full)


def _wide(number: int) -> pl.Expr:
    return pl.lit(number, dtype=WIDE)
