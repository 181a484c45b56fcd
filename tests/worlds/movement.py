"""Two lists of one company, a quarter apart, with all that list_movement is made from."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from gosales_assets.whitespace.metrics import measure_list
from gosales_assets.whitespace.movement import move_list
from gosales_assets.whitespace.movement_ranks import DatedList, Order
from gosales_assets.whitespace.movement_rows import ON_LIST
from gosales_assets.whitespace.percentile import percentile
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.reasons import Words
from gosales_assets.whitespace.selection import select
from gosales_checks.contracts.movement import SCORE_CHANGES
from gosales_checks.contracts.whitespace import CENTROID, GENUINE, WHITESPACE_SIGNALS
from gosales_resources.settings.whitespace import WhitespaceSettings

THEN, NOW = dt.date(2024, 3, 31), dt.date(2024, 6, 30)
DIVISIONS = {"cam": "CAM", "pdm": "PDM", "services": "Services"}
# Everybody has its base rate.
BLOCK = "services"
WORDS = Words(DIVISIONS, "EUR")
SIDES = ("then", "now")


@dataclass(frozen=True)
class Quarters:
    """Signals of two cutoffs, what lies between them, and how each list was ordered."""

    then: pl.DataFrame
    now: pl.DataFrame
    changes: pl.DataFrame
    settings_then: WhitespaceSettings
    settings_now: WhitespaceSettings

    def list_of(self, side: str) -> DatedList:
        """Rank the signals of one side as the asset does."""
        signals = self.then if side == "then" else self.now
        settings = self.settings_then if side == "then" else self.settings_now
        ranked = select(rank(signals, settings), settings.capacity).rows
        cutoff = THEN if side == "then" else NOW
        figures = measure_list(ranked, signals, [], [], cutoff, settings)
        order = Order.of(figures)
        assert order is not None
        return DatedList(cutoff, ranked.select(ON_LIST), order)

    def moved(self, **options) -> pl.DataFrame:
        """Make `list_movement`."""
        lists = {side: self.list_of(side) for side in SIDES} | options
        return move_list(lists["now"], lists["then"], self.changes.lazy(), self.now.lazy(), WORDS)

    def shuffled(self) -> "Quarters":
        """Return it with all rows in another order."""
        return replace(
            self,
            **{
                name: getattr(self, name).sample(fraction=1, shuffle=True, seed=5)
                for name in ("then", "now", "changes")
            },
        )


def rank(signals: pl.DataFrame, settings: WhitespaceSettings) -> pl.DataFrame:
    """Rank signals; customers have no other attribute."""
    attributes = ["customer_name", "industry", "region", "territory", "rep"]
    customers = signals.lazy().select("customer_id").unique()
    customers = customers.with_columns(pl.lit(None, pl.String).alias(name) for name in attributes)
    books = pl.LazyFrame(
        schema={"customer_id": pl.String, "rep": pl.String, "is_active": pl.Boolean}
    )
    return rank_candidates(signals.lazy(), customers, books, settings, DIVISIONS)


def draw_quarters(
    customers: int = 40,
    seed: int = 0,
    *,
    then: WhitespaceSettings | None = None,
    now: WhitespaceSettings | None = None,
    same_model: bool = False,
    restated: float = 0.0,
) -> Quarters:
    """Draw two quarters.

    Parameters
    ----------
    customers
        Of either quarter; a tenth comes, a tenth goes.
    seed
        Of the draw.
    then, now
        How each list is ordered; by default alike.
    same_model
        The model of then scores now too.
    restated
        How far the margins of then as stored now are from those that were published.
    """
    draw = np.random.default_rng(seed)
    tenth = customers // 10
    sides = {"then": (0, customers), "now": (tenth, customers + tenth)}
    frames: dict[str, list[pl.DataFrame]] = {"then": [], "now": [], "changes": []}
    for division in DIVISIONS:
        names = [f"c{at:06d}" for at in range(customers + tenth)]
        made = _division(division, names, draw, same_model=same_model, restated=restated)
        for side, (first, last) in sides.items():
            frames[side].append(made[side][first:last].with_columns(p_icp_pct=_percentile()))
        changes = made["changes"][: sides["then"][1]]
        is_gone = pl.int_range(pl.len()) < tenth
        crossed = [n for n in changes.columns if n.startswith(("p_then_", "p_now_", "margin_"))]
        crossed.remove("margin_then")
        frames["changes"].append(
            changes.with_columns(
                *(pl.when(~is_gone).then(name).alias(name) for name in crossed),
                split=pl.when(is_gone).then(pl.lit("together")).otherwise("split"),
            )
        )
    signals = {side: pl.concat(frames[side]) for side in sides}
    settings = WhitespaceSettings()
    return Quarters(
        signals["then"], signals["now"], pl.concat(frames["changes"]), then or settings,
        now or settings,
    )  # fmt: skip


def _division(
    division: str, names: list[str], draw: np.random.Generator, *, same_model: bool, restated: float
) -> dict[str, pl.DataFrame]:
    n = len(names)
    # Few distinct values, so that there are ties.
    data = {side: np.round(draw.normal(size=n), 1) for side in SIDES}
    levels = {"then": -1.0, "now": -1.0 if same_model else -0.7}

    def margin(of: str, model: str) -> np.ndarray:
        is_other = model == "now" and not same_model
        return 0.5 * data[of] + 0.3 * np.sin(3 * data[of]) if is_other else data[of]

    def p(of: np.ndarray, calibrator: str) -> np.ndarray:
        return np.full(n, 0.2) if division == BLOCK else expit(of + levels[calibrator])

    made = {}
    for side in SIDES:
        own = margin(side, side)
        value = np.round(np.exp(draw.normal(5, 1, n)), 0)
        gate = np.where(draw.random(n) < 0.15, "open_deal", None)
        made[side] = _signals(
            {
                "customer_id": names,
                "division": division,
                "cutoff": THEN if side == "then" else NOW,
                "segment": draw.choice(["warm", "cold"], n),
                "is_eligible": [one is None for one in gate],
                "ineligible_reason": pl.Series(gate.tolist(), dtype=pl.String),
                "is_cooling": draw.random(n) < 0.1,
                "p_icp": p(own, side),
                "margin": None if division == BLOCK else own,
                "mb_lift_max": [None if x < 0.5 else round(x, 2) for x in draw.random(n)],
                "als_similarity": np.round(draw.random(n), 2),
                # What stands in is ordered by what it is, whatever it comes from.
                "als_source": np.where(np.arange(n) % 3 == 0, CENTROID, GENUINE),
                "conditional_value": value,
                "value_12m": np.round(draw.random(n) * 1000, 0),
                "model_status": "prior" if division == BLOCK else "fitted",
                "rfm_score": 0.5,
                "reason": "a fact",
            }
        ).with_columns(ev=pl.col("p_icp") * pl.col("conditional_value"))
    made["changes"] = _changes(made["then"], margin, p, restated, draw, is_block=division == BLOCK)
    return made


def _percentile() -> pl.Expr:
    likely = pl.struct("p_icp", pl.col("margin").fill_null(0.0)).rank("dense")
    return percentile(pl.when("is_eligible").then(likely))


def _signals(given: dict[str, Any]) -> pl.DataFrame:
    """Return signals; what is not given is null."""
    frame = pl.DataFrame(given, strict=False)
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(column.dtype).alias(name)
        for name, column in WHITESPACE_SIGNALS.schema.columns().items()
    )


def _changes(then, margin, p, restated, draw, *, is_block) -> pl.DataFrame:
    stored = margin("then", "then") + restated * draw.normal(size=then.height)
    if not restated:
        stored = margin("then", "then")
    margins = {
        ("then", "then"): stored,
        ("then", "now"): margin("then", "now"),
        ("now", "then"): margin("now", "then"),
        ("now", "now"): margin("now", "now"),
    }
    names = {
        "segment": "segment_then", "is_cooling": "is_cooling_then",
        "ineligible_reason": "ineligible_reason_then", "p_icp": "p_then", "margin": "margin_then",
        "mb_lift_max": "lift_then", "als_similarity": "als_then",
        "conditional_value": "value_then", "value_12m": "value_12m_then",
    }  # fmt: skip
    nothing = pl.lit(None, dtype=pl.Float64)
    return then.select(
        "customer_id", "division", *(pl.col(of).alias(name) for of, name in names.items()),
        cutoff=pl.lit(NOW), previous_cutoff=pl.lit(THEN), split=pl.lit("apart"),
        value_restated="conditional_value",
        **{
            f"p_{d}_{m}_{c}": pl.Series(p(margins[d, m], c))
            for d in SIDES for m in SIDES for c in SIDES if (d, m, c) != ("now", "now", "now")
        },
        **{
            f"margin_{d}_{m}": nothing if is_block else pl.Series(margins[d, m])
            for d, m in margins if (d, m) != ("now", "now")
        },
    ).select(list(SCORE_CHANGES.schema.columns()))  # fmt: skip
