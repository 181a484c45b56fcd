"""What a line of a long log is worth: an amount of its own, else unit price times quantity."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from gosales.onboarding.finding import Finding, evidence
from gosales.onboarding.measures import MONEY, price_of_line
from gosales.onboarding.profile import Profile, read_numbers
from gosales.onboarding.roles import Assigned
from gosales.onboarding.suggestions import suggest
from gosales.onboarding.words import decoy_of, tokens

UNIT_PRICE = "unit price"
DISCOUNTS = {
    "discount", "discounts", "discountpct", "rabatt", "rabattproz", "remise", "descuento", "desconto",
    "sconto", "korting",
}  # fmt: skip
FRACTION, PERCENT = 1000, 100_000  # in thousandths


def settle_amount(
    assigned: Assigned, frame: pl.DataFrame, profiles: Mapping[str, Profile]
) -> dict[str, Finding]:
    """Say what lines are worth where no column of amounts was taken.

    Parameters
    ----------
    assigned
        Roles of a long log, and the columns that were refused.
    frame
        Rows of a sample.
    profiles
        Of its columns.

    Returns
    -------
    dict of Finding
        The roles; with `unit_price` (and `discount`) where that times the quantity is the revenue,
        else with an essential `revenue` that is undecided and says what was looked for.
    """
    roles = dict(assigned.roles)
    if any(roles[role].value for role in MONEY if role in roles):
        return roles
    if "unit_price" in roles:
        return roles | _discount(roles, frame, profiles)
    refused = [f for f in assigned.refused if f.what in MONEY]
    ties = [roles.pop(role) for role in MONEY if role in roles]
    prices = _prices(roles, profiles)
    if ties:
        return roles | {tie.what: replace(tie, is_essential=True) for tie in ties}
    quantity = roles["quantity"].value if "quantity" in roles else None
    if len(prices) == 1 and quantity and not refused:
        return roles | _priced(prices[0], quantity, roles, frame, profiles)
    why = [f"{f.value} is named like one, but {f.why}" for f in refused]
    why = why or ["no column is named like the amount of a line"]
    options = []
    if prices and quantity:
        why.append(f"{' or '.join(prices)} x {quantity} would be one")
        options = [f"unit_price={price}" for price in prices]
    else:
        known = {role: f.value for role, f in roles.items() if f.value}
        free = [
            c for c in profiles if c not in known.values() and c not in [f.value for f in refused]
        ]
        options = suggest(frame, profiles, free, "revenue", known)
        why.append(
            f"by their values these may be: {', '.join(options)}"
            if options
            else "a unit price has no quantity beside it"
            if prices
            else "and there is no unit price"
        )
    told = Finding("revenue", None, "undecided", "; ".join(why), is_essential=True, options=options)
    return roles | {"revenue": told}


def _prices(roles: Mapping[str, Finding], profiles: Mapping[str, Profile]) -> list[str]:
    taken = {finding.value for finding in roles.values()}
    named = [
        name
        for name, found in profiles.items()
        if found.kind == "number" and name not in taken and decoy_of(name) == UNIT_PRICE
    ]
    # A list price is what nobody paid, where there is another.
    paid = [
        name for name in named if not {"list", "listen", "listprice", "msrp"} & set(tokens(name))
    ]
    return paid or named


def _priced(
    price: str,
    quantity: str,
    roles: Mapping[str, Finding],
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
) -> dict[str, Finding]:
    seen = evidence(profiles[price])
    if price_of_line(frame, price, quantity, roles["sku"].value if "sku" in roles else None):
        why = f"named like a price, and grows with {quantity}: the line's. Confirm; {seen}"
        return {"revenue": Finding("revenue", price, "guessed", why)}
    why = f"no column is the amount of a line: revenue is {price} x {quantity}. Confirm; {seen}"
    found = {"unit_price": Finding("unit_price", price, "guessed", why)}
    return found | _discount({**roles, **found}, frame, profiles)


def _discount(
    roles: Mapping[str, Finding], frame: pl.DataFrame, profiles: Mapping[str, Profile]
) -> dict[str, Finding]:
    """Find what a price is reduced by, as a part of it; a discount in money is pointed out."""
    if "discount" in roles:
        return {}
    taken = {finding.value for finding in roles.values()}
    named = [
        name
        for name, found in profiles.items()
        if found.kind == "number" and name not in taken and DISCOUNTS & set(tokens(name))
    ]
    if len(named) != 1:
        return {}
    unit = discount_unit(frame, named[0])
    if unit is None:
        why = f"{named[0]} has values below zero: prices are taken without it"
        return {"discount": Finding("discount", None, "undecided", why)}
    does = {"fraction": "a fraction of the price", "percent": "a percentage of the price"}
    why = f"{does.get(unit, 'money off the line')}. Confirm; {evidence(profiles[named[0]])}"
    return {"discount": Finding("discount", named[0], "guessed", why)}


def discount_unit(frame: pl.DataFrame, column: str) -> str | None:
    """Tell what discounts are counted in.

    Parameters
    ----------
    frame
        Rows of a sample.
    column
        Of numbers.

    Returns
    -------
    str or None
        `fraction` for 0 to 1, `percent` for whole numbers (or a name that says so) to 100, else
        `amount`; None where some are below zero.
    """
    values = read_numbers(frame[column]).drop_nulls()
    low, high = values.min(), values.max()
    if not isinstance(low, int) or not isinstance(high, int) or low < 0:
        return None
    if high <= FRACTION:
        return "fraction"
    is_whole = bool((values % FRACTION == 0).all())
    is_percent = high <= PERCENT and (is_whole or "pct" in tokens(column))
    return "percent" if is_percent else "amount"
