"""Who looks at the pages, and which rows are theirs; who is not known sees nothing.

Pure: an address as the login gave it, the books of the representatives and the settings in, rights out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from gosales_resources.settings.pages import PageSettings


@dataclass(frozen=True)
class Viewer:
    """Somebody who may look."""

    name: str
    """Address, or what stands for everybody on this machine."""
    sees_all: bool
    """Every row and every page."""
    reps: frozenset[str] = frozenset()
    """Representatives whose rows are seen, in lower case; unused by who sees all."""

    def may_see(self, rep: str | None) -> bool:
        """Tell whether a representative's rows are theirs; nobody's are a manager's."""
        return self.sees_all or (rep is not None and _plain(rep) in self.reps)

    def rows(self, table: pl.LazyFrame, column: str = "rep") -> pl.LazyFrame:
        """Keep the rows that are theirs.

        Parameters
        ----------
        table
            Any, one column of which names the representative.
        column
            That column; null is nobody.
        """
        if self.sees_all:
            return table
        plain = pl.col(column).str.strip_chars().str.to_lowercase()
        return table.filter(plain.is_in(sorted(self.reps)).fill_null(value=False))


def viewer_of(
    user: Mapping[str, object], ownership: pl.DataFrame, settings: PageSettings
) -> Viewer | None:
    """Look a person up who has logged in.

    Parameters
    ----------
    user
        Claims of the login: `email`, and `email_verified` where the provider says it.
    ownership
        `rep_ownership`; empty where there is none. A representative may be named by an address.
    settings
        Managers, and sellers by address.

    Returns
    -------
    Viewer or None
        None of who may see nothing: without an address, with one that the provider has not verified,
        or with one that nobody gave rights.
    """
    email = user.get("email")
    if not isinstance(email, str) or user.get("email_verified") is False:
        return None
    # A representative's plain name is no proof of who it is.
    if "@" not in email:
        return None
    plain = _plain(email)
    if plain in {_plain(one) for one in settings.managers}:
        return Viewer(email, sees_all=True)
    named = {_plain(one): reps for one, reps in settings.sellers.items()}
    if plain in named:
        return Viewer(email, sees_all=False, reps=frozenset(map(_plain, named[plain])))
    active = ownership.filter("is_active")["rep"].drop_nulls().to_list()
    reps = frozenset(_plain(rep) for rep in active if _plain(rep) == plain)
    return Viewer(email, sees_all=False, reps=reps) if reps else None


def _plain(text: str) -> str:
    return text.strip().lower()
