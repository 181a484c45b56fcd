"""What features cost: one cutoff and twelve, family by family, and RFM windows against plain SQL."""

import datetime as dt
import tempfile
import time
from pathlib import Path

import polars as pl
from world import measured, peak_mib, sample_world, show

from gosales_assets.features.affinity import mine_rules
from gosales_assets.features.asof import AsOf
from gosales_assets.features.assets import Stopwatch
from gosales_assets.features.build import build_features, declare_features
from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.families.rfm import RFM
from gosales_assets.features.history import purchase_lines, share_history
from gosales_assets.features.ranges import ROWS_AT_ONCE, CutoffTables, Worlds, cut_ranges, parts_of
from gosales_assets.features.scopes import KEYS
from gosales_assets.features.stats import measure_features
from gosales_resources.dates import shift_months, visible_at
from gosales_resources.partitions.targets import with_sets
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.tables import TableStore

STAR = ("purchase_history", "dim_customer", "fact_assets")
CUTOFFS = "2022-09-30..2025-06-30"
TWELVE = {"calendar": {"start": "2022-09-30"}}
LAST = dt.date(2025, 6, 30)
# One thread more or less per engine would decide the ratio.
THREADS = "2"


def features(size: str = "L") -> None:
    """Measure the features phase on a sample company whose star schema is stored."""
    with sample_world(size) as folder:
        measure_features_of(folder / "gosales.yaml", size)


def measure_features_of(path: Path, size: str) -> None:
    """Measure the features phase of a world; its star schema is made first, untimed."""
    config = str(path)
    star = measured("feature_star", config)
    yard, ours = measured("rfm_sql", config), measured("rfm_ours", config)
    assert yard["sums"] == ours["sums"], "the two do not compute the same"
    one, twelve = (measured("feature_phase", config, n) for n in ("1", "12"))
    show(
        f"features: sample company {size}, {ours['rows']:,} rows of purchase history, "
        f"{one['customers']:,} customers, {one['features']} features, {one['targets']} targets "
        f"(star schema made before, {star['seconds']:.0f} s)",
        [
            ("yardstick: RFM windows in DuckDB SQL, both scopes", f"{yard['seconds']:.1f} s", ""),
            ("the same columns here", _over(ours, yard), "target <= 1 x"),
            ("features phase, one cutoff", f"{one['seconds']:.1f} s", "target <= 30 s"),
            ("  CPU time", f"{one['cpu_seconds']:.1f} s", ""),
            ("  peak memory", f"{one['peak_mib'] / 1024:.2f} GiB", "target <= 6 GB"),
            ("twelve cutoffs", f"{twelve['seconds']:.1f} s", ""),
            ("  CPU time", f"{twelve['cpu_seconds']:.1f} s", ""),
            ("  CPU over one", f"{twelve['cpu_seconds'] / one['cpu_seconds']:.2f} x", ""),
            ("  over one", f"{twelve['seconds'] / one['seconds']:.2f} x", "target <= 4 x"),
            ("  peak memory", f"{twelve['peak_mib'] / 1024:.2f} GiB", ""),
            *((f"  one cutoff: {name}", f"{s:.2f} s", "") for name, s in one["parts"].items()),
        ],
    )


def feature_star(config: str) -> dict:
    """Make what features read, for twelve cutoffs."""
    from graph import build  # noqa: PLC0415 (of this task alone)

    from gosales_assets.operations.plan import Request  # noqa: PLC0415
    from gosales_assets.platform.platform import Platform  # noqa: PLC0415

    platform = Platform.of(load_settings(config, TWELVE))
    asked = tuple(platform.space.select_cutoffs(CUTOFFS))
    began = time.perf_counter()
    build(platform, Request(asked, assets=STAR, upstream=True))
    return {"seconds": time.perf_counter() - began}


def feature_phase(config: str, count: str, most: str = str(ROWS_AT_ONCE)) -> dict:
    """Make and write every feature table and the figures of the last cutoffs."""
    settings = load_settings(config, TWELVE)
    store, watch = TableStore(settings.store_root / "store"), Stopwatch()
    declared, targets = declare_features(settings), settings.divisions.targets
    began, cpu = time.perf_counter(), time.process_time()
    history, tables_at = _history(store), {}
    cutoffs = [shift_months(LAST, -3 * back) for back in range(int(count))]
    customers = 0
    with tempfile.TemporaryDirectory(dir=settings.store_root) as name:
        made, plain = TableStore(Path(name)), Provenance("0", "0", "0")
        for cutoff in cutoffs:
            with watch("rules and factors"):
                tables_at[cutoff] = _tables(settings, store, history, cutoff)
        ranges = cut_ranges(history, tables_at[max(cutoffs)].customers, int(most))
        worlds = Worlds(settings, history, tables_at, ranges)
        for cutoff in cutoffs:
            tables = {}
            for scope in KEYS:
                address = Address(scope, cutoff)
                with watch("families, join and write"):
                    parts = parts_of(worlds, cutoff, scope, watch)
                    customers = made.write_table(address, parts, plain).rows
                tables[scope] = made.scan_table(address, None)
            wide, per_division = tables.values()
            with watch("tables by target"):
                whole = wide.select("customer_id", "segment").collect()
                for target in targets:
                    frame = build_features(target, whole, per_division)
                    made.write_table(Address("features", cutoff, target), frame, plain)
            with watch("catalog and figures"):
                measure_features(declared, wide, per_division, targets)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "parts": dict(watch.seconds),
        "customers": customers // len(targets),
        "features": len(declared),
        "targets": len(targets),
        "ranges": len(ranges),
    }


