"""How long ago a customer last bought, and how much of that purchase is left by half-lives."""

from functools import partial

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature, divide
from gosales_assets.features.scopes import Scope


def _recency(world: AsOf, scope: Scope) -> list[Block]:
    settings = world.settings.features
    actual = (pl.lit(world.cutoff) - pl.col("day").max()).dt.total_days()
    days = pl.max_horizontal(actual, pl.lit(settings.recency_floor_days, dtype=pl.Int64))
    floor = f"floored at {settings.recency_floor_days} days"
    text = f"days since the last purchase, {floor}"
    declare = partial(Feature, "recency", scope)
    features = [
        declare("days", ASOF, days, pl.Int32, "days", text.capitalize()),
        declare("log_days", ASOF, days.log1p(), pl.Float64, "log days", f"log(1 + {text})"),
    ]
    for half_life in settings.half_lives_days:
        decay = (-divide(days, half_life) * pl.lit(2.0).log()).exp()
        name, shown = f"decay_h{half_life}d", f"2^(-d/{half_life}) of the {text}"
        features.append(declare(name, ASOF, decay, pl.Float64, "fraction", shown, 0))
    return [Block(world.days(scope), features, is_grouped=True)]


RECENCY = Family(
    "recency",
    "Days since the last purchase and decays of them; unknown for who never bought, whose decay "
    "is 0.",
    _recency,
)
