"""One list over all divisions: what its top captures by several orders of the same pairs.

Pairs are those of the whitespace: customer and division never bought. Customers are drawn once for
all cutoffs and orders, so means over cutoffs and differences between orders are paired.
"""

import numpy as np
import polars as pl
from pooled_rows import Judged
from world import show

from gosales_checks.measures.captured import (
    MONEY,
    WINS,
    Pairs,
    captured_at_random,
    captured_draws,
    interval_of_draws,
)
from gosales_checks.measures.intervals import Interval
from gosales_checks.measures.resamples import TOP_FRACS
from gosales_resources.sources.cells import CENTS

DRAWS, SEED = 500, 20_240_101
OURS, BOUND, RANDOM = "p", "p at the true division rates", "random (expected)"
WORTH, PLAIN = "ev", "p x industry mean value"
# What the order by expected value must catch more money than.
BEATEN = ("RFM rank", "RFM regression", PLAIN)
ORDERS = {
    OURS: pl.col("p_icp"),
    WORTH: pl.col("ev").fill_null(0.0),
    BOUND: pl.col("p_at_true_rate"),
    "popularity (last mature rate)": pl.col("past_rate"),
    "RFM rank": pl.col("rfm_rank"),
    "RFM regression": pl.col("p_rfm"),
    PLAIN: pl.col("p_icp") * pl.col("plain_value"),
}
TENTH = TOP_FRACS.index(0.10)
KINDS = (("wins", WINS), ("money", MONEY))


def told_list(found: Judged) -> list[dict]:
    """Print what the tops capture; return the figures."""
    lists = [pairs_of(found, cutoff) for cutoff in found.cutoffs]
    customers = int(found.rows["customer"].max()) + 1  # type: ignore[arg-type]
    drawn = [
        captured_draws(pairs, orders, customers, draws=DRAWS, seed=SEED) for pairs, orders in lists
    ]
    by_order = {name: np.stack([one[name] for one in drawn]) for name in ORDERS}
    for pairs, cutoff in zip((one for one, _ in lists), found.cutoffs, strict=True):
        wins, money = int(pairs.label.sum()), int(pairs.cents.sum()) / CENTS
        print(f"  {cutoff}: {len(pairs):,} pairs, {wins:,} wins, {money:,.0f} of money")
    at_random = np.mean([captured_at_random(len(pairs)) for pairs, _ in lists], axis=0)
    figures = [row for kind, at in KINDS for row in rows_of(by_order, kind, at)]
    figures += [
        {"order": RANDOM, "kind": kind, "top": frac, "value": float(share)}
        for kind, _ in KINDS
        for frac, share in zip(TOP_FRACS, at_random, strict=True)
    ]
    per_cutoff = cutoff_rows(found, by_order)
    tell(found, figures, per_cutoff)
    return [*figures, *per_cutoff, tell_ratio(by_order), *tell_worth(by_order)]


def pairs_of(found: Judged, cutoff) -> tuple[Pairs, dict[str, np.ndarray]]:
    """Give the whitespace of a cutoff, and each order's scores."""
    rows = found.rows.filter(pl.col("is_whitespace"), cutoff=cutoff)
    divisions = pl.col("division").rank("dense").cast(pl.Int64)
    cents = (pl.col("net_value_window") * CENTS).round().cast(pl.Int64)
    columns = rows.select(
        "customer", "ties", division=divisions, label="label", cents=cents
    ).to_dict(as_series=True)
    pairs = Pairs(**{name: column.to_numpy() for name, column in columns.items()})
    return pairs, {
        name: rows.select(score).to_series().to_numpy() for name, score in ORDERS.items()
    }


