"""What a feature's value says of a customer, in words: one phrase for each feature that has one.

Keyed by family and measure, as the feature dictionary names them. A phrase is a fact of the row: no
share that was shrunk, no encoding, no similarity, and no attribute beyond industry and place.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

YEAR_DAYS = 365.25
# Days that no recency has.
NEVER = 200 * YEAR_DAYS
Say = Callable[["Said"], str | None]


@dataclass(frozen=True)
class Said:
    """A value with what its feature is about."""

    value: float | str
    what: str
    """`Scanning ` for a feature of a division, else empty."""
    span: str
    """`in 12 months`, `within 90 days`, or empty."""
    money: Callable[[float], str]

    @property
    def count(self) -> int:
        """The value as a whole number."""
        return round(float(self.value))

    def number_of(self, one: str, many: str) -> str:
        """Return `3 Scanning orders in 12 months`, or `no ...`."""
        number = "no" if self.count == 0 else f"{self.count:,}"
        return f"{number} {self.what}{one if self.count == 1 else many}{self.span}"


def _orders(said: Said) -> str:
    return said.number_of("order", "orders")


def _worth(said: Said) -> str | None:
    value = float(said.value)
    return f"{said.money(value)} of {said.what}business{said.span}" if value > 0 else None


def _more_orders(said: Said) -> str | None:
    if said.count == 0:
        return None
    size = f"{abs(said.count):,} {'more' if said.count > 0 else 'fewer'}"
    return f"{size} {said.what}orders{said.span} than in as many before"


def _more_worth(said: Said) -> str | None:
    value = float(said.value)
    if abs(value) < 1:
        return None
    more = "more" if value > 0 else "less"
    return f"{said.money(abs(value))} {more} {said.what}business{said.span} than in as many before"


def _ratio_of(noun: str) -> Say:
    return lambda said: (
        f"{said.what}{noun}{said.span} {float(said.value):.1f} times those of as many before"
    )


def _slope_of(noun: str) -> Say:
    def say(said: Said) -> str | None:
        value = float(said.value)
        if value == 0:
            return None
        return f"{said.what}{noun} {'rising' if value > 0 else 'falling'}{said.span}"

    return say


def _ago(days: Callable[[float], float]) -> Say:
    def say(said: Said) -> str | None:
        count = days(float(said.value))
        # A decay of 0 is that of a customer who never bought.
        return f"last {said.what}order {_days(round(count))} ago" if 0 <= count < NEVER else None

    return say


def _decay(half_life: int) -> Say:
    return _ago(lambda value: -half_life * math.log2(value) if value > 0 else NEVER)


def _of_log(value: float) -> float:
    return math.expm1(value) if value < math.log(NEVER) else NEVER


def _days(count: float) -> str:
    if count < 60:
        return f"{count:.0f} days"
    if count < 2 * YEAR_DAYS:
        return f"{count / YEAR_DAYS * 12:.0f} months"
    return f"{count / YEAR_DAYS:.1f} years"


def _since(noun: str) -> Say:
    return lambda said: f"{said.what}{noun} for {_days(float(said.value))}"


def _overdue(said: Said) -> str | None:
    ratio = float(said.value)
    if ratio < 1:
        return None
    return f"overdue: last {said.what}order {ratio:.1f} times its usual gap ago"


def _flag(said: Said) -> str:
    return f"{'bought' if said.count else 'never bought'} {said.what.strip()}"


def _kind(name: str) -> Say:
    return lambda said: f"{name}: {said.value}"


PHRASES: Mapping[tuple[str, str], Say] = {
    **{
        (family, measure): say
        for family in ("rfm", "offset")
        for measure, say in {
            "transactions": _orders,
            "lines": lambda said: said.number_of("order line", "order lines"),
            "gp_sum": _worth,
            "gp_mean": lambda said: (
                f"{said.money(float(said.value))} a {said.what}order{said.span}"
            ),
            "quantity": lambda said: said.number_of("unit", "units"),
            "active_months": lambda said: said.number_of("month with orders", "months with orders"),
        }.items()
    },
    ("delta", "transactions"): _more_orders,
    ("delta", "gp_sum"): _more_worth,
    ("delta", "transactions_ratio"): _ratio_of("orders"),
    ("trajectory", "transactions_slope"): _slope_of("orders"),
    ("trajectory", "gp_sum_slope"): _slope_of("business"),
    ("season", "transactions"): lambda said: (
        said.number_of("order", "orders") + " in these months a year ago"
    ),
    ("season", "gp_sum"): lambda said: (
        f"{said.money(float(said.value))} of {said.what}business in these months a year ago"
        if float(said.value) > 0
        else None
    ),
    ("recency", "days"): _ago(lambda value: value),
    ("recency", "log_days"): _ago(_of_log),
    ("lifecycle", "tenure_days"): _since("customer"),
    ("lifecycle", "purchase_days"): lambda said: said.number_of(
        "day with orders ever", "days with orders ever"
    ),
    ("lifecycle", "gap_mean_days"): lambda said: (
        f"{said.what}orders every {_days(float(said.value))}"
    ),
    ("lifecycle", "gap_last_days"): lambda said: (
        f"last two {said.what}orders {_days(float(said.value))} apart"
    ),
    ("lifecycle", "due_ratio"): _overdue,
    ("lifecycle", "active_months"): lambda said: said.number_of(
        "month with orders ever", "months with orders ever"
    ),
    ("returns", "count"): lambda said: said.number_of("return", "returns"),
    ("cross", "transactions"): _orders,
    ("cross", "bought"): _flag,
    ("diversity", "skus"): lambda said: said.number_of("article bought", "articles bought"),
    ("diversity", "divisions"): lambda said: f"bought in {said.count} divisions{said.span}",
    ("sellers", "rep_count"): lambda said: f"sold to by {said.count} reps{said.span}",
    ("assets", "owned"): lambda said: said.number_of("asset ever owned", "assets ever owned"),
    ("assets", "active"): lambda said: said.number_of("active asset", "active assets"),
    ("assets", "quantity"): lambda said: said.number_of(
        "unit in active assets", "units in active assets"
    ),
    ("assets", "tenure_days"): lambda said: (
        f"first {said.what}asset {_days(float(said.value))} ago"
    ),
    ("assets", "days_since_expiration"): lambda said: (
        f"{said.what}asset expired {_days(float(said.value))} ago"
    ),
    ("assets_expiring", "count"): lambda said: said.number_of(
        "asset that expires", "assets that expire"
    ),
    ("basket", "lift_max"): lambda said: (
        f"holds an article whose owners buy {said.what.strip()} {float(said.value):.1f} times as often"
    ),
    ("basket", "skus"): lambda said: said.number_of(
        "related article held", "related articles held"
    ),
    ("attr", "industry"): _kind("industry"),
    ("attr", "sub_industry"): _kind("sub-industry"),
    ("attr", "region"): _kind("region"),
    ("attr", "territory"): _kind("territory"),
}


@dataclass(frozen=True)
class Phrase:
    """How the values of one feature are said."""

    say: Say
    what: str
    span: str

    def of(self, value: float | str | None, money: Callable[[float], str]) -> str | None:
        """Return the phrase; None where the value is not known or says nothing."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return None
        return self.say(Said(value, self.what, self.span, money))


