"""Pooled encoders: how often, and how much, customers of a kind buy the target.

A group is blended with the group around it (sub-industry, industry, all), the more the smaller it
is. The customer's own rows are left out of every level, or a group of one would tell its purchase.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from gosales_assets.features.asof import AsOf, CustomerPool
from gosales_assets.features.declaration import Block, Family, Feature
from gosales_assets.features.scopes import KEYS, Scope
from gosales_resources.dates import history_window
from gosales_resources.errors import SettingsError, nearest
from gosales_resources.settings.base import slugify

ALL = "all"
OWN = ("own_buyers", "own_cents", "own_total")


@dataclass(frozen=True)
class Level:
    """A way to group customers, and the wider one that its groups are blended with."""

    name: str
    columns: tuple[str, ...]
    """Columns of `dim_customer`; the last one is the level's own."""
    parent: str = ALL


INDUSTRY = Level("industry", ("industry",))
SUB_INDUSTRY = Level("sub_industry", ("industry", "sub_industry"), "industry")


def levels_of(world: AsOf) -> list[Level]:
    """List the levels encoded, parents first.

    Raises
    ------
    SettingsError
        Naming a configured attribute that customers do not have, with the nearest that they have.
    """
    known = world.population.collect_schema().names()
    levels = [INDUSTRY, SUB_INDUSTRY]
    for column in world.settings.features.encoder.attributes:
        if column not in known:
            raise SettingsError(
                f"features.encoder.attributes: dim_customer has no column '{column}'. "
                f"{nearest(column, known)}"
            )
        levels.append(Level(slugify(column.removeprefix("attr_")), (column,)))
    return levels


def own_purchases(world: AsOf) -> pl.LazyFrame:
    """Sum up what each customer of the population bought in the window.

    Parameters
    ----------
    world
        What was known at the cutoff.

    Returns
    -------
    polars.LazyFrame
        One row per customer and division with a line in the window: own_buyers (0 or 1), own_cents
        (not below 0: a net return is no share of anything), own_total (of all its divisions),
        is_division (False for a set of SKUs).
    """
    months = world.settings.features.encoder.window_months
    return (
        world.months("div")
        .filter(history_window(world.cutoff, months).contains("month"))
        .group_by(KEYS["div"])
        .agg(
            own_buyers=(pl.col("transaction_count").sum() > 0).cast(pl.Int64),
            own_cents=pl.col("gp_cents").sum().clip(lower_bound=0),
        )
        # A target that is a set of SKUs has its lines from the divisions: it adds to no total.
        .with_columns(is_division=pl.col("division").is_in(world.settings.divisions.slugs))
        .with_columns(own_total=_of_divisions("own_cents").sum().over("customer_id"))
        .join(world.population.select("customer_id"), on="customer_id", how="semi")
        .collect()
        .lazy()
    )


@dataclass(frozen=True)
class Groups:
    """What the customers of each group of one level are, and bought; all are integers."""

    sizes: pl.DataFrame
    """Group with customers."""
    totals: pl.DataFrame
    """Group with the cents spent in all divisions."""
    here: pl.DataFrame
    """Group x division with buyers and cents."""


ByLevel = dict[tuple[str, ...], Groups]
"""Columns of a level -> its groups; no column is everyone."""


def groups_of(world: AsOf) -> ByLevel:
    """Count customers, buyers and cents of the groups of every level."""
    levels = [(), *(level.columns for level in levels_of(world))]
    columns = sorted({column for level in levels for column in level})
    people = world.population.select("customer_id", *columns, everyone=pl.lit(value=True))
    own = world.shared(own_purchases)
    spent = own.join(people, on="customer_id", how="left")
    return {level: _groups(people, spent, _group(level)) for level in levels}


def merge_groups(found: Sequence[ByLevel]) -> ByLevel:
    """Add the groups of several ranges of customers up."""

    def added(parts: Iterable[pl.DataFrame], keys: list[str]) -> pl.DataFrame:
        return pl.concat(parts).group_by(keys).agg(pl.all().sum())

    return {
        level: Groups(
            added((groups[level].sizes for groups in found), _group(level)),
            added((groups[level].totals for groups in found), _group(level)),
            added((groups[level].here for groups in found), [*_group(level), "division"]),
        )
        for level in found[0]
    }


GROUPS = CustomerPool(groups_of, merge_groups)


def _group(columns: tuple[str, ...]) -> list[str]:
    # A constant stands for "all" so that one path serves every level.
    return [*columns, "everyone"]


def _groups(people: pl.LazyFrame, spent: pl.LazyFrame, group: list[str]) -> Groups:
    sizes = people.group_by(group).agg(customers=pl.len().cast(pl.Int64))
    totals = spent.group_by(group).agg(total=_of_divisions("own_cents").sum())
    here = spent.group_by(*group, "division").agg(
        buyers=pl.col("own_buyers").sum(), cents=pl.col("own_cents").sum()
    )
    return Groups(*pl.collect_all([sizes, totals, here]))


