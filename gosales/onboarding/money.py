"""What a log's amounts are worth: the value measure, the currency, and which way a rate goes."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from gosales.onboarding.finding import Finding
from gosales.onboarding.profile import read_numbers, share_of
from gosales.onboarding.words import tokens

# Above this share of lines sold below cost a label "net gross profit above 0" says little.
MOST_LOSSES = 0.20
# US dollars one unit was worth in the early 2020s. Only the order of magnitude is used: a rate that
# both directions explain within a quarter is left undecided.
USD_WORTH = {
    "USD": 1.0, "EUR": 1.09, "GBP": 1.27, "CHF": 1.11, "CAD": 0.74, "AUD": 0.67, "NZD": 0.62,
    "JPY": 0.0071, "CNY": 0.14, "HKD": 0.128, "SGD": 0.74, "KRW": 0.00076, "INR": 0.012,
    "MXN": 0.055, "BRL": 0.19, "ZAR": 0.055, "SEK": 0.096, "NOK": 0.098, "DKK": 0.146, "PLN": 0.25,
    "CZK": 0.044, "HUF": 0.0028, "RON": 0.22, "TRY": 0.04, "ILS": 0.27, "THB": 0.028, "AED": 0.272,
}  # fmt: skip
TELLING = math.log(1.25)
SIGNS = {
    "$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "rs": "INR", "r$": "BRL",
    "c$": "CAD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
    "zł": "PLN", "kč": "CZK", "₺": "TRY", "₩": "KRW", "₪": "ILS", "฿": "THB", "fr": "CHF", "sfr": "CHF",
}  # fmt: skip
CODES = {code.lower(): code for code in USD_WORTH}
# What is left of an amount without its number: a sign, a code, nothing.
NUMBER_SIGNS = r"[\d\s.,'()+\-_\x{2019}\x{2212}\x{2013}]"
NEARLY_ALL = 0.95
RATE_SCALE = 6


@dataclass(frozen=True)
class CurrencyFinding:
    """How amounts come into one currency."""

    use_columns: bool
    """Map the currency and rate columns."""
    findings: list[Finding] = field(default_factory=list)


def find_value(
    frame: pl.DataFrame, gross_profit: str | None, revenue: str | None, quantity: str | None, decimal: str
) -> Finding:  # fmt: skip
    """Choose the measure that labels are made of.

    Gross profit where there is one, unless more than a fifth of the sold lines lose money and
    there is a revenue to take instead.

    Parameters
    ----------
    frame
        Rows of a sample.
    gross_profit, revenue, quantity
        Their columns; None where the log has none.
    decimal
        Decimal mark of text.

    Returns
    -------
    Finding
        `gross_profit` or `revenue`; undecided where the log has neither.
    """
    if gross_profit is None and revenue is None:
        # What is open is the column of amounts, which is asked for.
        why = "follows once the amount of a line is known"
        return Finding("value", None, "undecided", why)
    if gross_profit is None:
        return Finding("value", "revenue", "sure", "the log has no gross profit")
    profit = read_numbers(frame[gross_profit], decimal)
    sold = profit.is_not_null()
    if quantity is not None:
        sold &= (read_numbers(frame[quantity], decimal) > 0).fill_null(value=False)
    losses = share_of(profit.filter(sold) < 0)
    if losses <= MOST_LOSSES:
        why = f"{losses:.1%} of the sold lines have a negative gross profit"
        return Finding("value", "gross_profit", "sure", why)
    why = (
        f"{losses:.0%} of the sold lines have a negative gross profit: with value gross_profit "
        "such a purchase would count as none"
    )
    if revenue is None:
        return Finding("value", "gross_profit", "guessed", f"{why}. There is no revenue to take")
    return Finding("value", "revenue", "guessed", f"{why}; so revenue. Confirm")


def sign_of(cell: pl.Expr) -> pl.Expr:
    """Return what stands beside the number of an amount, in lower case; null where nothing does.

    Parameters
    ----------
    cell
        Text.

    Returns
    -------
    polars.Expr
        String.
    """
    rest = cell.str.replace_all(NUMBER_SIGNS, "").str.to_lowercase()
    return pl.when(rest != "").then(rest)


def find_currency(
    counts: pl.DataFrame | None,
    signs: Mapping[str, int],
    decimal: str,
    home: str | None = None,
    headers: Sequence[str] = (),
) -> CurrencyFinding:
    """Decide home currency and conversion.

    Parameters
    ----------
    counts
        Distinct currency and rate with their `rows`, of all rows: a currency that comes late must
        not be missed. Without a rate column two columns; None without a currency column.
    signs
        What stands beside the numbers of amounts (`sign_of`) and in how many cells, of all rows.
    decimal
        Decimal mark.
    home
        The home currency, where a person has decided it.
    headers
        Of the columns of amounts, which may name their currency.

    Returns
    -------
    CurrencyFinding
        Which columns to map, and the home currency with the way a rate goes; what cannot be told is
        undecided.
    """
    if home and (counts is None or counts.width < 3):
        return CurrencyFinding(False, [_given(home, signs)])
    if counts is None:
        return CurrencyFinding(False, [_by_signs(signs, headers)])
    code, rate = counts.columns[0], counts.columns[1]
    rows = counts.select(code=pl.col(code).str.to_uppercase(), rows="rows").with_columns(
        rate=read_numbers(counts[rate], decimal, RATE_SCALE) / 10**RATE_SCALE
    )
    blank = int(rows.filter(pl.col("code").is_null())["rows"].sum())
    rows = rows.drop_nulls("code")
    by_rows = rows.group_by("code").agg(pl.col("rows").sum())
    known = by_rows.sort("rows", "code", descending=[True, False])["code"].to_list()
    if len(known) == 1 and not blank:
        why = f"every row is in {known[0]}"
        return CurrencyFinding(False, [Finding("home_currency", known[0], "sure", why)])
    if counts.width > 2:
        return _by_rates(rows, known, home)
    why = (
        f"{', '.join(known)} occur and no column is named like a rate. If all amounts are in one "
        "currency already, name it; else the log needs each row's rate"
    )
    return CurrencyFinding(False, [Finding("home_currency", None, "undecided", why, True, known)])


def _currencies(signs: Mapping[str, int]) -> dict[str, int]:
    """Return the currencies that signs name, most cells first."""
    found: Counter[str] = Counter()
    for sign, count in signs.items():
        if code := SIGNS.get(sign) or CODES.get(sign.strip("$€£")):
            found[code] += count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _given(home: str, signs: Mapping[str, int]) -> Finding:
    others = {code: count for code, count in _currencies(signs).items() if code != home}
    if not others:
        return Finding("home_currency", home, "sure", "given")
    shown = ", ".join(
        f"{count:,} amounts carry the sign of {code}" for code, count in others.items()
    )
    return Finding("home_currency", home, "guessed", f"given, though {shown}")


def _by_signs(signs: Mapping[str, int], headers: Sequence[str]) -> Finding:
    found = _currencies(signs)
    if len(found) > 1:
        shown = ", ".join(f"{code} {count:,}" for code, count in found.items())
        why = (
            f"the amounts carry the signs of several currencies ({shown} cells) and no column is a "
            "rate: the log needs a column of currencies and one of rates. If all amounts are in one "
            "currency already, name it"
        )
        return Finding("home_currency", None, "undecided", why, True, list(found))
    if found:
        return Finding("home_currency", next(iter(found)), "guessed", "the amounts carry its sign")
    named = {CODES[word]: header for header in headers for word in tokens(header) if word in CODES}
    named |= {SIGNS[sign]: header for header in headers for sign in "$€£" if sign in header}
    if len(named) == 1:
        code, header = next(iter(named.items()))
        return Finding("home_currency", code, "guessed", f"{header} names it")
    why = "no currency column and no sign; it names amounts and changes no number"
    return Finding("home_currency", "USD", "guessed", why)


def _by_rates(rows: pl.DataFrame, known: list[str], given: str | None) -> CurrencyFinding:
    """Find the currency whose rate is 1 or blank, and what the other rates mean."""
    is_one = pl.col("rate").is_null() | ((pl.col("rate") - 1).abs() < 1e-9)
    weight = pl.col("rows")
    shares = rows.group_by("code").agg(
        ones=weight.filter(is_one).sum() / weight.sum(), count=weight.sum()
    )
    shares = shares.sort("code")
    homes = [given] if given else shares.filter(pl.col("ones") >= NEARLY_ALL)["code"].to_list()
    if len(homes) != 1:
        shown = ", ".join(f"{c} {n:,} rows" for c, n in shares.select("code", "count").rows())
        why = f"{shown}; the home currency is the one whose rate is blank or 1, and " + (
            f"that is true of {', '.join(homes)}: rows of the others need a rate"
            if homes
            else "that is true of none"
        )
        missing = Finding("home_currency", None, "undecided", why, is_essential=True, options=known)
        return CurrencyFinding(True, [missing])
    home = homes[0]
    why = f"its rate is blank or 1; the other rows: {', '.join(c for c in known if c != home)}"
    found = Finding("home_currency", home, "guessed", f"{why}. Confirm")
    if given:
        found = Finding("home_currency", home, "sure", "given")
    return CurrencyFinding(True, [found, _direction(rows.filter(pl.col("code") != home), home)])


def _direction(foreign: pl.DataFrame, home: str) -> Finding:
    # Each rate once: a day with many rows is one day.
    medians = foreign.group_by("code").agg(pl.col("rate").median(), pl.col("rows").sum())
    votes, shown = set(), []
    for code, rate, _ in medians.sort("rows", "code", descending=[True, False]).rows():
        if code not in USD_WORTH or home not in USD_WORTH or not rate or rate <= 0:
            shown.append(f"{code} {rate}")
            continue
        foreign_per_home = math.log(USD_WORTH[home] / USD_WORTH[code])
        shown.append(f"{code} {rate:g}")
        off_divide = abs(math.log(rate) - foreign_per_home)
        off_multiply = abs(math.log(rate) + foreign_per_home)
        if abs(off_divide - off_multiply) > TELLING:
            votes.add("divide" if off_divide < off_multiply else "multiply")
    if len(votes) == 1:
        (way,) = votes
        means = "foreign units per home unit" if way == "divide" else "home units per foreign unit"
        why = f"median rates {', '.join(shown)} with home {home} are {means}. Confirm"
        return Finding("conversion", way, "guessed", why)
    why = (
        f"median rates {', '.join(shown)} with home {home} may be foreign units per home unit "
        "(divide) or home units per foreign unit (multiply)"
    )
    return Finding(
        "conversion", None, "undecided", why, is_essential=True, options=["divide", "multiply"]
    )
