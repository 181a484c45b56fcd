"""What was made from what came after: told by the rows, by the lineage, and by what is stored."""

import ast
import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import gosales_assets
import gosales_resources
from gosales_assets.features.asof import DATED, AsOf
from gosales_assets.features.assets import told
from gosales_assets.features.build import build_customer_features, build_division_features
from gosales_assets.features.checks import Lineage
from gosales_assets.features.families.registry import FAMILIES
from gosales_assets.features.history import share_history
from gosales_assets.platform.platform import Platform
from gosales_checks.verdicts.leakage import later_partitions, later_rows
from gosales_resources.store.address import Address
from tests.worlds.erp import row, write_world
from tests.worlds.features import NO_ASSETS, C, Line, purchase_history, roster

CLOCKS = {"today", "now", "utcnow", "time", "time_ns", "perf_counter", "monotonic", "localtime", "gmtime"}  # fmt: skip
TIMELESS = ("star", "enrichment", "accounts", "labels", "features", "models", "whitespace", "validation")  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return write_world(tmp_path_factory.mktemp("world"), [row()])


def world_of(settings, *lines: Line, people=None, assets=NO_ASSETS, **side) -> AsOf:
    history = share_history(purchase_history(lines), [], settings.divisions)
    people = roster(["a"]) if people is None else people
    return AsOf(C, settings, history, people, assets, **side)


def test_the_latest_row_behind_each_family_is_that_of_what_it_looked_at(settings):
    known = Line("a", dt.date(2024, 5, 1), "i")
    later = Line("a", dt.date(2024, 9, 1), "i2")
    wide = told(build_customer_features(world_of(settings, known, later)).latest)
    assert wide["rfm"] == {"months": "2024-06-30"}
    assert wide["recency"] == {"days": C.isoformat()}
    assert wide["attr"] == {"population": "2024-06-30"}
    # The second to ask for what is shared has looked at it too.
    assert wide["cross"] == {"months": "2024-06-30"}
    assert wide["diversity"] == {"months": "2024-06-30", "skus": "2024-06-30"}
    narrow = build_division_features(world_of(settings, known, later)).latest
    on = [f for f in FAMILIES if f.name not in settings.features.off]
    assert set(narrow) == {f.name for f in on if "div" in f.scopes}


@pytest.mark.parametrize("source", DATED)
def test_a_source_that_is_not_cut_is_told_with_its_latest_row(settings, source, monkeypatch):
    monkeypatch.setattr("gosales_assets.features.asof.visible_at", lambda frame, cutoff: frame)
    people = roster(["a"]).with_columns(last_seen_date=pl.lit(dt.date(2024, 7, 4)))
    late = NO_ASSETS.collect().clear().vstack(
        pl.DataFrame({"customer_id": ["a"], "effective_purchase_date": [dt.date(2024, 7, 5)]})
        .join(NO_ASSETS.collect(), on=["customer_id", "effective_purchase_date"], how="left")
        .select(NO_ASSETS.collect_schema().names())
    )  # fmt: skip
    lines = [Line("a", dt.date(2024, 5, 1), "i", known=dt.date(2024, 8, 1))]
    made_later = pl.LazyFrame({"cutoff": [dt.date(2024, 7, 6)]})
    side = {"_affinity_rules": made_later, "_embeddings": made_later}
    world = world_of(settings, *lines, people=people, assets=late.lazy(), **side)
    latest = world.latest(source)
    expected = {"population": dt.date(2024, 7, 4), "assets": dt.date(2024, 7, 5)}
    expected |= dict.fromkeys(("affinity_rules", "embeddings"), dt.date(2024, 7, 6))
    assert latest == expected.get(source, dt.date(2024, 9, 30))
    assert later_rows({"f": {source: str(latest)}}, ["f"], C) == {
        f"f: {source} has a row of {latest}": 1
    }


def test_a_family_without_a_record_is_a_finding_and_one_without_rows_is_none():
    assert later_rows({"rfm": {"months": None}}, ["rfm"], C) == {}
    assert later_rows({}, ["rfm"], C) == {"rfm: no record": 1}
    assert later_rows(None, ["rfm"], C) == {"no latest_source_rows recorded": 1}


def test_every_ancestor_of_every_feature_partition_is_of_its_cutoff_or_earlier(settings):
    platform = Platform.of(settings)
    lineage, cutoffs = Lineage(platform), platform.space.cutoffs()
    for cutoff in cutoffs:
        for division in settings.divisions.targets:
            address = Address("features", cutoff, division)
            ancestry = lineage.ancestry(address)
            assert later_partitions(ancestry, cutoff) == {}
            logs = {a.cutoff for a in ancestry if a.asset == "sales_log"}
            assert logs == {c for c in cutoffs if c <= cutoff}


def test_an_edge_that_leads_beyond_the_cutoff_is_named(settings):
    # A label looks ahead: that is what the check would say of a feature made from one.
    cutoff = dt.date(2024, 3, 31)
    labels = Address("labels", cutoff, "simulation")
    found = later_partitions(Lineage(Platform.of(settings)).ancestry(labels), cutoff)
    assert "labels[2024-03-31|simulation] reads fact_transactions[2024-06-30|simulation]" in found


def clock_calls(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
            found += [n for n in names if n in ("time", "timeit", "random", "secrets", "uuid")]
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            found.append(f"{ast.unparse(node)}:{node.lineno}")
    return found


@pytest.mark.parametrize("phase", TIMELESS)
def test_no_phase_reads_a_clock_or_draws_without_a_seed(phase):
    root = Path(gosales_assets.__file__).parent / phase
    # assets.py binds to Dagster: it may time what it does for the log.
    paths = [p for p in root.rglob("*.py") if p.name != "assets.py"]
    read = {p.name: clock_calls(ast.parse(p.read_text(encoding="utf-8"))) for p in paths}
    assert len(read) > 1
    assert {name: found for name, found in read.items() if found} == {}


@pytest.mark.parametrize("name", ["dates.py", "hashing.py", "store/parquet.py", "sources/cells.py"])
def test_what_dates_and_bytes_are_made_with_reads_no_clock(name):
    path = Path(gosales_resources.__file__).parent / name
    assert clock_calls(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code", ["dt.date.today()", "import time", "datetime.now()", "from time import monotonic"]
)
def test_the_scan_sees_a_clock(code):
    assert clock_calls(ast.parse(code))
