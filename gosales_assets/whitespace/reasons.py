"""Why a row is on the list, in facts of the row: what drives its probability, then how it stands.

Only the best of a division have named drivers. The others are described by what they bought, and
when: a fact too, though none that the model was asked about.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from gosales_assets.whitespace.phrases import phrase_of
from gosales_resources.markdown import visible

LONGEST = 140
FACTS = 2
DRIVER = re.compile(r"^(.*) ([+-]\d+\.\d\d)$")
BOUGHT = "cross__all__bought_{}__asof"
LAST_ORDER = "recency__all__days__asof"
ORDERS_12M = "rfm__all__transactions__12m"
VALUE_12M = "rfm__all__gp_sum__12m"
# Of a division's name in a reason, so that its figures are not cut off.
NAME_SHOWN = 40
SHOWN_DIVISIONS = 2


@dataclass(frozen=True)
class Words:
    """How people name what the list is about."""

    names: Mapping[str, str]
    """Division -> its name as people write it, of all divisions and targets."""
    currency: str
    """The home currency."""
    offset_days: int = 60
    """Of the offset windows of the features."""
    recency_floor_days: int = 30
    """No purchase counts as more recent."""

    def name(self, division: str) -> str:
        """Return a division's name, cut where it is too long for a reason."""
        name = visible(self.names[division])
        return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 3]}..."

    def money(self, amount: float) -> str:
        """Return a rounded amount with the currency."""
        return f"{amount:,.0f} {self.currency}"


def with_reasons(
    signals: pl.LazyFrame, features: pl.LazyFrame, division: str, words: Words
) -> pl.LazyFrame:
    """Add the reason of each eligible row.

    Parameters
    ----------
    signals
        One row per customer: customer_id, is_eligible, drivers.
    features
        Feature rows of the same customers.
    division
        The target.
    words
        Names and currency.

    Returns
    -------
    polars.LazyFrame
        The same rows with `reason`, at most `LONGEST` characters; null for the ineligible.
    """
    frame = signals.collect()
    driven = _driven(frame, features, division, words)
    standing = _standing(features, division, words)
    # A driver is told first; how the customer stands comes after it where there is room.
    both = pl.concat_str("driven", "lately", separator="; ")
    with_driver = pl.when(both.str.len_chars() <= LONGEST).then(both).otherwise("driven")
    alone = pl.concat_str("lately", "owned", separator="; ", ignore_nulls=True)
    told = pl.coalesce(with_driver, alone).str.slice(0, LONGEST)
    capital = pl.concat_str(told.str.slice(0, 1).str.to_uppercase(), told.str.slice(1))
    return (
        frame.lazy()
        .join(driven.lazy(), on="customer_id", how="left")
        .join(standing, on="customer_id", how="left")
        .with_columns(reason=pl.when("is_eligible").then(capital))
        .drop("driven", "lately", "owned")
    )


def positive_drivers(drivers: str) -> list[str]:
    """List the features that raise a score, strongest first.

    Examples
    --------
    >>> positive_drivers("a__all__b__c +0.42; d -0.17; e +0.01")
    ['a__all__b__c', 'e']
    """
    found = (DRIVER.match(part) for part in drivers.split("; "))
    return [match[1] for match in found if match and match[2].startswith("+")]


def _driven(
    signals: pl.DataFrame, features: pl.LazyFrame, division: str, words: Words
) -> pl.DataFrame:
    """Say the facts behind the drivers of the eligible rows that have them."""
    named = signals.filter("is_eligible", pl.col("drivers").is_not_null()).select(
        "customer_id", "drivers"
    )
    wanted = {of: positive_drivers(text) for of, text in named.iter_rows()}
    there, names = set(features.collect_schema()), _short(words)
    used = sorted({name for drivers in wanted.values() for name in drivers} & there)
    phrases = {name: phrase_of(name, names[division], names, words.offset_days)
               for name in used}  # fmt: skip
    spoken = [name for name, phrase in phrases.items() if phrase is not None]
    rows = (
        features.select("customer_id", *spoken)
        .filter(pl.col("customer_id").is_in(named["customer_id"].implode()))
        .collect()
    )
    said = []
    for values in rows.iter_rows(named=True):
        texts = (
            (subject_of(name), phrase.of(values[name], words.money))
            for name in wanted[values["customer_id"]]
            if (phrase := phrases.get(name)) is not None
        )
        said.append((values["customer_id"], _fitted(texts)))
    schema = {"customer_id": pl.String, "driven": pl.String}
    return pl.DataFrame(said, schema=schema, orient="row")


