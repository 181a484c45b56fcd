"""The rates of every target after past cutoffs, and what is forecast of the next window from them."""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.contract import Contract, Read
from gosales_checks.contracts.star import PURCHASE_HISTORY, SALES_LEDGER

COUNT = {"unit": "count"}
LOG_ODDS = {"unit": "log-odds"}
RATE_SLICES = ["all", "owners", "whitespace"]
RATE_RULES = ["newest", "mean", "trend", "season", "age"]
RULES_MEAN = (
    "newest: the newest rate; mean: of all past windows; trend: half of the last change goes on; "
    "season: the change of the same season in earlier years; age: what other targets were like as "
    "long after their first sale"
)


class RateHistory(dy.Schema):
    """How many bought after each past cutoff, as far as that was known at the partition's cutoff."""

    division = dy.String(primary_key=True, description="Target: a division, or a set of SKUs.")
    slice = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(RATE_SLICES),
        description="owners, whitespace (never bought the target by the origin), or all.",
    )
    origin = dy.Date(
        primary_key=True,
        description="Past cutoff whose label window had ended; also before the calendar's first one.",
    )
    cutoff = dy.Date(description="As-of date.")
    population = dy.Int64(
        min=0, description="Customers with any purchase up to the origin.", metadata=COUNT
    )
    positives = dy.Int64(
        min=0,
        description="Of them with a net value above the threshold in the label window, not widened.",
        metadata=COUNT,
    )
    age_months = dy.Int32(
        nullable=True,
        description="Months since the target was first sold, negative before; null where that was "
        "in the log's first year, or never.",
        metadata={"unit": "months"},
    )

    @dy.rule()
    def buyers_are_in_the_population(cls):
        """No more buyers than customers."""
        return cls.positives.col <= cls.population.col

    @dy.rule()
    def an_origin_is_past(cls):
        """Windows that are counted began before the cutoff."""
        return cls.origin.col < cls.cutoff.col


class RateForecast(dy.Schema):
    """What the rate in the window after the cutoff is taken to be."""

    division = dy.String(primary_key=True, description="Target: a division, or a set of SKUs.")
    slice = dy.String(
        primary_key=True,
        check=lambda c: c.is_in(RATE_SLICES),
        description="owners, whitespace (never bought the target), or all.",
    )
    cutoff = dy.Date(description="As-of date.")
    newest_origin = dy.Date(description="Newest past cutoff whose label window had ended.")
    population = dy.Int64(min=0, description="Customers there.", metadata=COUNT)
    positives = dy.Int64(min=0, description="Of them buyers.", metadata=COUNT)
    rule = dy.String(check=lambda c: c.is_in(RATE_RULES), description=f"{RULES_MEAN}.")
    newest_log_odds = dy.Float64(
        nullable=True,
        description="Of the newest rate, half a buyer added to either side; null without customers.",
        metadata=LOG_ODDS,
    )
    forecast_log_odds = dy.Float64(
        nullable=True, description="Of the rate that is forecast; null alike.", metadata=LOG_ODDS
    )
    level_move = dy.Float64(
        description="Forecast less newest: what the level of probabilities is moved by; 0 where the "
        "newest rate stays.",
        metadata=LOG_ODDS,
    )
    variance = dy.Float64(
        nullable=True,
        min=0,
        description="Mean squared error of the rule at past cutoffs, beyond sampling; null where "
        "the newest rate stays.",
        metadata={"unit": "log-odds squared"},
    )
    judged_rule = dy.String(
        nullable=True,
        check=lambda c: c.is_in(RATE_RULES),
        description="Rule that the errors are of: the one that is used in the slice, or that came "
        "nearest to it; null without a past forecast.",
    )
    judged_origin_count = dy.Int64(
        min=0, description="Past cutoffs that it was judged at.", metadata=COUNT
    )
    rule_error = dy.Float64(
        nullable=True,
        min=0,
        description="Its mean absolute error over targets and past cutoffs.",
        metadata=LOG_ODDS,
    )
    against = dy.String(
        nullable=True,
        check=lambda c: c.is_in(RATE_RULES),
        description="Simpler rule that it was held against.",
    )
    against_error = dy.Float64(
        nullable=True, min=0, description="That one's error.", metadata=LOG_ODDS
    )

    @dy.rule()
    def the_newest_rate_is_not_moved(cls):
        """A level is moved by a rule that forecasts something else, and by nothing but one."""
        return (cls.rule.col == "newest") == (cls.level_move.col == 0)

    @dy.rule()
    def a_move_has_a_variance(cls):
        """What is forecast says how far it was off."""
        return cls.variance.col.is_not_null() | (cls.rule.col == pl.lit("newest"))


READS = (Read(PURCHASE_HISTORY, "up_to_cutoff"), Read(SALES_LEDGER))
COUNTED_BY = (
    "labels.window_months",
    "labels.gp_min_threshold",
    "labels.denylist",
    "value",
    "divisions.targets",
    "divisions.sku_targets",
    "source.sales_log.complete_through@cutoff",
)
RATE_HISTORY = Contract(
    name="rate_history",
    schema=RateHistory,
    grain="one row per target, slice and past cutoff",
    group="models",
    made_by="models.rates",
    partitioned_by="cutoff",
    settings=COUNTED_BY,
    reads=READS,
    description="How many customers bought each target after every past cutoff, counted from "
    "purchases alone; prospects that never bought anything are in none.",
)
RATE_FORECAST = Contract(
    name="rate_forecast",
    schema=RateForecast,
    grain="one row per target and slice",
    group="models",
    made_by="models.rates",
    partitioned_by="cutoff",
    settings=COUNTED_BY,
    reads=READS,
    description="The level of the next window's rates: the newest one's, unless another rule was "
    "clearly nearer at the log's own past cutoffs.",
)
