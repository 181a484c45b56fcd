"""How people see the columns of the list: titles, formats, widths, rounding, one explanation each.

What a column means is said once, in the contract; here is how it looks. Names of columns are ours,
what is in the cells is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_checks.contracts.whitespace import WHITESPACE
from gosales_resources.errors import ScopeError, nearest
from gosales_resources.settings.delivery import DeliverySettings

Look = Literal["id", "text", "count", "percent", "money", "score", "date", "yes_no"]
# Of fractions, so that 0.1234 is read as 12.3 %.
PERCENT_DECIMALS, SCORE_DECIMALS = 1, 3

# Column -> look, title, short title, width in characters. `{months}` and `{currency}` are filled in.
LOOKS: dict[str, tuple[Look, str, str, int]] = {
    "place": ("count", "Place", "Place", 8),
    "rank": ("count", "Rank", "Rank", 8),
    "customer_id": ("id", "Customer id", "Id", 16),
    "division": ("id", "Division key", "Key", 18),
    "division_name": ("text", "Division", "Division", 20),
    "cutoff": ("date", "As of", "As of", 12),
    "customer_name": ("text", "Customer", "Customer", 32),
    "segment": ("text", "Segment", "Segment", 11),
    "industry": ("text", "Industry", "Industry", 20),
    "region": ("text", "Region", "Region", 14),
    "territory": ("text", "Territory", "Territory", 14),
    "rep": ("text", "Rep", "Rep", 20),
    "model_status": ("text", "Model", "Model", 10),
    "grade": ("text", "Grade", "Grade", 8),
    "grade_p_icp": ("text", "Grade of the chance", "By chance", 10),
    "p_icp": ("percent", "Chance within {months} months", "Chance", 12),
    "p_low": ("percent", "Chance, low end", "Low", 11),
    "p_high": ("percent", "Chance, high end", "High", 11),
    "p_icp_pct": ("percent", "Percentile of the chance in the division", "Pctl.", 13),
    "conditional_value": ("money", "Value if bought ({currency})", "If bought", 16),
    "ev": ("money", "Expected value ({currency})", "Expected", 16),
    "wallet": ("money", "Wallet ({currency})", "Wallet", 14),
    "wallet_basis": ("text", "Wallet, by whom", "By whom", 10),
    "p_icp_norm": ("percent", "Chance, as percentile", "Chance pctl.", 13),
    "lift_norm": ("percent", "Market basket, as percentile", "Basket pctl.", 13),
    "als_norm": ("percent", "Similarity to owners, as percentile", "Similar pctl.", 13),
    "als_source": ("text", "Similarity, by what", "By what", 10),
    "ev_norm": ("percent", "Expected value, as percentile", "Expected pctl.", 13),
    "p_icp_part": ("score", "Score from the chance", "+ chance", 11),
    "lift_part": ("score", "Score from the market basket", "+ basket", 11),
    "als_part": ("score", "Score from the similarity", "+ similar", 11),
    "ev_part": ("score", "Score from the expected value", "+ expected", 11),
    "cooldown_factor": ("score", "Cut after a recent call", "Cut", 11),
    "score": ("score", "Score", "Score", 9),
    "score_challenger": ("percent", "Chance by earlier lists", "By earlier", 12),
    "challenger_status": ("text", "Earlier lists", "Earlier", 16),
    "is_selected": ("yes_no", "Selected", "Selected", 10),
    "seat": ("count", "Seat", "Seat", 8),
    "nba_reason": ("text", "Why", "Why", 70),
    "drivers": ("text", "Drivers", "Drivers", 40),
}


@dataclass(frozen=True)
class Column:
    """A column as it is shown."""

    name: str
    """In the list."""
    look: Look
    title: str
    """In files."""
    short: str
    """On a terminal."""
    width: int
    """Characters that most of its cells fit in."""
    told: str
    """What it is, as the contract says it."""

    @property
    def is_number(self) -> bool:
        """True of what stands to the right."""
        return self.look in ("count", "percent", "money", "score")


# Of another table than the list: shown where it is asked for, and only then read.
MOVED = Column(
    "moved",
    "text",
    "Since the last list",
    "Moved",
    50,
    LIST_MOVEMENT.schema.columns()["moved"].description or "",
)


def shown_columns(names: Iterable[str], currency: str, months: int) -> list[Column]:
    """Return columns as people see them, in the order they are named.

    Parameters
    ----------
    names
        Of the list; each once.
    currency
        The home currency.
    months
        Of the label window: a chance is within them.

    Raises
    ------
    ScopeError
        When the list has no such column, all of them named.
    """
    found = list(names)
    check_columns(found)
    declared = WHITESPACE.schema.columns()
    filled = {"currency": currency, "months": months}
    return [
        Column(name, look, title.format(**filled), short, width, declared[name].description or "")
        for name in found
        for look, title, short, width in [LOOKS[name]]
    ]


def check_columns(names: Iterable[str], where: str = "the list") -> None:
    """Raise unless the list has all of these columns.

    Raises
    ------
    ScopeError
        Naming those that it has not, and the nearest that it has.
    """
    wrong = [name for name in names if name not in LOOKS]
    if wrong:
        told = "; ".join(f"'{name}': {nearest(name, LOOKS)}" for name in wrong)
        raise ScopeError(f"{where} names columns that the list has not: {told}")


def check_settings(settings: DeliverySettings) -> None:
    """Raise unless the list has all columns that the settings name.

    Raises
    ------
    ScopeError
        As `check_columns`.
    """
    check_columns(settings.columns, "delivery.columns")
    check_columns(settings.crm.columns, "delivery.crm.columns")


def rounded(rows: pl.DataFrame, columns: Sequence[Column], decimals: int) -> pl.DataFrame:
    """Round figures as people read them; fractions stay fractions.

    Parameters
    ----------
    rows
        Of the list.
    columns
        Which of them, in the order of the result.
    decimals
        Of money.

    Returns
    -------
    polars.DataFrame
        The columns alone, rows in their order; null stays null, nothing is -0.
    """
    places = {"percent": PERCENT_DECIMALS + 2, "score": SCORE_DECIMALS, "money": decimals}
    return rows.select(
        # 0.0 + -0.0 is 0.0.
        pl.col(column.name).round(places[column.look]) + 0.0
        if column.look in places
        else pl.col(column.name)
        for column in columns
    )


def as_text(value: object, column: Column, decimals: int) -> str:
    """Write one value of `rounded` as a person reads it; null is empty.

    Examples
    --------
    >>> chance, money = shown_columns(["p_icp", "ev"], "EUR", 6)
    >>> as_text(0.123, chance, 0), as_text(1234.0, money, 0), as_text(None, money, 0)
    ('12.3 %', '1,234', '')
    """
    if value is None:
        return ""
    written = {
        "percent": lambda v: f"{100 * v:.{PERCENT_DECIMALS}f} %",
        "money": lambda v: f"{v:,.{decimals}f}",
        "score": lambda v: f"{v:.{SCORE_DECIMALS}f}",
        "count": lambda v: f"{v:,}",
        "yes_no": lambda v: "yes" if v else "no",
    }
    return written.get(column.look, str)(value)
