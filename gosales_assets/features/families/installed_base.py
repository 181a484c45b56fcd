"""The installed base at the cutoff: what a customer owns, what runs out soon, how it was bought.

An asset counts in any of these only if its effective purchase date (the register's own, or the
imputed one) is by the cutoff: an asset bought later would tell of the purchase that is predicted.
It is owned from then on, and active until its expiration date, or for good without one. Without an
asset register there are no such columns; without its expiration dates, or without its yes/no of
subscriptions, none of the families that need them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from polars._typing import PolarsDataType

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature, divide
from gosales_assets.features.history import QUANTITY_SCALE
from gosales_assets.features.scopes import KEYS, Scope
from gosales_resources.dates import Window, shift_days
from gosales_resources.settings.base import slugify

ROLLUP = "rollup"


@dataclass(frozen=True)
class Part:
    """Some of a customer's assets: all of them, or those of one rollup."""

    suffix: str
    words: str

    def sum(self, column: str) -> pl.Expr:
        """Return the column of `base_of_customers` that sums `column` over these assets.

        Parameters
        ----------
        column
            One of the sums of `owned_assets`' columns.

        Returns
        -------
        polars.Expr
            Int64; null where the customer has no asset.
        """
        return pl.col(f"{column}{self.suffix}")


WHOLE = Part("", "")


def expiring_windows(world: AsOf) -> dict[str, Window]:
    """Return the spans of days that an expiration is looked for in, by name."""
    settings = world.settings.features.assets
    start = shift_days(world.cutoff, settings.expiring_guard_days)
    return {f"{n}d": Window(start, shift_days(start, n)) for n in settings.expiring_days}


def rollup_slugs(world: AsOf) -> list[str]:
    """Return slugs of what assets are summed up to: the configured rollups, else the divisions."""
    named = world.settings.features.assets.rollups
    return sorted(slugify(name) for name in named) or world.settings.divisions.slugs


def owned_assets(world: AsOf) -> pl.LazyFrame:
    """Return the assets purchased by the cutoff, each as what it adds to the sums.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    polars.LazyFrame
        One row per asset: customer_id, division, rollup (a slug), the dates, and integer columns.
    """
    cutoff = pl.lit(world.cutoff)
    ends, on = pl.col("expiration_date"), pl.col("is_on_subscription")
    is_active = ends.is_null() | (ends > cutoff)
    # A row of the register is one unit at least.
    milli = (pl.col("quantity").fill_null(1) * QUANTITY_SCALE).cast(pl.Int64)
    flags = {
        "owned": pl.lit(value=True),
        "active": is_active,
        "imputed": pl.col("is_purchase_date_imputed"),
        "on": is_active & on,
        "off": is_active & ~on,
        **{
            f"expiring_{n}": w.contains("expiration_date")
            for n, w in expiring_windows(world).items()
        },
    }
    owned = world.assets.filter(pl.col("effective_purchase_date") <= cutoff)
    return owned.join(_slugs_by_spelling(world), on=_rollup_column(world), how="left").select(
        *KEYS["div"],
        ROLLUP,
        first_purchase="effective_purchase_date",
        last_expiration=pl.when(ends <= cutoff).then(ends),
        milli=pl.when(is_active).then(milli).otherwise(0),
        **{name: flag.fill_null(value=False).cast(pl.Int64) for name, flag in flags.items()},
    )


def base_of_divisions(world: AsOf) -> pl.LazyFrame:
    """Sum up the assets of each customer and division, sorted by both.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    polars.LazyFrame
        One row per customer and division with an asset: earliest purchase, latest expiration that is
        past (null where none is), integer sums of the other columns of `owned_assets`.
    """
    owned = owned_assets(world)
    names = [n for n in owned.collect_schema() if n not in (*KEYS["div"], ROLLUP)]
    return owned.group_by(KEYS["div"]).agg(_sums(names)).sort(KEYS["div"]).collect().lazy()


def base_of_customers(world: AsOf) -> pl.LazyFrame:
    """Sum up the assets of each customer, all of them and by rollup, sorted by customer.

    A sum over one rollup is named `column@rollup`.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    polars.LazyFrame
        One row per customer with an asset, columns as of `base_of_divisions`, and the integer ones once
        more for each rollup.
    """
    owned = owned_assets(world)
    names = [n for n in owned.collect_schema() if n not in (*KEYS["div"], ROLLUP)]
    # Twice: a register has many assets per customer and rollup, and there are many rollups.
    cells = owned.group_by("customer_id", ROLLUP).agg(_sums(names)).collect().lazy()
    numbers = [n for n in names if n not in DATES]
    by_rollup = [
        pl.when(pl.col(ROLLUP) == r).then(pl.col(n)).otherwise(0).sum().alias(f"{n}@{r}")
        for r in rollup_slugs(world)
        for n in numbers
    ]
    wide = cells.group_by("customer_id").agg(*_sums(names), *by_rollup)
    return wide.sort("customer_id").collect().lazy()


DATES = ("first_purchase", "last_expiration")


def _sums(names: list[str]) -> list[pl.Expr]:
    return [
        pl.col("first_purchase").min(),
        pl.col("last_expiration").max(),
        pl.col(n for n in names if n not in DATES).sum(),
    ]


