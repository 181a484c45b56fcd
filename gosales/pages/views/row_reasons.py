"""Why one row stands where it stands: parts that sum to its score, drivers with their values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gosales_checks.contracts.contract import HOME_CURRENCY

# Signal -> how it is called; the weights are of the settings.
SIGNALS = {
    "p_icp": "Chance",
    "ev": "Expected value",
    "lift": "Market basket",
    "als": "Similarity to owners",
}
_DRIVER = re.compile(r"^(?P<input>.+) (?P<adds>[+-]\d+(?:\.\d+)?)$")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Parts:
    """What a score is made of."""

    rows: pl.DataFrame
    """`signal`, `percentile` (fraction) and `adds`, the largest first."""
    factor: float
    """What their sum is multiplied with: below 1 after a recent call without action."""
    score: float

    @property
    def sums_to(self) -> float:
        """The parts' sum times the factor: the score."""
        return float(self.rows["adds"].sum()) * self.factor


def parts_of(row: Row) -> Parts:
    """Part a row's score.

    Parameters
    ----------
    row
        Of the list.
    """
    found = [(name, row[f"{key}_norm"], row[f"{key}_part"]) for key, name in SIGNALS.items()]
    rows = pl.DataFrame(found, schema=["signal", "percentile", "adds"], orient="row")
    rows = rows.sort("adds", descending=True, maintain_order=True)
    return Parts(rows, row["cooldown_factor"], row["score"])


def drivers_of(
    text: str | None, features: Row | None, catalog: pl.DataFrame | None, currency: str
) -> pl.DataFrame:
    """Say which facts the chance rests on, with their values.

    Parameters
    ----------
    text
        `drivers` of the row: `feature +0.42; other -0.17`; None where there are none.
    features
        The customer's row of `features` of the division; None where it is not stored.
    catalog
        `feature_catalog`; None where it is not stored.
    currency
        What the home currency is called.

    Returns
    -------
    polars.DataFrame
        `fact` in words, `value` as text, `adds` to the log-odds; in the order of the text.
    """
    words: dict[str, str] = {}
    units: dict[str, str] = {}
    if catalog is not None:
        words = dict(catalog.select("feature", "description").iter_rows())
        unit = pl.col("unit").replace({HOME_CURRENCY: currency})
        units = dict(catalog.select("feature", unit).iter_rows())
    rows = []
    for part in (text or "").split("; "):
        if not (found := _DRIVER.match(part)):
            continue
        name, _, level = found["input"].partition("=")
        known = words.get(name) or name
        value = (features or {}).get(name)
        told = _value(value, units.get(name) or "")
        rows.append((f"{known}: {level}" if level else known, told, float(found["adds"])))
    schema = {"fact": pl.String, "value": pl.String, "adds": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _value(value: object, unit: str) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        number = f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
        return number if unit in ("", "count", "text") else f"{number} {unit}"
    return str(value)
