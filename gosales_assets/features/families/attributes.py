"""What the source's customer table declares: numbers and categories as they are.

They carry most of what is known of customers with little history. Categories stay text here; a
model turns the most frequent ones of its training rows into indicators and keeps that list, so
that the columns of a feature table never depend on which customers are on the roster.
"""

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import ASOF, Block, Family, Feature
from gosales_assets.features.scopes import Scope
from gosales_resources.settings.base import slugify

PREFIX = "attr_"
# Attributes that dim_customer has under a name of its own.
NAMED = ("industry", "sub_industry", "region", "territory")


def _attributes(world: AsOf, scope: Scope) -> list[Block]:
    schema = world.population.collect_schema()
    features = []
    for column in sorted(c for c in schema if c.startswith(PREFIX) or c in NAMED):
        name = slugify(column.removeprefix(PREFIX))
        is_text = schema[column] == pl.String
        features.append(
            Feature(
                "attr",
                scope,
                name,
                ASOF,
                pl.col(column),
                pl.String if is_text else pl.Float64,
                "category" if is_text else "as in the source",
                f"Customer attribute {name}; null where not known",
            )
        )
    return [Block(world.population, features)]


ATTRIBUTES = Family(
    "attr",
    "What the customer table declares: numbers as they are, categories as text. A model makes "
    "indicators of the categories that are most frequent in its training rows "
    "(`models.top_categories`), one of all others and one of not known; of a number that is not "
    "known it is told so where that occurs in training.",
    _attributes,
    ("all",),
)
