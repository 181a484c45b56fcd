"""Which column is which identifier or measure, from names and values together.

A name proposes, values confirm or refuse. Two columns that fit equally well leave the role
undecided: a wrong customer or date is worse than a question.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from gosales.onboarding.finding import Certainty, Finding, evidence
from gosales.onboarding.profile import Profile, share_of
from gosales.onboarding.words import STRONG, decoy_of, name_points, tokens
from gosales_resources.sources.cells import text

ESSENTIAL = ("customer_id", "order_date", "invoice_id", "sku")
# In this order columns are given away: what the values pin down best comes first.
IDENTIFIERS = (
    "order_date",
    "recorded_at",
    "currency",
    "conversion_rate",
    "invoice_id",
    "customer_id",
    "customer_name",
    "rep",
    "branch",
    "region",
    "source_division",
)
MEASURES = ("quantity", "gross_profit", "revenue")
LONG = ("order_date", "recorded_at", "currency", "conversion_rate", *MEASURES, "invoice_id", "sku")
LONG_ROLES = (*LONG, *IDENTIFIERS[5:], "family")
# A column that identifies every row needs to be filled in nearly all of them.
FILLED = 0.9
# Shares from which a dependency holds (an invoice has one customer): the rest are slips.
HOLDS = 0.98
SHOWN_OPTIONS = 4


def assign_roles(
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
    roles: Sequence[str],
    given: Mapping[str, str],
) -> dict[str, Finding]:
    """Give each role at most one column, each column at most one role.

    Parameters
    ----------
    frame
        Rows of a sample.
    profiles
        Of the columns that may be identifiers or measures.
    roles
        Those of the layout, in the order they are decided.
    given
        Role -> column that a person has decided.

    Returns
    -------
    dict of Finding
        Role -> finding, for every role that has a column or is essential.
    """
    findings = {
        role: Finding(role, column, "sure", f"given; {evidence(profiles[column])}")
        for role, column in given.items()
        if role in roles and column in profiles
    }
    points = {
        column: {role: name_points(column, role) for role in roles if FITS[role](found)}
        for column, found in profiles.items()
        if column not in given.values()
    }
    for role in roles:
        if role in findings:
            continue
        taken = {f.value for f in findings.values()}
        finding = _choose(role, points, taken, frame, profiles)
        if finding is not None:
            findings[role] = finding
    return findings


def _choose(
    role: str,
    points: Mapping[str, Mapping[str, int]],
    taken: set[str | None],
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
) -> Finding | None:
    mine = {
        column: scores[role]
        for column, scores in points.items()
        if column not in taken
        and scores.get(role, 0) > 0
        and scores[role] >= max(scores.values())
        # A code is a customer's id before it is its name.
        and not (role == "customer_id" and scores[role] == 1 and not _has_digits(profiles[column]))
    }
    best = max(mine.values(), default=0)
    top = [column for column in profiles if mine.get(column, 0) == best > 0]
    if not top:
        return _nothing_named(role, points, taken, profiles) if role in ESSENTIAL else None
    if len(top) > 1:
        return _tie(role, top, frame, profiles)
    certainty: Certainty = "sure" if best >= 2 else "guessed"
    why = "" if best >= 2 else "the name may mean other things; "
    return Finding(role, top[0], certainty, f"{why}{evidence(profiles[top[0]])}")


def _tie(
    role: str, top: list[str], frame: pl.DataFrame, profiles: Mapping[str, Profile]
) -> Finding:
    if role in ("customer_id", "sku"):
        if all(one_to_one(frame, top[0], other) for other in top[1:]):
            why = f"{', '.join(top[1:])} say(s) the same, one to one; {evidence(profiles[top[0]])}"
            return Finding(role, top[0], "guessed", why)
    elif role not in MEASURES:
        # "Order date" before "invoice date", "invoice" before "order": as the words are listed.
        chosen = min(top, key=lambda column: (_rank(column, role), top.index(column)))
        rest = ", ".join(column for column in top if column != chosen)
        return Finding(
            role, chosen, "guessed", f"{rest} would fit too; {evidence(profiles[chosen])}"
        )
    shown = "; ".join(f"{column}: {evidence(profiles[column])}" for column in top)
    return Finding(
        role, None, "undecided", f"several columns fit: {shown}", role in ESSENTIAL, options=top
    )


def _nothing_named(
    role: str,
    points: Mapping[str, Mapping[str, int]],
    taken: set[str | None],
    profiles: Mapping[str, Profile],
) -> Finding:
    free = [c for c in points if c not in taken and FITS[role](profiles[c])]
    if role == "order_date":
        named = [c for c in free if not decoy_of(c)]
        if len(named) == 1:
            why = f"the only column with dates; {evidence(profiles[named[0]])}"
            return Finding(role, named[0], "guessed", why)
    free = [c for c in free if not decoy_of(c) and max(points[c].values(), default=0) < 2] or free
    shown = f" by their values these may be: {', '.join(free[:SHOWN_OPTIONS])}" if free else ""
    return Finding(
        role, None, "undecided", f"no column is named like one;{shown}", is_essential=True,
        options=free[:SHOWN_OPTIONS],
    )  # fmt: skip


def one_to_one(frame: pl.DataFrame, one: str, other: str) -> bool:
    """Tell whether two columns say the same in other words.

    Parameters
    ----------
    frame
        Rows of a sample.
    one, other
        Columns of it.

    Returns
    -------
    bool
        True where at least `HOLDS` of the values of each go with one value of the other.
    """
    return determines(frame, one, other) >= HOLDS and determines(frame, other, one) >= HOLDS


def determines(frame: pl.DataFrame, one: str, other: str) -> float:
    """Return the share of the values of one column that go with a single value of the other.

    Parameters
    ----------
    frame
        Rows of a sample.
    one, other
        Columns of it; rows with a blank in either do not count.

    Returns
    -------
    float
        0 to 1; 0 without a row that has both.
    """
    pairs = frame.select(text(one).alias("one"), text(other).alias("other")).drop_nulls()
    counts = pairs.group_by("one").agg(pl.col("other").n_unique())
    return share_of(counts["other"] == 1) if counts.height else 0.0


def _rank(column: str, role: str) -> int:
    words, joined = STRONG[role].split(), "".join(tokens(column))
    inside = [at for at, word in enumerate(words) if word in joined and len(word) > 3]
    return words.index(joined) if joined in words else min(inside, default=len(words))


def _has_digits(found: Profile) -> bool:
    return all(any(sign.isdigit() for sign in value) for value in found.examples)


def _identifies(found: Profile) -> bool:
    return found.is_code and found.filled_frac >= FILLED and found.distinct > 1


def _repeats(found: Profile) -> bool:
    return _identifies(found) and found.distinct < max(found.filled, 2)


def _groups(found: Profile) -> bool:
    few = found.distinct <= max(0.5 * found.filled, 2)
    return found.kind in ("text", "number") and not found.has_fractions and few


def _is_number(found: Profile) -> bool:
    return found.kind == "number"


def _is_date(found: Profile) -> bool:
    return found.kind == "date" and found.filled_frac >= FILLED


FITS: dict[str, Callable[[Profile], bool]] = {
    "order_date": _is_date,
    "recorded_at": lambda p: p.kind == "date",
    "currency": lambda p: p.kind == "text" and all(_is_currency(v) for v in p.examples),
    "conversion_rate": lambda p: p.kind == "number" and p.negative_frac == 0,
    "quantity": _is_number,
    "gross_profit": _is_number,
    "revenue": _is_number,
    "invoice_id": _identifies,
    "sku": lambda p: (
        p.kind in ("text", "number")
        and not p.has_fractions
        and p.filled_frac >= FILLED
        and p.distinct > 1
    ),
    "customer_id": _repeats,
    "customer_name": lambda p: p.kind == "text" and p.distinct > 1,
    "rep": _groups,
    "branch": _groups,
    "region": _groups,
    "source_division": _groups,
    "family": _groups,
}


def _is_currency(value: str) -> bool:
    return len(value) == 3 and value.isascii() and value.isalpha()