def phrase_of(
    feature: str, division_name: str, names: Mapping[str, str], offset_days: int
) -> Phrase | None:
    """Find how a feature is said.

    Parameters
    ----------
    feature
        `family__scope__measure__window`.
    division_name
        What a feature of scope `div` is about.
    names
        Division key -> name, of features about one division.
    offset_days
        Of the offset windows.

    Returns
    -------
    Phrase or None
        None where a value of it is no fact that a person would say.
    """
    # An attribute or a division may have two underscores of its own.
    family, scope, rest = [*feature.split("__", 2), "", ""][:3]
    measure, _, window = rest.rpartition("__")
    what = division_name if scope == "div" else ""
    for key, name in names.items():
        if measure.endswith(f"_{key}") and family in ("cross", "assets", "assets_expiring"):
            measure, what = measure.removesuffix(f"_{key}"), name
            break
    if family == "recency" and measure.startswith("decay_h"):
        say: Say | None = _decay(int(measure.removeprefix("decay_h").removesuffix("d")))
    else:
        say = PHRASES.get((family, measure))
    if say is None:
        return None
    span = _span(family, window, offset_days)
    return Phrase(say, f"{what} " if what else "", span)


def _span(family: str, window: str, offset_days: int) -> str:
    size, unit = window[:-1], window[-1:]
    if not size.isdigit():
        return ""
    if unit == "d":
        return f" within {size} days"
    before = f" before the last {offset_days} days" if family == "offset" else ""
    return f" in {size} months{before}"
