"""What a column that nothing names may be, by its values: only what would pass as the role.

A suggestion is a command that will be pasted; one that is wrong is worse than none.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from gosales.onboarding.fits import refusal
from gosales.onboarding.measures import odd_amount, order_total
from gosales.onboarding.profile import Profile, share_of
from gosales.onboarding.relations import HOLDS, determines
from gosales.onboarding.words import decoy_of
from gosales_resources.sources.cells import text

MOST = 3
# Of the orders with several lines, so many have several articles.
SEVERAL_ARTICLES = 0.5
FEWEST_CUSTOMERS = 3
SOME_DIGITS = 0.9


def suggest(
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
    free: Sequence[str],
    role: str,
    columns: Mapping[str, str],
) -> list[str]:
    """Name the columns whose values are those of a role.

    Parameters
    ----------
    frame
        Rows of a sample.
    profiles
        Of its columns.
    free
        Columns that have no role and are not named like another.
    role
        An essential role, or `revenue`.
    columns
        Role -> column, those that are known: a suggestion is held against them.

    Returns
    -------
    list of str
        At the most three, in the order of the frame; none where the evidence is not enough.
    """
    passes = EVIDENCE[role]
    found = [
        column
        for column in free
        if not decoy_of(column)
        and refusal(profiles[column], role) is None
        and passes(frame, profiles[column], columns)
    ]
    return found if len(found) <= MOST else []


def _is_invoice(frame: pl.DataFrame, found: Profile, columns: Mapping[str, str]) -> bool:
    known = [columns[role] for role in ("customer_id", "order_date") if role in columns]
    # One value on every row may be a row's number as well.
    repeats = FEWEST_CUSTOMERS <= found.distinct < found.filled
    return (
        bool(known)
        and repeats
        and all(determines(frame, found.name, column) >= HOLDS for column in known)
        and any(determines(frame, column, found.name) < HOLDS for column in known)
    )


def _is_customer(frame: pl.DataFrame, found: Profile, columns: Mapping[str, str]) -> bool:
    invoice = columns.get("invoice_id")
    if invoice is None or not FEWEST_CUSTOMERS <= found.distinct <= 0.5 * found.filled:
        return False
    is_code = _digits(frame, found.name) >= SOME_DIGITS
    return is_code and determines(frame, invoice, found.name) >= HOLDS


def _is_article(frame: pl.DataFrame, found: Profile, columns: Mapping[str, str]) -> bool:
    invoice = columns.get("invoice_id")
    if invoice is None or found.distinct > 0.5 * found.filled or found.negative_frac:
        return False
    if odd_amount(frame, found, "revenue"):  # 0, 1, 2: a quantity, a line's number
        return False
    pairs = frame.select(invoice=text(invoice), article=text(found.name)).drop_nulls()
    orders = pairs.group_by("invoice").agg(lines=pl.len(), articles=pl.col("article").n_unique())
    several = orders.filter(pl.col("lines") > 1)
    return several.height > 0 and share_of(several["articles"] > 1) >= SEVERAL_ARTICLES


def _is_amount(frame: pl.DataFrame, found: Profile, columns: Mapping[str, str]) -> bool:
    if odd_amount(frame, found, "revenue") or order_total(
        frame, found.name, columns.get("invoice_id")
    ):
        return False
    # Whole numbers may count or name anything; money has cents somewhere.
    return found.has_fractions


def _is_dated(frame: pl.DataFrame, found: Profile, columns: Mapping[str, str]) -> bool:
    del frame, columns
    return found.kind == "date"


def _digits(frame: pl.DataFrame, column: str) -> float:
    cells = frame.select(text(column)).to_series().drop_nulls()
    return share_of(cells.str.contains(r"\d"))


EVIDENCE: dict[str, Callable[[pl.DataFrame, Profile, Mapping[str, str]], bool]] = {
    "order_date": _is_dated,
    "invoice_id": _is_invoice,
    "customer_id": _is_customer,
    "sku": _is_article,
    "revenue": _is_amount,
}
