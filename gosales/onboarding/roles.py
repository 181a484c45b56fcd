"""Which column is which identifier or measure, from names and values together.

A name proposes, values confirm or refuse. Two columns that fit equally well leave the role
undecided: a wrong customer or date is worse than a question. What is refused is said with its
reason, and what is suggested in its place must pass the same evidence (`suggestions.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gosales.onboarding.finding import Certainty, Finding, evidence
from gosales.onboarding.fits import refusal
from gosales.onboarding.measures import MONEY, no_profit, odd_amount, order_total
from gosales.onboarding.profile import Profile
from gosales.onboarding.relations import is_filled_once_per_group, one_to_one
from gosales.onboarding.suggestions import suggest
from gosales.onboarding.vocabulary import STRONG
from gosales.onboarding.words import MEASURES, decoy_of, name_points, tokens

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
LONG_ROLES = (
    *IDENTIFIERS[:5],
    "sku",
    *IDENTIFIERS[5:],
    "family",
    "quantity",
    "revenue",
    "gross_profit",
)
# A person may give these too; nothing is taken for them by its name alone.
GIVEN_ROLES = (*LONG_ROLES, "unit_price", "discount")


@dataclass(frozen=True)
class Assigned:
    """Which column was taken for which role, and which were refused."""

    roles: dict[str, Finding]
    """Role -> finding, for every role that has a column or is essential."""
    refused: list[Finding]
    """Columns named like a role whose values speak against it; `what` is the role."""


def assign_roles(
    frame: pl.DataFrame,
    profiles: Mapping[str, Profile],
    roles: Sequence[str],
    given: Mapping[str, str],
) -> Assigned:
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
    Assigned
        Every column of a role at most once.
    """
    work = _Assignment(frame, profiles, roles, dict(given))
    for role in roles:
        if role not in work.found and (finding := work.choose(role)) is not None:
            work.found[role] = finding
    for role in ESSENTIAL:
        if role in roles and role not in work.found:
            # Last, because suggestions are held against the roles that were found.
            work.found[role] = work.nothing_named(role)
    return Assigned(work.found, work.refused)


