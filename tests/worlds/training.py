"""A world of customers for the tests of models: drawn with known probabilities, trained, scored."""

import datetime as dt

import numpy as np
import polars as pl
from scipy.special import expit

from gosales_assets.models.bundle.model import DivisionModel
from gosales_assets.models.training.training import train_model
from gosales_resources.dates import shift_months
from gosales_resources.settings.models import ModelSettings

C = dt.date(2024, 6, 30)
SETTINGS = ModelSettings(tree_rounds=40)
TRAINING = [dt.date(2023, 3, 31), dt.date(2023, 6, 30), dt.date(2023, 9, 30), dt.date(2023, 12, 31)]
OUTCOME = ["label", "net_value_window", "window_end"]


def customers(cutoff: dt.date, n: int = 700, seed: int = 0, rate: float = -2.0) -> pl.DataFrame:
    """Draw customers whose probability is known: by eagerness, ownership and industry."""
    draw = np.random.default_rng([seed, cutoff.toordinal()])
    eager, noise = draw.normal(size=n), draw.normal(size=n)
    owns = draw.random(n) < 0.3
    industry = draw.choice(["Aero", "Auto", "Food"], n)
    p = expit(rate + 1.2 * eager + 1.0 * owns + 0.8 * (industry == "Aero"))
    return pl.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(n)],
            "division": "pdm",
            "cutoff": cutoff,
            "segment": "warm",
            "rfm__all__gp_sum__12m": np.exp(eager),
            "recency__all__days__asof": [None if x > 1 else 30 + int(9 * abs(x)) for x in noise],
            "attr__all__industry__asof": industry,
            "cross__all__bought_pdm__asof": owns.astype(np.int8),
            "constant__all__x__asof": 1.0,
            "is_whitespace": ~owns,
            "p_true": p,
            "label": (draw.random(n) < p).astype(np.int8),
        }
    )


def matrix(n: int = 700, cutoffs: list[dt.date] = TRAINING, **options) -> pl.DataFrame:
    rows = pl.concat([customers(c, n, **options) for c in cutoffs]).drop("p_true")
    ends = {t: shift_months(t, 6) for t in cutoffs}
    return rows.with_columns(
        net_value_window=pl.col("label") * 10.0,
        window_end=pl.col("cutoff").replace_strict(ends, return_dtype=pl.Date),
    )


def train(rows: pl.DataFrame, settings: ModelSettings = SETTINGS) -> DivisionModel:
    return train_model(rows, cutoff=C, division="pdm", window_months=6, settings=settings)


def features(table: pl.DataFrame) -> pl.LazyFrame:
    return table.drop("p_true", "label").lazy()


def noise() -> pl.DataFrame:
    """Draw a matrix whose labels have nothing to do with the features."""
    draw = np.random.default_rng(4)
    rows = matrix()
    return rows.with_columns(label=pl.Series((draw.random(rows.height) < 0.15).astype(np.int8)))
