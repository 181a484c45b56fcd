"""What a user would build in an afternoon, on stored tables: ranks and a regression of RFM.

The same as the yardstick of `quality`, but from `purchase_history` and `labels`, so that it goes for
any log and its rows are those of the scores. Training cutoffs are the newest whose window has ended.
"""

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from quality import read
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gosales_assets.platform.platform import Platform
from gosales_resources.dates import shift_months
from gosales_resources.partitions.maturity import mature_labels
from gosales_resources.sources.cells import CENTS
from gosales_resources.store.address import Address

WINDOWS = (3, 6, 12, 24)
TRAINED_ON = 4
# A cutoff with less of a log before it is not trained on, where there is another.
LEAST_HISTORY_MONTHS = 2
# Of past buyers' values, and buyers of the division's mean that an industry's is blended with.
CAP, SHRINKAGE = 0.95, 20.0
UNKNOWN = "unknown"


@dataclass
class Afternoon:
    """Simple models of one log; what cutoffs share is kept."""

    platform: Platform
    kept: dict[dt.date, pl.DataFrame] = field(default_factory=dict)

    def of(self, cutoff: dt.date, division: str) -> pl.DataFrame:
        """Score the customers of a cutoff.

        Returns
        -------
        polars.DataFrame
            customer_id, rfm_rank, p_rfm (logistic regression), plain_value (mean value of past
            buyers by industry), and past_rate (of the newest mature whitespace), sorted.
        """
        past = self.mature(cutoff, division)
        asked = self.rows(cutoff, division)
        newest = read(self.platform, "labels", past[-1], division).filter("is_expansion")
        rank = -pl.col("a_rec").rank() + pl.col("a_n12").rank() + pl.col("a_v12").rank()
        return asked.select(
            "customer_id",
            rfm_rank=rank,
            p_rfm=pl.Series(self.regression(asked, past, division)),
            past_rate=pl.lit(newest["label"].mean(), dtype=pl.Float64),
        ).join(self.plain_values(cutoff, past, division), on="customer_id", how="left")

    def mature(self, cutoff: dt.date, division: str) -> list[dt.date]:
        """List the past cutoffs to learn from, oldest first."""
        scan = self.platform.store.scan_table
        earlier = self.platform.space.training_cutoffs(cutoff)
        labels = {t: scan(Address("labels", t, division), None) for t in earlier}
        used = mature_labels(labels, cutoff, TRAINED_ON).used
        begun = shift_months(self.first_order, LEAST_HISTORY_MONTHS)
        return [t for t in used if t >= begun] or used

    @property
    def first_order(self) -> dt.date:
        """Day of the first order known at the first cutoff."""
        first = self.history(self.platform.space.cutoffs()[0])
        return first["order_date"].min()

    def regression(self, asked: pl.DataFrame, past: list[dt.date], division: str) -> np.ndarray:
        """Fit on past cutoffs; the rate where all did the same."""
        parts = []
        for t in past:
            label = read(self.platform, "labels", t, division).select("customer_id", "label")
            parts.append(self.rows(t, division).join(label, on="customer_id").sort("customer_id"))
        rows = pl.concat(parts)
        label = rows["label"].to_numpy()
        if label.min() == label.max():
            return np.full(asked.height, float(label.mean()))
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        return model.fit(inputs(rows), label).predict_proba(inputs(asked))[:, 1]

    def plain_values(self, cutoff: dt.date, past: list[dt.date], division: str) -> pl.DataFrame:
        """Value a purchase at the mean of past buyers of the industry, shrunk to the division's."""
        customers = self.platform.store.scan_table(Address("dim_customer", cutoff), None)
        industry = customers.select("customer_id", pl.col("industry").fill_null(UNKNOWN)).collect()
        bought = pl.concat([read(self.platform, "labels", t, division) for t in past])
        value = (pl.col("net_value_window") * CENTS).round().cast(pl.Int64)
        buyers = bought.filter(label=1).select("customer_id", cents=value)
        if buyers.is_empty():
            return industry.select("customer_id", plain_value=pl.lit(0.0))
        cap = int(buyers["cents"].quantile(CAP, "lower") or 0)
        capped = buyers.with_columns(pl.min_horizontal("cents", pl.lit(cap)))
        overall = int(capped["cents"].sum()) / capped.height
        shrunk = (pl.col("cents").sum() + SHRINKAGE * overall) / (pl.len() + SHRINKAGE)
        means = capped.join(industry, on="customer_id").group_by("industry").agg(plain_value=shrunk)
        known = industry.join(means, on="industry", how="left")
        return known.select("customer_id", pl.col("plain_value").fill_null(overall) / CENTS)

    def rows(self, cutoff: dt.date, division: str) -> pl.DataFrame:
        """Give the RFM of the customers of a cutoff, over all divisions and in one; sorted."""
        bought = self.history(cutoff)
        people = read(self.platform, "labels", cutoff, division).select("customer_id")
        everywhere = self.kept.get(cutoff)
        if everywhere is None:
            everywhere = self.kept[cutoff] = measures(bought, cutoff, "a_")
        here = measures(bought.filter(division=division), cutoff, "d_")
        both = people.join(everywhere, on="customer_id", how="left")
        return both.join(here, on="customer_id", how="left").sort("customer_id")

    def history(self, cutoff: dt.date) -> pl.DataFrame:
        """Read what was known of orders at a cutoff."""
        cutoffs = [t for t in self.platform.space.cutoffs() if t <= cutoff]
        scan = self.platform.store.scan_table
        columns = ("customer_id", "division", "invoice_id", "order_date", "value_cents")
        scans = [scan(Address("purchase_history", t), None).select(columns) for t in cutoffs]
        return pl.concat(scans).collect()


def measures(bought: pl.DataFrame, cutoff: dt.date, prefix: str) -> pl.DataFrame:
    """Sum orders by customer, in windows that end at the cutoff."""
    since = [("rec", pl.col("order_date").max()), ("ten", pl.col("order_date").min())]
    columns = [(pl.lit(cutoff) - day).dt.total_days().alias(prefix + name) for name, day in since]
    for months in WINDOWS:
        inside = pl.col("order_date") > shift_months(cutoff, -months)
        invoices = pl.col("invoice_id").filter(inside).n_unique()
        cents = pl.col("value_cents").filter(inside).sum()
        columns += [
            invoices.alias(f"{prefix}n{months}"),
            (cents / CENTS).alias(f"{prefix}v{months}"),
        ]
    return bought.group_by("customer_id").agg(columns)


def inputs(rows: pl.DataFrame) -> np.ndarray:
    """Give what the regression reads: signed logs, -1 where nothing was bought."""
    columns = [name for name in rows.columns if name.startswith(("a_", "d_"))]
    x = rows.select(columns).fill_null(-1).to_numpy().astype(float)
    return np.sign(x) * np.log1p(np.abs(x))