def rows_of(by_order: dict[str, np.ndarray], kind: str, at: int) -> list[dict]:
    """Give means over cutoffs, with intervals, spread, and what they are above `p`."""
    figures = []
    for top, frac in enumerate(TOP_FRACS):
        of_p = by_order[OURS][:, at, :, top].mean(axis=0)
        for name, shares in by_order.items():
            mean = shares[:, at, :, top].mean(axis=0)
            row = {"order": name, "kind": kind, "top": frac} | bounds("", interval_of_draws(mean))
            row["spread"] = float(shares[:, at, 0, top].std(ddof=1)) if len(shares) > 1 else None
            figures.append(row | bounds("over_p_", interval_of_draws(mean - of_p)))
    return figures


def cutoff_rows(found: Judged, by_order: dict[str, np.ndarray]) -> list[dict]:
    """Give the figures of each cutoff, with intervals."""
    return [
        {"cutoff": str(cutoff), "order": name, "kind": kind, "top": frac}
        | bounds("", interval_of_draws(shares[i, at, :, top]))
        | bounds(
            "over_p_",
            interval_of_draws(shares[i, at, :, top] - by_order[OURS][i, at, :, top]),
        )
        for name, shares in by_order.items()
        for i, cutoff in enumerate(found.cutoffs)
        for kind, at in KINDS
        for top, frac in enumerate(TOP_FRACS)
    ]


def tell(found: Judged, figures: list[dict], per_cutoff: list[dict]) -> None:
    for kind, _ in KINDS:
        for frac in TOP_FRACS:
            chosen = [row for row in figures if row["kind"] == kind and row["top"] == frac]
            rows = [(row["order"], share(row), above(row)) for row in chosen]
            show(
                f"pooled: {found.name}, share of {kind} in the top {frac:.0%} of pairs, mean of "
                f"{len(found.cutoffs)} cutoffs [95 % by customer], sd over cutoffs",
                rows,
            )
    print(f"\npooled: {found.name}, by cutoff, top 10 %: wins, money")
    for name in ORDERS:
        cells = [
            " ".join(
                f"{row['value']:.3f}"
                for row in per_cutoff
                if row["order"] == name and row["top"] == 0.10 and row["cutoff"] == str(cutoff)
            )
            for cutoff in found.cutoffs
        ]
        print(f"  {name:<32}" + "   ".join(cells))


def tell_ratio(by_order: dict[str, np.ndarray]) -> dict:
    """Print the share of the bound's wins that p captures in the top tenth."""
    wins = {n: by_order[n][:, WINS, :, TENTH].mean(axis=0) for n in (OURS, BOUND)}
    found = interval_of_draws(wins[OURS] / wins[BOUND])
    figure = f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
    show("  p of its bound", [("wins in the top 10 %", figure, "target >= 0.95")])
    return {"order": f"{OURS} over {BOUND}", "kind": "wins", "top": 0.10} | bounds("", found)


def tell_worth(by_order: dict[str, np.ndarray]) -> list[dict]:
    """Print how much more money the order by expected value catches than others."""
    money = {n: by_order[n][:, MONEY, :, TENTH].mean(axis=0) for n in (WORTH, *BEATEN)}
    figures = [
        {"order": f"{WORTH} less {name}", "kind": "money", "top": 0.10}
        | bounds("", interval_of_draws(money[WORTH] - money[name]))
        for name in BEATEN
    ]
    rows = [(row["order"], share(row), "target > 0") for row in figures]
    show("  share of money in the top 10 %", rows)
    return figures


def bounds(prefix: str, found: Interval) -> dict[str, float]:
    return {f"{prefix}{name}": getattr(found, name) for name in ("value", "low", "high")}


def share(row: dict) -> str:
    if "low" not in row:
        return f"{row['value']:.3f}"
    spread = f" sd {row['spread']:.3f}" if row.get("spread") is not None else ""
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]{spread}"


def above(row: dict) -> str:
    if "low" not in row or row["order"] == OURS:
        return ""
    low, high = row["over_p_low"], row["over_p_high"]
    return f"over p {row['over_p_value']:+.3f} [{low:+.3f}, {high:+.3f}]"
