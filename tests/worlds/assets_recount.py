"""The definitions of the families of the installed base, read slowly in plain Python."""

import datetime as dt
from collections.abc import Sequence

from tests.worlds.raw_recount import RawAsset

Found = dict[str, object]


def expected_assets(
    assets: Sequence[RawAsset], cutoff: dt.date, scope: str, rollups: Sequence[str]
) -> Found:
    """Compute the three families of one customer's assets (in one division).

    `rollups` are the divisions that have columns of their own; none in scope `div`.
    """
    found = {}
    parts = {"": assets} | {f"_{r}": [a for a in assets if a.division == r] for r in rollups}
    whole = [a for a in assets if a.is_active(cutoff)]
    for suffix, some in parts.items():
        active = [a for a in some if a.is_active(cutoff)]
        found |= {
            f"assets__{scope}__owned{suffix}__asof": len(some),
            f"assets__{scope}__active{suffix}__asof": len(active),
            f"assets__{scope}__quantity{suffix}__asof": float(sum(a.units for a in active)),
        }
        for days in (30, 60, 90):
            end = cutoff + dt.timedelta(days)
            ending = [a for a in active if a.ends and a.ends <= end]
            name = f"assets_expiring__{scope}__"
            found[f"{name}count{suffix}__{days}d"] = len(ending)
            found[f"{name}share{suffix}__{days}d"] = share(ending, active)
        on, off = ([a for a in active if a.is_on is side] for side in (True, False))
        found[f"assets_subs__{scope}__share{suffix}__asof"] = share(on, [*on, *off])
        if suffix:
            for side, mine in (("on", on), ("off", off)):
                every = [a for a in whole if a.is_on is (side == "on")]
                found[f"assets_subs__{scope}__{side}_share{suffix}__asof"] = share(mine, every)
    ended = [a.ends for a in assets if a.ends and a.ends <= cutoff]
    first = min((a.bought for a in assets), default=None)
    return found | {
        f"assets__{scope}__tenure_days__asof": (cutoff - first).days if first else None,
        f"assets__{scope}__imputed_share__asof": share([a for a in assets if a.is_imputed], assets),
        f"assets__{scope}__days_since_expiration__asof": (cutoff - max(ended)).days
        if ended
        else None,
    }


def share(part: Sequence[RawAsset], whole: Sequence[RawAsset]) -> float | None:
    return len(part) / len(whole) if whole else None
