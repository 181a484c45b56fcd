"""How many divisions of pure noise get a list: labels of the sample company dealt out to others."""

import datetime as dt

import numpy as np
import polars as pl
from graph import build
from world import sample_world, show

from gosales_assets.models.rows.matrix import build_matrix
from gosales_assets.models.training.chance import NOMINAL
from gosales_assets.models.training.training import train_model
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.models import FITTED
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address

CUTOFF = dt.date(2024, 6, 30)
DEALS = 2


def noise() -> None:
    """Train each division of sample company M on labels of other customers; count who is ranked."""
    with sample_world("M") as folder:
        settings = load_settings(folder / "gosales.yaml")
        platform = Platform.of(settings)
        past = tuple(platform.space.training_cutoffs(CUTOFF))
        build(platform, Request(past, assets=("labels", "features"), upstream=True))
        divisions = settings.divisions.targets
        tables = {division: _matrix(platform, past, division) for division in divisions}
        ranked = [
            f"{division}, deal {deal + 1}"
            for deal in range(DEALS)
            for division, table in tables.items()
            if _is_ranked(platform, division, _dealt_out(table, deal))
        ]
    tried = DEALS * len(divisions)
    show(
        f"noise: sample company M, {len(divisions)} divisions, labels dealt out {DEALS} times",
        [("ranked all the same", f"{len(ranked)} of {tried}", f"target <= {NOMINAL:.1%}"),
         *((name, "", "") for name in ranked)],
    )  # fmt: skip


def _matrix(platform: Platform, past: tuple[dt.date, ...], division: str) -> pl.DataFrame:
    pairs = [
        tuple(platform.store.scan_table(Address(name, day, division), None)
              for name in ("features", "labels"))
        for day in past
    ]  # fmt: skip
    return build_matrix(pairs, platform.settings.models.training_rows)


def _dealt_out(table: pl.DataFrame, deal: int) -> pl.DataFrame:
    """Give every customer the outcomes of another one, the same one at every cutoff."""
    customers = table["customer_id"].unique().sort()
    order = np.random.default_rng(deal).permutation(customers.len())
    others = pl.DataFrame({"customer_id": customers, "other": customers.gather(order)})
    outcomes = table.select(
        "cutoff", pl.col("customer_id").alias("other"), "label", "net_value_window"
    )
    return (
        table.drop("label", "net_value_window")
        .join(others, on="customer_id", how="left", maintain_order="left")
        .join(outcomes, on=["cutoff", "other"], how="left", maintain_order="left")
        .drop("other")
        # The other one was not a customer yet: it did not buy.
        .with_columns(pl.col("label").fill_null(0), pl.col("net_value_window").fill_null(0.0))
    )


def _is_ranked(platform: Platform, division: str, table: pl.DataFrame) -> bool:
    settings = platform.settings
    model = train_model(
        table,
        cutoff=CUTOFF,
        division=division,
        window_months=settings.labels.window_months,
        settings=settings.models,
    )
    return model.card.status == FITTED
