"""A small world with tables beside the sales log, written from columns and rows."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from gosales_assets.accounts.attribute_history import build_customer_history
from gosales_assets.accounts.customers import accounts_at
from gosales_assets.accounts.installed_base import build_fact_assets
from gosales_assets.accounts.intake import read_register, read_source
from gosales_assets.accounts.observations import observe
from gosales_assets.accounts.roster import build_dim_customer
from gosales_checks.contracts.accounts import DIM_CUSTOMER, DIM_CUSTOMER_HISTORY, FACT_ASSETS
from gosales_checks.contracts.contract import conform, judge
from gosales_resources.settings.tree import Settings
from tests.worlds.erp import SETTINGS, row, write_world

# Setting -> columns that are named as in the contract.
COLUMNS = {
    "customers": ["customer_id", "customer_name", "industry", "region"],
    "assets": ["customer_id", "item", "item_rollup", "division", "quantity", "purchase_date",
               "expiration_date", "is_on_subscription"],
    "crm_contacts": ["customer_id", "contact_date", "contact_id", "channel"],
    "crm_deals": ["deal_id", "customer_id", "division", "opened_date", "closed_date", "stage"],
    "do_not_contact": ["customer_id", "from_date", "until_date", "reason"],
    "rep_ownership": ["customer_id", "rep", "region", "from_date", "until_date"],
    "surfacing_log": ["customer_id", "division", "surfaced_date", "action_date"],
    "list_outcomes": ["customer_id", "division", "outcome_date", "outcome"],
}  # fmt: skip
LINES_SCHEMA = {
    "customer_id": pl.String,
    "visible_cutoff": pl.Date,
    "order_date": pl.Date,
    "transaction_id": pl.String,
    "customer_name": pl.String,
    "region": pl.String,
    "rep": pl.String,
    "is_return": pl.Boolean,
    "is_reversal": pl.Boolean,
}


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def side_world(
    folder: Path,
    tables: Mapping[str, Sequence[str]],
    columns: Mapping[str, Sequence[str]] | None = None,
    mode: str = "strict",
    line_end: str = "\n",
    log_rows: Sequence[dict[str, str]] = (),
    **more: dict,
) -> Settings:
    """Write a world; `tables` maps a setting to its CSV rows, `columns` to its header."""
    source = dict(SETTINGS["source"])
    if "customers" not in tables:
        del source["customers"]
    for name in tables:
        header = [*(columns or {}).get(name, COLUMNS[name])]
        source[name] = {
            "path": f"{name}_side.csv",
            "columns": {c: c for c in header if c != "size"},
        }
        if name == "customers":
            source[name]["numeric_attributes"] = [c for c in header if c == "size"]
    settings = write_world(folder, [*log_rows] or [row()], {"source": source, "mode": mode, **more})
    for name, rows in tables.items():
        lines = [",".join((columns or {}).get(name, COLUMNS[name])), *rows]
        text = line_end.join(lines) + line_end
        (folder / f"{name}_side.csv").write_bytes(text.encode())
    return settings


def lines(*rows: tuple) -> pl.LazyFrame:
    """Make lines of the log: customer, order day, name, region, rep[, cutoff it became known]."""
    made = [
        {
            "customer_id": customer,
            "order_date": day(ordered),
            "visible_cutoff": day(known[0]) if known else day("2020-12-31"),
            "transaction_id": f"t{number:03d}",
            "customer_name": name,
            "region": region,
            "rep": rep,
            "is_return": False,
            "is_reversal": False,
        }
        for number, (customer, ordered, name, region, rep, *known) in enumerate(rows)
    ]
    return pl.LazyFrame(made, schema=LINES_SCHEMA)


def history_of(
    settings: Settings, cutoff: str, log: pl.LazyFrame | None = None, enrichment=None
) -> pl.DataFrame:
    """Build and judge `dim_customer_history`."""
    assets = assets_of(settings, cutoff)
    frame = build_customer_history(
        day(cutoff),
        accounts_at(read_source(settings, "customers"), day(cutoff)),
        observe(lines() if log is None else log),
        assets.lazy(),
        enrichment,
    )
    made = conform(DIM_CUSTOMER_HISTORY, frame.lazy()).collect()
    assert judge(DIM_CUSTOMER_HISTORY, made).violations == {}
    return made


def roster_of(settings: Settings, cutoff: str, log: pl.LazyFrame | None = None) -> pl.DataFrame:
    """Build and judge `dim_customer`."""
    log = lines() if log is None else log
    frame = build_dim_customer(
        day(cutoff),
        history_of(settings, cutoff, log).lazy(),
        observe(log).seen,
        assets_of(settings, cutoff).lazy(),
        18,
    )
    made = conform(DIM_CUSTOMER, frame.lazy()).collect()
    assert judge(DIM_CUSTOMER, made).violations == {}
    return made


def assets_of(settings: Settings, cutoff: str) -> pl.DataFrame:
    """Build and judge `fact_assets`."""
    frame = pl.concat(build_fact_assets(read_register(settings), day(cutoff)))
    made = conform(FACT_ASSETS, frame).collect()
    assert judge(FACT_ASSETS, made).violations == {}
    return made