def rfm_ours(config: str) -> dict:
    """Compute the RFM columns of both scopes from the stored history, and nothing else."""
    settings = load_settings(config, TWELVE)
    store = TableStore(settings.store_root / "store")
    history = _history(store)
    began = time.perf_counter()
    shared = share_history(history, [], settings.divisions)
    customers, assets = (store.scan_table(Address(name, LAST), None) for name in STAR[1:])
    world = AsOf(LAST, settings, shared, customers, assets)
    tables = []
    for scope, keys in KEYS.items():
        (block,) = RFM.blocks(world, scope)
        columns = [feature.column for feature in block.features]
        tables.append(block.source.group_by(keys).agg(columns).collect())
    seconds = time.perf_counter() - began
    sums = [
        [int(table[f"rfm__{scope}__lines__{w}m"].sum()) for w in settings.features.windows_months]
        for scope, table in zip(KEYS, tables, strict=True)
    ]
    rows = history.select(pl.len()).collect().item()
    return {"seconds": seconds, "sums": sums, "rows": rows}


def rfm_sql(config: str) -> dict:
    """Yardstick: the same windows as one would write them in SQL, over the same files."""
    import duckdb  # noqa: PLC0415 (a dev extra that only this task needs)

    settings = load_settings(config, TWELVE)
    files = settings.store_root / "store" / "purchase_history" / "*" / "*.parquet"
    windows = settings.features.windows_months
    columns = []
    for months in windows:
        since = f"order_date > DATE '{shift_months(LAST, -months)}'"
        inside = f"FILTER ({since})"
        bought = f"FILTER ({since} AND line_count > return_count)"
        invoices = f"count(DISTINCT invoice_id) {bought}"
        columns += [
            f"{invoices} AS transactions_{months}",
            f"sum(line_count) {inside} AS lines_{months}",
            f"sum(value_cents) {inside} / 100.0 AS gp_sum_{months}",
            f"sum(quantity) {inside} AS quantity_{months}",
            f"sum(value_cents) {inside} / 100.0 / nullif({invoices}, 0) AS gp_mean_{months}",
            f"count(DISTINCT date_trunc('month', order_date)) {inside} AS active_{months}",
        ]
    began = time.perf_counter()
    connection = duckdb.connect(config={"threads": THREADS})
    tables = [
        connection.sql(
            f"SELECT {', '.join(keys)}, {', '.join(columns)} FROM read_parquet('{files}') "
            f"WHERE visible_cutoff <= DATE '{LAST}' GROUP BY {', '.join(keys)}"
        ).to_arrow_table()
        for keys in KEYS.values()
    ]
    frames = [pl.DataFrame(pl.from_arrow(table)) for table in tables]
    seconds = time.perf_counter() - began
    sums = [[int(frame[f"lines_{w}"].sum()) for w in windows] for frame in frames]
    return {"seconds": seconds, "sums": sums}


def _history(store: TableStore) -> pl.LazyFrame:
    found = sorted((store.root / "purchase_history").glob("*/*.parquet"))
    return pl.concat(pl.scan_parquet(path, hive_partitioning=False) for path in found)


def _tables(
    settings: Settings, store: TableStore, history: pl.LazyFrame, cutoff: dt.date
) -> CutoffTables:
    """Mine the rules and fit the factors that two families read, beside what is stored."""
    lines = visible_at(purchase_lines(history, settings.labels.denylist), cutoff)
    rules = mine_rules(with_sets(lines, settings.divisions), cutoff, settings.features.basket)
    vectors = fit_embeddings(lines, cutoff, settings.features.als)
    customers, assets = (store.scan_table(Address(name, cutoff), None) for name in STAR[1:])
    return CutoffTables(customers, assets, rules.lazy(), vectors.lazy())


def _over(found: dict, yard: dict) -> str:
    return f"{found['seconds']:.1f} s = {found['seconds'] / yard['seconds']:.2f} x"


FEATURE_TASKS = {
    "feature_star": feature_star,
    "feature_phase": feature_phase,
    "rfm_ours": rfm_ours,
    "rfm_sql": rfm_sql,
}
