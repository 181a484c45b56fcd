"""Wide logs: which columns are a SKU's amount and quantity, and how they belong together."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from gosales.onboarding.finding import Finding
from gosales.onboarding.profile import Profile, read_numbers
from gosales.onboarding.vocabulary import PROFIT_WORDS, QUANTITY_WORDS, REVENUE_WORDS
from gosales.onboarding.words import tokens

# Fewer pairs are a coincidence of names ("Price", "Price Units").
FEWEST_PAIRS = 2
FEWEST_SPARSE = 5
# Two columns filled in the same rows are an amount and its quantity; below this it is not said.
SAME_ROWS = 0.95
FEWEST_ROWS = 5


@dataclass(frozen=True)
class WideColumns:
    """The SKU columns of a wide log."""

    suffix: str
    quantities: dict[str, str]
    """SKU -> quantity column."""
    amounts: dict[str, str]
    """SKU -> amount column."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Amount column -> SKU, where they differ."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def columns(self) -> set[str]:
        """All SKU columns."""
        return {*self.quantities.values(), *self.amounts.values()}

    @property
    def skus(self) -> list[str]:
        """All SKUs, sorted."""
        return sorted({*self.quantities, *self.amounts})


def find_suffix(header: list[str]) -> tuple[str, int]:
    """Find what the header of a quantity has behind that of its amount.

    Returns
    -------
    tuple of str and int
        The suffix and how many columns end in it; an empty one where there is none.
    """
    ends = Counter(end for column in header for end in _quantity_ends(column))
    names = set(header)
    paired = Counter(
        end for column in header for end in _quantity_ends(column)
        if column.removesuffix(end) in names
    )  # fmt: skip
    best = max(ends, key=lambda end: (paired[end], ends[end], len(end), end), default="")
    return (best, ends[best]) if best and ends[best] >= FEWEST_PAIRS else ("", 0)


def find_sku_columns(
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
    suffix: str,
    identifiers: set[str],
    skus: set[str],
) -> WideColumns:
    """Match the columns of a wide log to SKUs.

    Parameters
    ----------
    frame
        Rows of a sample.
    profiles
        Of all columns.
    suffix
        Of quantity columns.
    identifiers
        Columns that are something else by their names.
    skus
        Columns that a taxonomy calls SKUs.

    Returns
    -------
    WideColumns
        Each SKU with its columns; findings say what was matched by other than equal names.
    """
    free = [c for c in profiles if c not in identifiers]
    is_amount = {c: profiles[c].kind in ("number", "empty") for c in free}
    quantities = {
        c.removesuffix(suffix): c
        for c in free
        if suffix and c.endswith(suffix) and c != suffix and is_amount[c]
    }
    rest = [c for c in free if c not in quantities.values() and is_amount[c]]
    amounts = {c: c for c in rest if c in quantities or c in skus}
    aliases, findings = {}, []
    stems = {_stem(sku): sku for sku in quantities if sku not in amounts}
    for column in [c for c in rest if c not in amounts]:
        if (sku := stems.get(_stem(column))) and sku not in amounts:
            amounts[sku], aliases[column] = column, sku
            findings.append(Finding("alias", column, "sure", f"the amount of {sku}, by its name"))
    open_skus = [sku for sku in quantities if sku not in amounts]
    for column in [c for c in rest if c not in amounts.values()]:
        if not profiles[column].is_sparse:
            continue
        together = [
            s for s in open_skus if s not in amounts and _same_rows(frame, column, quantities[s])
        ]
        if len(together) == 1:
            sku = together[0]
            amounts[sku], aliases[column] = column, sku
            why = f"filled in the same rows as {quantities[sku]}: taken for the amount of {sku}"
            findings.append(Finding("alias", column, "guessed", why))
        elif profiles[column].nonzero:
            amounts[column] = column
            why = "a number in some rows and nothing in most: taken for a SKU without quantity"
            findings.append(Finding("sku", column, "guessed", why))
    return WideColumns(suffix, quantities, amounts, aliases, findings)


def find_amount(
    frame: pl.DataFrame, wide: WideColumns, decimal: str
) -> tuple[Literal["gross_profit", "revenue"], Finding]:
    """Say whether a SKU's amounts are gross profit or revenue.

    Parameters
    ----------
    frame
        Rows of a sample.
    wide
        The SKU columns.
    decimal
        Decimal mark of text.

    Returns
    -------
    tuple of str and Finding
        `gross_profit` or `revenue`, and how sure that is.
    """
    headers = [
        *wide.aliases,
        *(c for s, c in wide.amounts.items() if s not in wide.aliases.values()),
    ]
    words = Counter(word for column in headers for word in set(tokens(column)))
    profit = sum(words[word] for word in PROFIT_WORDS.split())
    revenue = sum(words[word] for word in REVENUE_WORDS.split())
    if profit != revenue:
        amount = "gross_profit" if profit > revenue else "revenue"
        count = max(profit, revenue)
        why = f"{count} of {len(wide.amounts)} headers of amounts say so; confirm where few do"
        # One header among many may be a slip of whoever named it.
        certainty = "sure" if count >= 0.5 * len(wide.amounts) else "guessed"
        return amount, Finding("amount", amount, certainty, why)
    losses = sold = 0
    for sku in set(wide.quantities) & set(wide.amounts):
        units = read_numbers(frame[wide.quantities[sku]], decimal)
        worth = read_numbers(frame[wide.amounts[sku]], decimal)
        is_sold = ((units > 0) & worth.is_not_null()).fill_null(value=False)
        sold += int(is_sold.sum())
        losses += int((is_sold & (worth < 0)).fill_null(value=False).sum())
    if losses:
        why = f"{losses} of {sold:,} sales are below zero: revenue never is. Confirm"
        return "gross_profit", Finding("amount", "gross_profit", "guessed", why)
    why = "nothing says whether a SKU's amount is revenue or gross profit; no sale is below zero"
    return "revenue", Finding("amount", "revenue", "guessed", f"{why}. Confirm")


def _quantity_ends(column: str) -> list[str]:
    """Return the ends of a header that say quantity: `_Qty`, ` Units`."""
    found = re.search(r"[\s_.\-/(]*([^\W\d_]+)[\s_.)]*$", column)
    if not found or not found.start():
        return []
    camel = re.search(r"(?<=[a-z0-9])[A-Z][a-z]+$", column)
    ends = [found[0]] if "".join(tokens(found[1])) in QUANTITY_WORDS.split() else []
    if camel and tokens(camel[0])[0] in QUANTITY_WORDS.split():
        ends.append(camel[0])
    return ends


def _stem(column: str) -> str:
    dropped = {*PROFIT_WORDS.split(), *REVENUE_WORDS.split(), *QUANTITY_WORDS.split()}
    words = [word for word in tokens(column) if word not in dropped]
    return " ".join(words)


def _same_rows(frame: pl.DataFrame, one: str, other: str) -> bool:
    first, second = (_nonzero(frame[c]) for c in (one, other))
    either = int((first | second).sum())
    return either >= FEWEST_ROWS and int((first & second).sum()) >= SAME_ROWS * either


def _nonzero(cells: pl.Series) -> pl.Series:
    numbers = read_numbers(cells)
    return ((numbers != 0) & numbers.is_not_null()).fill_null(value=False)