def subject_of(feature: str) -> tuple[str, ...]:
    """Return what a feature is about, whatever its family and window: one fact of it is enough.

    Examples
    --------
    >>> subject_of("rfm__all__gp_sum__24m") == subject_of("offset__all__gp_sum__24m")
    True
    """
    return tuple(feature.split("__")[1:3])


def _fitted(texts: Iterable[tuple[tuple[str, ...], str | None]]) -> str | None:
    """Join the first facts, one of each subject, as far as they fit."""
    facts: list[str] = []
    told: set[tuple[str, ...]] = set()
    for subject, text in texts:
        if text is None or text in facts or subject in told:
            continue
        if len(facts) == FACTS or len("; ".join([*facts, text])) > LONGEST:
            break
        facts.append(text)
        told.add(subject)
    return "; ".join(facts) or None


def _short(words: Words) -> dict[str, str]:
    return {key: words.name(key) for key in words.names}


def _standing(features: pl.LazyFrame, division: str, words: Words) -> pl.LazyFrame:
    """Say when and how much a customer bought lately, and of which divisions."""
    there = set(features.collect_schema())
    bought = [
        pl.when(pl.col(BOUGHT.format(key)) > 0).then(pl.lit(words.name(key)))
        for key in words.names
        if key != division and BOUGHT.format(key) in there
    ]
    owned = _listed(pl.concat_list(bought).list.drop_nulls()) if bought else pl.lit(None, pl.String)
    return features.select("customer_id", lately=_lately(there, words), owned=owned)


def _listed(names: pl.Expr) -> pl.Expr:
    """Return `bought A and B`, `bought A, B and 3 more`; null without any."""
    count = names.list.len().cast(pl.Int64)
    shown = names.list.head(SHOWN_DIVISIONS).list
    return (
        pl.when(count > SHOWN_DIVISIONS)
        .then(pl.format("bought {} and {} more", shown.join(", "), count - SHOWN_DIVISIONS))
        .when(count > 0)
        .then(pl.format("bought {}", shown.join(" and ")))
    )


def _lately(there: set[str], words: Words) -> pl.Expr:
    """Return the last order, and those of twelve months with what they brought."""
    if LAST_ORDER not in there:
        return pl.lit("nothing is known of its orders")
    days = pl.col(LAST_ORDER)
    months = (days * 12 / 365.25).round().cast(pl.Int64)
    last = (
        pl.when(days.is_null())
        .then(pl.lit("never bought anything"))
        .when(days <= words.recency_floor_days)
        .then(pl.lit(f"last order within {words.recency_floor_days} days"))
        .when(days < 60)
        .then(pl.format("last order {} days ago", days.cast(pl.Int64)))
        .otherwise(pl.format("last order {} months ago", months))
    )
    if not {ORDERS_12M, VALUE_12M} <= there:
        return last
    orders, value = pl.col(ORDERS_12M), pl.col(VALUE_12M).round().cast(pl.Int64)
    noun = pl.when(orders == 1).then(pl.lit("order")).otherwise(pl.lit("orders"))
    year = pl.when(orders > 0).then(
        pl.format(
            "{} {} in 12 months, {} {}", orders, noun, _grouped(value), pl.lit(words.currency)
        )
    )
    return pl.concat_str(last, year, separator="; ", ignore_nulls=True)


def _grouped(whole: pl.Expr) -> pl.Expr:
    """Write whole numbers with commas: 12,345."""
    size = whole.abs()
    parts = [size // 1_000_000, size // 1_000 % 1_000, size % 1_000]
    padded = [part.cast(pl.String).str.zfill(3) for part in parts]
    text = (
        pl.when(size >= 1_000_000)
        .then(pl.concat_str(parts[0].cast(pl.String), *padded[1:], separator=","))
        .when(size >= 1_000)
        .then(pl.concat_str(parts[1].cast(pl.String), padded[2], separator=","))
        .otherwise(size.cast(pl.String))
    )
    return pl.when(whole < 0).then(pl.concat_str(pl.lit("-"), text)).otherwise(text)
