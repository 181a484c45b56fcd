"""Who sold to a customer: how much of it went through one rep and one branch, and how many there were.

Shares and counts, not names: a name is a category of the customer's own (see attributes), and an
indicator of each rep would tell a model who sits where rather than what the customer is like.
"""

import polars as pl

from gosales_assets.features.asof import AsOf
from gosales_assets.features.declaration import Block, Family, Feature
from gosales_assets.features.history import SELLER_COLUMNS as ROLES
from gosales_assets.features.scopes import KEYS, Scope
from gosales_resources.dates import history_window


def _sellers(world: AsOf, scope: Scope) -> list[Block]:
    months = world.settings.features.share_months
    recent = world.sellers(scope).filter(history_window(world.cutoff, months).contains("month"))
    return [_of_role(recent, scope, role, months) for role in ROLES]


def _of_role(recent: pl.LazyFrame, scope: Scope, role: str, months: int) -> Block:
    lines = pl.col("line_count").sum()
    named = recent.filter(pl.col(role) != "").group_by(*KEYS[scope], role).agg(lines)
    count = pl.col("line_count")
    text = f"in the last {months} months"
    features = [
        Feature(
            "sellers",
            scope,
            f"share_main_{role}",
            f"{months}m",
            count.max() / count.sum(),
            pl.Float64,
            "fraction",
            f"Share of its lines with a named {role} that the main one sold {text}; null without",
        ),
        Feature(
            "sellers",
            scope,
            f"{role}_count",
            f"{months}m",
            pl.len(),
            pl.Int32,
            "count",
            f"Distinct named {role}s that sold to it {text}",
            0,
        ),
    ]
    # A line that was restated away from a rep leaves nothing behind.
    return Block(named.filter(count > 0), features, is_grouped=True)


SELLERS = Family(
    "sellers",
    "How much of what a customer bought went through its main rep and its main branch "
    "(`features.share_months`), and how many sold to it.",
    _sellers,
)
