"""What a child process does: one task, its answer as one line of JSON."""

import json
import shutil
import sys
import time

import dagster as dg
import polars as pl
from features import FEATURE_TASKS
from graph import build
from scoring import plain_predict, score_rows, score_side_by_side
from training import plain_loop
from world import peak_mib

from gosales_assets.operations.instance import open_instance
from gosales_assets.operations.plan import Request
from gosales_assets.platform.platform import Platform, keys_of
from gosales_resources.partitions.space import expecting_beta_warnings
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.io_managers import Partition, Partitions, TableIOManager, TableSpec
from gosales_resources.store.tables import TableStore

# What a cutoff needs of other cutoffs comes with it.
GOALS = {
    "log": ("sales_log",),
    "features": ("dim_product", "labels", "features"),
    "training_rows": ("labels", "features", "pooled_rows"),
    "model": ("model",),
}


def read_raw(config: str) -> dict:
    """Yardstick: read the raw CSV once, every cell as text."""
    settings = load_settings(config)
    path = settings.source_dir / settings.source.sales_log.path
    began = time.perf_counter()
    rows = pl.read_csv(path, infer_schema=False).height
    return {
        "rows": rows,
        "seconds": time.perf_counter() - began,
        "mib": path.stat().st_size / 2**20,
    }


def scan_to_parquet(config: str) -> dict:
    """Yardstick: Polars' own way from the raw CSV to Parquet, every cell as text."""
    settings = load_settings(config)
    path = settings.source_dir / settings.source.sales_log.path
    out = path.with_suffix(".yardstick.parquet")
    began = time.perf_counter()
    pl.scan_csv(path, infer_schema=False).sink_parquet(out)
    seconds = time.perf_counter() - began
    rows = pl.scan_parquet(out).select(pl.len()).collect().item()
    out.unlink()
    return {"seconds": seconds, "rows": rows, "mib": path.stat().st_size / 2**20}


def split_last_quarter(config: str) -> dict:
    """Set the rows posted after the last but one cutoff apart; return how many there are."""
    settings = load_settings(config)
    path = settings.source_dir / settings.source.sales_log.path
    written = pl.col("Posted_Date").str.strip_chars()
    posted = pl.coalesce(written.str.to_date(f, strict=False) for f in ("%Y-%m-%d", "%m/%d/%Y"))
    cutoffs = Platform.of(settings).space.cutoffs()
    later = (posted > cutoffs[-2]).fill_null(value=False)
    raw = pl.scan_csv(path, infer_schema=False)
    parts = {"earlier": raw.filter(~later), "later": raw.filter(later)}
    for name, part in parts.items():
        part.sink_csv(path.with_suffix(f".{name}.csv"), include_header=name == "earlier")
    path.with_suffix(".earlier.csv").replace(path)
    return {"mib": path.with_suffix(".later.csv").stat().st_size / 2**20}


def append_last_quarter(config: str) -> dict:
    """Put the rows set apart at the end of the log."""
    settings = load_settings(config)
    path = settings.source_dir / settings.source.sales_log.path
    later = path.with_suffix(".later.csv")
    with path.open("ab") as log, later.open("rb") as rows:
        shutil.copyfileobj(rows, log, 2**24)
    later.unlink()
    return {"mib": path.stat().st_size / 2**20}


def materialize(config: str, cutoffs: str, what: str, divisions: str = "") -> dict:
    """Make the graph (or the part of `GOALS`) for some cutoffs and divisions, through Dagster."""
    platform = Platform.of(load_settings(config))
    asked = tuple(platform.space.select_cutoffs(cutoffs))
    goals = None if what == "all" else GOALS[what]
    began = time.perf_counter()
    some = tuple(divisions.split(",")) if divisions else None
    outcome = build(platform, Request(asked, some, assets=goals, upstream=True))
    return {
        "seconds": time.perf_counter() - began,
        "partitions": outcome.partitions,
        "peak_mib": peak_mib(),
    }


def overhead(config: str) -> dict:
    """Time a backfill of 200 one-row partitions through Dagster, and the same writes without it."""
    platform = Platform.of(load_settings(config))
    frame = pl.DataFrame({"x": [1]})
    provenance = Provenance("0", "0", "0")
    with expecting_beta_warnings():

        @dg.asset(
            partitions_def=platform.space.definition("target_cutoff"),
            backfill_policy=dg.BackfillPolicy.single_run(),
            io_manager_key="tables",
            dagster_type=dg.Any,
        )
        def nothing(context: dg.AssetExecutionContext) -> Partitions:
            return Partitions(Partition(key, frame) for key in keys_of(context))

        store = TableStore(platform.settings.store_root / "overhead")
        tables = TableIOManager(
            store, {"nothing": TableSpec(lambda _: provenance, lambda _: {}, lambda lazy: lazy)}
        )
        job = dg.Definitions(
            assets=[nothing], resources={"tables": tables}, executor=dg.in_process_executor
        ).resolve_implicit_global_asset_job_def()
    keys = platform.space.keys("target_cutoff", platform.space.cutoffs())
    began = time.perf_counter()
    with open_instance(platform) as instance:
        tags = {"dagster/asset_partition_range_start": str(keys[0]),
                "dagster/asset_partition_range_end": str(keys[-1])}  # fmt: skip
        assert job.execute_in_process(instance=instance, tags=tags).success
    through_dagster = time.perf_counter() - began
    began = time.perf_counter()
    for key in keys:
        store.write_table(Address("direct", *key), frame, provenance)
    direct = time.perf_counter() - began
    return {"partitions": len(keys), "through_dagster": through_dagster, "direct": direct}


TASKS = {
    "read_raw": read_raw,
    "scan_to_parquet": scan_to_parquet,
    "split_last_quarter": split_last_quarter,
    "append_last_quarter": append_last_quarter,
    "materialize": materialize,
    "overhead": overhead,
    "score_rows": score_rows,
    "plain_predict": plain_predict,
    "score_side_by_side": score_side_by_side,
    "plain_loop": plain_loop,
    **FEATURE_TASKS,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