class _Assignment:
    """Roles under way."""

    def __init__(
        self,
        frame: pl.DataFrame,
        profiles: Mapping[str, Profile],
        roles: Sequence[str],
        given: dict[str, str],
    ) -> None:
        self.frame, self.profiles, self.roles = frame, profiles, roles
        self.found: dict[str, Finding] = {}
        self.refused: list[Finding] = []
        self.names = {
            column: {role: points for role in roles if (points := name_points(column, role))}
            for column in profiles
            if column not in given.values()
        }
        self.against = {
            (column, role): reason
            for column, scores in self.names.items()
            for role in scores
            if (reason := refusal(profiles[column], role))
        }
        for role, column in given.items():
            if role in GIVEN_ROLES and column in profiles:
                self.found[role] = self._given(role, column)

    def column(self, role: str) -> str | None:
        """Return the column of a role, as far as it is known."""
        return self.found[role].value if role in self.found else None

    def choose(self, role: str) -> Finding | None:
        """Take the column that names a role best and whose values agree; None where none does."""
        named = self._named(role)
        if role in MEASURES and ("unit_price" in self.found) and role in MONEY:
            named = {}
        fit = {column: points for column, points in named.items() if not self._odd(role, column)}
        if role == "customer_id":
            # A code is a customer's id before it is its name.
            fit = {c: p for c, p in fit.items() if p > 1 or _has_digits(self.profiles[c])}
        best = max(fit.values(), default=0)
        self._tell_refused(role, best)
        top = [column for column in self.profiles if fit.get(column, 0) == best > 0]
        if not top:
            return None
        if len(top) > 1:
            return self._tie(role, top)
        certainty: Certainty = "sure" if best >= 2 else "guessed"
        why = "" if best >= 2 else "the name may mean other things; "
        return Finding(role, top[0], certainty, f"{why}{evidence(self.profiles[top[0]])}")

    def nothing_named(self, role: str) -> Finding:
        """Say why an essential role has no column, and what its values would allow."""
        mine = [f"{f.value} is named like one, but {f.why}" for f in self.refused if f.what == role]
        taken = {finding.value for finding in self.found.values()}
        if role == "order_date" and not mine:
            dates = [c for c, p in self.profiles.items() if p.kind == "date" and c not in taken]
            named = [column for column in dates if not decoy_of(column)]
            if len(named) == 1:
                why = f"the only column with dates; {evidence(self.profiles[named[0]])}"
                return Finding(role, named[0], "guessed", why)
        free = [
            c
            for c in self.profiles
            if c not in taken and max(self.names.get(c, {}).values(), default=0) < 2
        ]
        columns = {known: f.value for known, f in self.found.items() if f.value}
        options = suggest(self.frame, self.profiles, free, role, columns)
        said = "; ".join(mine) if mine else "no column is named like one"
        if options:
            said += f"; by their values these may be: {', '.join(options)}"
        else:
            said += (
                "; no other column has values like one"
                if mine
                else ", and none has values like one"
            )
        return Finding(role, None, "undecided", said, is_essential=True, options=options)

    def _given(self, role: str, column: str) -> Finding:
        found = self.profiles[column]
        against = refusal(found, role) or self._odd(role, column)
        if against:
            why = f"given, though it {against}; {evidence(found)}"
            return Finding(role, column, "guessed", why)
        return Finding(role, column, "sure", f"given; {evidence(found)}")

    def _named(self, role: str) -> dict[str, int]:
        """Return the columns that name a role at least as well as any other they may be."""
        taken = {finding.value for finding in self.found.values()}
        named = {}
        for column, scores in self.names.items():
            if column in taken or role not in scores or (column, role) in self.against:
                continue
            others = [p for other, p in scores.items() if (column, other) not in self.against]
            if scores[role] >= max(others):
                named[column] = scores[role]
        return named

    def _odd(self, role: str, column: str) -> str | None:
        """Say what of the rows, beyond the column's own profile, speaks against a measure."""
        if role not in MONEY or self.profiles[column].kind != "number":
            return None
        reason = odd_amount(self.frame, self.profiles[column], role) or order_total(
            self.frame, column, self.column("invoice_id")
        )
        revenue = self.column("revenue")
        if reason is None and role == "gross_profit" and revenue:
            reason = no_profit(self.frame, column, revenue)
        if reason is not None:
            self.against[column, role] = reason
        return reason

    def _tell_refused(self, role: str, best: int) -> None:
        """Keep the columns that name a role as well as the one taken, with what is against them."""
        taken = {finding.value for finding in self.found.values()}
        for column, scores in self.names.items():
            reason = self.against.get((column, role))
            points = scores.get(role, 0)
            # A name that says something else better is not refused: it is that.
            is_mine = points and points >= max(scores.values())
            if reason is None or column in taken or points < best or not is_mine:
                continue
            if role in ESSENTIAL and is_filled_once_per_group(self.frame, column):
                reason += ", filled where its value changes: fill it down in the export"
            self.refused.append(Finding(role, column, "left out", reason))

    def _tie(self, role: str, top: list[str]) -> Finding:
        profiles = self.profiles
        if role in ("customer_id", "sku"):
            if all(one_to_one(self.frame, top[0], other) for other in top[1:]):
                seen = evidence(profiles[top[0]])
                why = f"{', '.join(top[1:])} say(s) the same, one to one; {seen}"
                return Finding(role, top[0], "guessed", why)
        elif role not in MEASURES:
            # "Order date" before "invoice date", "invoice" before "order": as the words are listed.
            chosen = min(top, key=lambda column: (_rank(column, role), top.index(column)))
            rest = ", ".join(column for column in top if column != chosen)
            seen = evidence(profiles[chosen])
            return Finding(role, chosen, "guessed", f"{rest} would fit too; {seen}")
        shown = "; ".join(f"{column}: {evidence(profiles[column])}" for column in top)
        why = f"several columns fit: {shown}"
        return Finding(role, None, "undecided", why, role in ESSENTIAL, options=top)


def _rank(column: str, role: str) -> int:
    words, joined = STRONG[role].split(), "".join(tokens(column))
    inside = [at for at, word in enumerate(words) if word in joined and len(word) > 3]
    return words.index(joined) if joined in words else min(inside, default=len(words))


def _has_digits(found: Profile) -> bool:
    return all(any(sign.isdigit() for sign in value) for value in found.examples)
