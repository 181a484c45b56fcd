"""How a column's header is held against the vocabulary: whole words, never letters inside one.

A measure word inside a longer name is no measure yet: "sales team id" is an id and "gross margin %"
a percentage. What the rest of a name says decides how much the name is worth.
"""

import re
import unicodedata
from functools import cache

from gosales.onboarding.vocabulary import (
    AMOUNTS,
    DECOYS,
    IN_STOCK,
    NEUTRAL,
    NUMBERS_OF,
    OTHER_THINGS,
    SHARES,
    STRONG,
    TAXES,
    WEAK,
    WITHOUT,
)

MEASURES = ("quantity", "gross_profit", "revenue")
IDENTIFIERS = ("customer_id", "invoice_id", "sku")
DATES = ("order_date", "recorded_at")
# Shorter names, as "rep", are said of too many other things; "qty" of nothing else.
SHORTEST_INSIDE = 4
SHORTEST_MEASURE = 3
LINKS = {"de", "des", "du", "da", "do", "del", "di", "della"}


@cache
def word_set(words: str) -> frozenset[str]:
    """Return the words of a line.

    Examples
    --------
    >>> sorted(word_set("no nr"))
    ['no', 'nr']
    """
    return frozenset(words.split())


@cache
def tokens(header: str) -> tuple[str, ...]:
    """Split a header into lower-case words without accents; camel case is split too.

    Examples
    --------
    >>> tokens("UsdCadConversionRate"), tokens("Kd-Nr.")
    (('usd', 'cad', 'conversion', 'rate'), ('kd', 'nr'))
    >>> tokens("_SalesTeamID"), tokens("Gross Margin %"), tokens("Order #")
    (('sales', 'team', 'id'), ('gross', 'margin', 'pct'), ('order', 'no'))
    """
    plain = unicodedata.normalize("NFKD", header)
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"#\s*$", " no", plain.replace("%", " pct "))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", plain)
    return tuple(re.findall(r"[a-z0-9]+", apart.casefold()))


def name_points(header: str, role: str) -> int:
    """Say how strongly a header names a role: 3 it is a name of it, 2 it holds one, 1 weakly.

    Examples
    --------
    >>> name_points("Cust. No.", "customer_id"), name_points("Customer", "customer_id")
    (3, 1)
    >>> name_points("Ship Date", "order_date"), name_points("Sales Team ID", "revenue")
    (0, 0)
    """
    if decoy_of(header):
        return 0
    words = _without_taxes(tokens(header))
    if words[:2] == ("number", "of"):
        words = words[2:]
    spellings = _spellings(words)
    if spellings & (_strong(role) | _weak(role)):
        return 3 if spellings & _strong(role) else 1
    inside = _inside(words, role)
    rest = words if inside is None else (*words[: inside[0]], *words[inside[1] :])
    if _is_another_thing(words, rest, role):
        return 0
    if inside is not None:
        # "Erp Customer Id", "Order Date (UTC)": a name with more words around it.
        if role in MEASURES:
            return 2 if all(word in word_set(NEUTRAL) or word.isdigit() for word in rest) else 1
        behind = set(words[inside[1] :])
        return 1 if role in IDENTIFIERS and behind - word_set(NUMBERS_OF) else 2
    return 1 if set(words[-1:]) & _weak(role) else 0


def decoy_of(header: str) -> str | None:
    """Name what a header says that GoSales does not map; None where it says no such thing."""
    words = _without_taxes(tokens(header))
    joined = {"".join(words), "".join(words[-2:]), *words[-1:]}
    exact = next((what for what, names in DECOYS.items() if "".join(words) in names.split()), None)
    if exact:
        return exact
    if any("".join(words) in _strong(role) | _weak(role) for role in STRONG):
        return None
    return next((what for what, names in DECOYS.items() if joined & set(names.split())), None)


def _spellings(words: tuple[str, ...]) -> set[str]:
    """Return a name in one word; with what numbers it behind it, and without "de", too."""
    plain = tuple(word for word in words if word not in LINKS)
    turned = (*words[1:], *words[:1]) if set(words[:1]) & word_set(NUMBERS_OF) else words
    return {"".join(words), "".join(plain), "".join(turned)}


def _inside(words: tuple[str, ...], role: str) -> tuple[int, int] | None:
    """Return where the longest name of a role stands among the words of a header."""
    shortest = SHORTEST_MEASURE if role in MEASURES else SHORTEST_INSIDE
    spans = [
        (start, end)
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
        if len(name := "".join(words[start:end])) >= shortest and name in _strong(role)
    ]
    return max(spans, key=lambda span: (span[1] - span[0], span[1]), default=None)


def _is_another_thing(words: tuple[str, ...], rest: tuple[str, ...], role: str) -> bool:
    """Tell whether the other words of a header make it the name of something else."""
    heads = {*words[-1:], *(words[:1] if LINKS & set(words) else ())} & set(rest)
    if role in MEASURES:
        wrong = word_set(NUMBERS_OF) | word_set(SHARES)
        if role == "quantity":
            wrong |= word_set(IN_STOCK)
        return bool(set(rest) & wrong or heads & word_set(OTHER_THINGS))
    if role in IDENTIFIERS:
        return bool(heads & (word_set(AMOUNTS) | word_set(OTHER_THINGS) | {"date"}))
    if role in DATES:
        return bool(heads & (word_set(NUMBERS_OF) | word_set(OTHER_THINGS)))
    return False


def _without_taxes(words: tuple[str, ...]) -> tuple[str, ...]:
    """Drop "excl. VAT", "before discount" from the end of a header."""
    for at in range(1, len(words) - 1):
        if words[at] in word_set(WITHOUT) and set(words[at + 1 :]) <= word_set(TAXES) | {
            "of",
            "and",
        }:
            return words[:at]
    return words


@cache
def _strong(role: str) -> frozenset[str]:
    return word_set(STRONG.get(role, ""))


@cache
def _weak(role: str) -> frozenset[str]:
    return word_set(WEAK.get(role, ""))