def _rollup_column(world: AsOf) -> str:
    return "item_rollup" if world.settings.features.assets.rollups else "division"


def _slugs_by_spelling(world: AsOf) -> pl.LazyFrame:
    """Map the register's spellings to slugs: `Term seats` and `TERM SEATS` are one rollup."""
    column = _rollup_column(world)
    spelt = world.assets.select(column).unique().sort(column).collect()[column].to_list()
    slugs = [slugify(name) for name in spelt]
    return pl.LazyFrame({column: spelt, ROLLUP: slugs}, {column: pl.String, ROLLUP: pl.String})


def _parts(world: AsOf, scope: Scope) -> Iterator[Part]:
    yield WHOLE
    if scope == "all":
        yield from (Part(f"@{name}", f" of {name}") for name in rollup_slugs(world))


def _source(world: AsOf, scope: Scope) -> pl.LazyFrame:
    return world.shared(base_of_customers if scope == "all" else base_of_divisions)


def _named(measure: str, part: Part) -> str:
    return f"{measure}{part.suffix.replace('@', '_')}"


def _counted(
    family: str, scope: Scope, part: Part, measure: str, expression: pl.Expr, text: str
) -> Feature:
    name = _named(measure, part)
    return Feature(family, scope, name, ASOF, expression, pl.Int32, "count", text, 0)


def _fraction(
    family: str, scope: Scope, name: str, window: str, over: tuple[pl.Expr, pl.Expr], text: str
) -> Feature:
    share = pl.when(over[1] > 0).then(over[0] / over[1])
    return Feature(family, scope, name, window, share, pl.Float64, "fraction", text)


def _days(scope: Scope, measure: str, world: AsOf, column: str, text: str) -> Feature:
    days = (pl.lit(world.cutoff) - pl.col(column)).dt.total_days()
    return Feature("assets", scope, measure, ASOF, days, pl.Int32, "days", text)


def _assets(world: AsOf, scope: Scope) -> list[Block]:
    register = world.settings.source.assets
    if register is None:
        return []
    features = []
    for part in _parts(world, scope):
        quantity = divide(part.sum("milli"), QUANTITY_SCALE)
        text = f"Units of active assets{part.words}; one where the register states none"
        features += [
            _counted("assets", scope, part, "owned", part.sum("owned"),
                     f"Assets{part.words} purchased up to the cutoff, expired ones too"),
            _counted("assets", scope, part, "active", part.sum("active"),
                     f"Assets{part.words} that have not expired by the cutoff"),
            Feature("assets", scope, _named("quantity", part), ASOF, quantity, pl.Float64,
                    "units", text, 0),
        ]  # fmt: skip
    over = (pl.col("imputed"), pl.col("owned"))
    text = "Share of assets without a usable purchase date; null without an asset"
    features += [
        _days(scope, "tenure_days", world, "first_purchase",
              "Days since the first asset was purchased; null without an asset"),
        _fraction("assets", scope, "imputed_share", ASOF, over, text),
    ]  # fmt: skip
    if register.columns.expiration_date:
        text = "Days since an asset last expired; null where none has"
        features.append(_days(scope, "days_since_expiration", world, "last_expiration", text))
    return [Block(_source(world, scope), features)]


def _expiring(world: AsOf, scope: Scope) -> list[Block]:
    register = world.settings.source.assets
    if register is None or register.columns.expiration_date is None:
        return []
    guard = world.settings.features.assets.expiring_guard_days
    after = f", beginning {guard} days after the cutoff" if guard else ""
    features = []
    for part in _parts(world, scope):
        for window in expiring_windows(world):
            count, text = part.sum(f"expiring_{window}"), f"{part.words} that expire in {window}"
            over = (count, part.sum("active"))
            dtype: PolarsDataType = pl.Int32
            features += [
                Feature("assets_expiring", scope, _named("count", part), window, count, dtype,
                        "count", f"Assets{text}{after}", 0),
                _fraction("assets_expiring", scope, _named("share", part), window, over,
                          f"Share of active assets{text}{after}; null without one"),
            ]  # fmt: skip
    return [Block(_source(world, scope), features)]


def _subscriptions(world: AsOf, scope: Scope) -> list[Block]:
    register = world.settings.source.assets
    if register is None or register.columns.is_on_subscription is None:
        return []
    family, features = "assets_subs", []
    for part in _parts(world, scope):
        on, off = part.sum("on"), part.sum("off")
        text = f"Share of active assets{part.words} on subscription; null where none says"
        name = _named("share", part)
        features.append(_fraction(family, scope, name, ASOF, (on, on + off), text))
        if part is WHOLE:
            continue
        for side, words in (("on", "on"), ("off", "off")):
            text = f"Share{part.words} in the active assets {words} subscription; null without one"
            over = (part.sum(side), WHOLE.sum(side))
            features.append(
                _fraction(family, scope, _named(f"{side}_share", part), ASOF, over, text)
            )
    return [Block(_source(world, scope), features)]


ASSETS = Family("assets", "What a customer owns, by rollup; since when.", _assets)
EXPIRING = Family("assets_expiring", "What of it runs out in the days to come.", _expiring)
SUBSCRIPTIONS = Family("assets_subs", "How much of it is on subscription.", _subscriptions)
