"""The measures of a scored list by name: what tables, intervals and checks call them.

What each is stands in `ranking` and `calibration`.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from gosales_checks.measures.calibration import (
    weighted_brier,
    weighted_cal_mae,
    weighted_cox_intercept,
    weighted_cox_slope,
    weighted_ece,
    weighted_log_loss,
)
from gosales_checks.measures.ranking import (
    weighted_auc,
    weighted_base_rate,
    weighted_lift,
    weighted_pr_auc,
    weighted_revenue_lift,
)
from gosales_checks.measures.resamples import SampleResamples

Statistic = Callable[[SampleResamples], np.ndarray]

# The one place where a measure gets its name; `summary` reports them in this order.
STATISTICS: Mapping[str, Statistic] = {
    "base_rate": weighted_base_rate,
    "auc": weighted_auc,
    "pr_auc": weighted_pr_auc,
    "brier": weighted_brier,
    "log_loss": weighted_log_loss,
    # Places in `resamples.TOP_FRACS`.
    "lift_5": partial(weighted_lift, top=0),
    "lift_10": partial(weighted_lift, top=1),
    "lift_20": partial(weighted_lift, top=2),
    "revenue_lift_5": partial(weighted_revenue_lift, top=0),
    "revenue_lift_10": partial(weighted_revenue_lift, top=1),
    "revenue_lift_20": partial(weighted_revenue_lift, top=2),
    "cal_mae": weighted_cal_mae,
    "ece": weighted_ece,
    "cox_slope": weighted_cox_slope,
    "cox_intercept": weighted_cox_intercept,
}
