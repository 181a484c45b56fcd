"""Why the values of a column cannot be those of a role, whatever its name says."""

from collections.abc import Callable

from gosales.onboarding.profile import Profile

# A column that identifies every row needs to be filled in nearly all of them.
FILLED = 0.9
Reason = str | None


def refusal(found: Profile, role: str) -> Reason:
    """Say what of a column's values speaks against a role; None where nothing does.

    Parameters
    ----------
    found
        What the column's values are.
    role
        One of the roles of a sales log.

    Returns
    -------
    str or None
        The reason, to be put behind "it": what it is or has.
    """
    if found.kind == "empty":
        return "is empty"
    return RULES[role](found)


def _blank(found: Profile) -> Reason:
    if found.filled_frac >= FILLED:
        return None
    return (
        f"is blank in {found.rows - found.filled:,} of {found.rows:,} rows, which would be rejects"
    )


def _not_of_kind(found: Profile, kind: str) -> Reason:
    if found.kind == kind:
        return None
    if found.unread is not None and kind == "number":
        read = round(found.number_frac * found.filled)
        return f"has {read:,} of {found.filled:,} cells that read as numbers, and {found.unread!r} does not"
    return f"has no {kind}s, as {found.examples[0]!r}"


def _identifies(found: Profile) -> Reason:
    if found.kind == "date":
        return f"has dates, as {found.examples[0]!r}"
    if found.has_fractions:
        return f"has numbers with fractions, as {found.examples[0]!r}, which identify nothing"
    if found.distinct < 2:
        return f"has one value in all rows, {found.examples[0]!r}"
    return _blank(found)


def _names(found: Profile) -> Reason:
    if found.has_words:
        return f"has words, as {found.examples[0]!r}: names, not codes"
    return _identifies(found)


def _repeats(found: Profile) -> Reason:
    if reason := _names(found):
        return reason
    if found.distinct >= max(found.filled, 2):
        return "has another value in every row: nobody bought twice"
    return None


def _is_date(found: Profile) -> Reason:
    return _not_of_kind(found, "date") or _blank(found)


def _is_number(found: Profile) -> Reason:
    return _not_of_kind(found, "number")


def _is_rate(found: Profile) -> Reason:
    return _is_number(found) or ("has some below zero" if found.negative_frac else None)


def _is_currency(found: Profile) -> Reason:
    codes = all(len(v) == 3 and v.isascii() and v.isalpha() for v in found.examples)
    return None if found.kind == "text" and codes else "has no currency codes"


def _is_text(found: Profile) -> Reason:
    if found.kind != "text":
        return f"has {found.kind}s"
    return None if found.distinct > 1 else "has one value in all rows"


def _groups(found: Profile) -> Reason:
    if found.kind == "date" or found.has_fractions:
        return f"has no groups, as {found.examples[0]!r}"
    few = found.distinct <= max(0.5 * found.filled, 2)
    return None if few else f"has {found.distinct:,} different values, which are no groups"


RULES: dict[str, Callable[[Profile], Reason]] = {
    "order_date": _is_date,
    "recorded_at": lambda found: _not_of_kind(found, "date"),
    "currency": _is_currency,
    "conversion_rate": _is_rate,
    "quantity": _is_number,
    "gross_profit": _is_number,
    "revenue": _is_number,
    "unit_price": _is_number,
    "discount": _is_number,
    "invoice_id": _names,
    "sku": _identifies,
    "customer_id": _repeats,
    "customer_name": _is_text,
    "rep": _groups,
    "branch": _groups,
    "region": _groups,
    "source_division": _groups,
    "family": _groups,
}