def encode(world: AsOf, levels: list[Level]) -> pl.LazyFrame:
    """Estimate rate and share of every customer of the population and target, level by level.

    Parameters
    ----------
    world
        What was known at the cutoff.
    levels
        Parents before their children.

    Returns
    -------
    polars.LazyFrame
        Keys, and `<level>_rate`, `<level>_share`; null where the widest group is not known. Where
        only the narrower one is not known, the estimate is that of the wider.
    """
    columns = sorted({column for level in levels for column in level.columns})
    people = world.population.select("customer_id", *columns)
    own, groups = world.shared(own_purchases), world.pooled(GROUPS)
    totals = own.select("customer_id", "own_total").unique()
    frame = (
        people.join(totals, on="customer_id", how="left")
        .join(pl.LazyFrame({"division": world.settings.divisions.targets}), how="cross")
        .join(own.drop("own_total", "is_division"), on=KEYS["div"], how="left")
        # No line in the window: it bought nothing, and what it bought was worth nothing.
        .with_columns(pl.col(OWN).fill_null(0))
    )
    frame = _with_counts(frame, groups[()], ()).with_columns(*_overall())
    for level in levels:
        frame = _with_counts(frame, groups[level.columns], level.columns).with_columns(
            *_blended(level, world.settings.features.encoder.prior_customers)
        )
    return frame.select(
        *KEYS["div"], *(f"{level.name}_{kind}" for level in levels for kind in ("rate", "share"))
    )


def _with_counts(frame: pl.LazyFrame, groups: Groups, columns: tuple[str, ...]) -> pl.LazyFrame:
    """Add to each row the customers and cents of its group, in all and in the division."""
    group = _group(columns)
    made = ["customers", "total", "buyers", "cents"]
    return (
        frame.drop(made, strict=False)
        .with_columns(everyone=pl.lit(value=True))
        .join(groups.sizes.lazy(), on=group, how="left", validate="m:1")
        .join(groups.totals.lazy(), on=group, how="left", validate="m:1")
        .join(groups.here.lazy(), on=[*group, "division"], how="left", validate="m:1")
        .with_columns(pl.col(made).fill_null(0))
    )


def _of_divisions(column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("is_division"))


def _overall() -> list[pl.Expr]:
    others = pl.col("customers") - 1
    spent = pl.col("total") - pl.col("own_total")
    return [
        pl.when(others > 0)
        .then((pl.col("buyers") - pl.col("own_buyers")) / others)
        .alias(f"{ALL}_rate"),
        pl.when(spent > 0)
        .then((pl.col("cents") - pl.col("own_cents")) / spent)
        .alias(f"{ALL}_share"),
        # What another customer spends on average: cents that a customer of the prior stands for.
        pl.when(others > 0).then(spent / others).alias("spend"),
    ]


def _blended(level: Level, prior: float) -> list[pl.Expr]:
    rate, share = pl.col(f"{level.parent}_rate"), pl.col(f"{level.parent}_share")
    buyers = pl.col("buyers") - pl.col("own_buyers") + prior * rate
    cents = pl.col("cents") - pl.col("own_cents") + prior * pl.col("spend") * share
    found = {
        "rate": (rate, buyers / (pl.col("customers") - 1 + prior)),
        "share": (share, cents / (pl.col("total") - pl.col("own_total") + prior * pl.col("spend"))),
    }
    is_known = pl.col(level.columns[-1]).is_not_null()
    wider_is_known = level.parent != ALL
    return [
        pl.when(is_known)
        .then(estimate)
        .otherwise(parent if wider_is_known else None)
        .alias(f"{level.name}_{kind}")
        for kind, (parent, estimate) in found.items()
    ]


def _encoder(world: AsOf, scope: Scope) -> list[Block]:
    settings = world.settings.features.encoder
    levels = levels_of(world)
    window = f"{settings.window_months}m"
    features = []
    for level in levels:
        kind = level.name.replace("_", " ")
        wider = f"blended with {level.parent.replace('_', ' ')}, its own purchases left out"
        features += [
            Feature(
                "encoder",
                scope,
                f"{level.name}_rate",
                window,
                pl.col(f"{level.name}_rate"),
                pl.Float64,
                "fraction",
                f"Share of the customers of its {kind} that bought in the last {window}, {wider}",
            ),
            Feature(
                "encoder",
                scope,
                f"{level.name}_share",
                window,
                pl.col(f"{level.name}_share"),
                pl.Float64,
                "fraction",
                f"Share of the value bought by its {kind} in the last {window}, {wider}",
            ),
        ]
    return [Block(encode(world, levels), features)]


ENCODER = Family(
    "encoder", "What customers of its kind buy of the target.", _encoder, ("div",), (GROUPS,)
)
