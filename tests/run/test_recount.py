"""Stored features of a run, recomputed from the raw files by a slow, plain reading of each definition."""

import random
from collections import defaultdict
from importlib.resources import files

import polars as pl
import pytest

from gosales.sample.company import generate
from gosales_assets.features.build import declare_features
from gosales_assets.platform.platform import Platform
from gosales_resources.settings.loading import load_settings
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address
from tests.run.worlds_run import materialize
from tests.worlds.accounts import COLUMNS, day, side_world
from tests.worlds.assets_recount import expected_assets
from tests.worlds.erp import random_rows
from tests.worlds.features import assert_same
from tests.worlds.features_recount import expected, expected_spread
from tests.worlds.raw_recount import assets_at, date, lines_of, number, rows_of

CUTOFF = "2024-06-30"


def small_world(folder) -> Settings:
    draw = random.Random(4)

    def near() -> str:
        return (
            f"{draw.randrange(2021, 2026)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        )

    assets = [
        f"{draw.randrange(40):04d},Seat,{draw.choice(['CAD', 'Sim'])},"
        f"{draw.choice(['Solid Works', 'Simulation', 'Scanning'])},{draw.choice(['', '1', '2.5'])},"
        f"{draw.choice([near(), near(), '1900-01-01', ''])},{draw.choice(['', near()])},"
        f"{draw.choice(['yes', 'no', ''])}"
        for _ in range(400)
    ]
    people = [f"{n:04d},Name {n},{draw.choice(['Aero', 'Auto'])},West,{n}" for n in range(40)]
    columns = {"customers": [*COLUMNS["customers"], "size"]}
    tables = {"assets": assets, "customers": people}
    return side_world(folder, tables, columns, log_rows=random_rows(40))


def sample_company(folder) -> Settings:
    generate(folder / "data", "S")
    text = files("gosales.sample").joinpath("gosales.yaml").read_text(encoding="utf-8")
    (folder / "gosales.yaml").write_text(text, encoding="utf-8")
    return load_settings(folder / "gosales.yaml")


def attributes(settings: Settings, cutoff) -> dict[str, dict[str, object]]:
    """Read what the customer table says of each account that was known by the cutoff."""
    source, found = settings.source.customers, {}
    assert source is not None
    for row in rows_of(settings.source_dir / source.path):
        known = source.columns.known_since and date(row[source.columns.known_since])
        if known and known > cutoff:
            continue
        told = {}
        for name in source.numeric_attributes:
            value = number(row[name])
            told[f"attr__all__{name}__asof"] = None if value is None else float(value)
        for name in ("industry", "sub_industry", "region", "territory"):
            column = getattr(source.columns, name)
            # A blank is filled from the directory or the log: another table's story.
            if column and row[column].strip():
                told[f"attr__all__{name}__asof"] = row[column].strip()
        found[row[source.columns.customer_id].strip()] = told
    return found


def recount(settings: Settings, customers: list[str]) -> dict[tuple[str, str], dict]:
    """Return (customer, target) -> every feature, from the raw files."""
    cutoff, known = day(CUTOFF), attributes(settings, day(CUTOFF))
    lines, assets = defaultdict(list), defaultdict(list)
    everyone = lines_of(settings)
    for line in everyone:
        lines[line.customer].append(line)
    for asset in assets_at(settings, cutoff):
        assets[asset.customer].append(asset)
    spread = expected_spread(everyone, cutoff)
    found = {}
    for customer in customers:
        own, owned = lines[customer], assets[customer]
        wide = expected(own, cutoff, "all") | spread[customer] | known.get(customer, {})
        wide |= expected_assets(owned, cutoff, "all", settings.divisions.slugs)
        for target in settings.divisions.targets:
            here = expected([x for x in own if x.division == target], cutoff, "div")
            base = expected_assets([a for a in owned if a.division == target], cutoff, "div", [])
            found[customer, target] = wide | here | base
    return found


@pytest.mark.parametrize(
    ("world", "count"),
    [(small_world, 40), pytest.param(sample_company, 60, marks=pytest.mark.slow)],
    ids=["small", "sample"],
)
def test_stored_features_equal_a_plain_reading_of_the_raw_files(
    tmp_path, monkeypatch, world, count
):
    settings = world(tmp_path)
    monkeypatch.setattr("tests.worlds.features_recount.DIVISIONS", settings.divisions.slugs)
    assert materialize(tmp_path, "--select", "features", "--upstream", cutoffs=CUTOFF) == 0
    store = Platform.of(settings).store
    tables = {
        target: store.scan_table(Address("features", day(CUTOFF), target), None).collect()
        for target in settings.divisions.targets
    }
    some = sorted(next(iter(tables.values()))["customer_id"])
    chosen = random.Random(1).sample(some, min(count, len(some)))
    wanted = recount(settings, chosen)
    for (customer, target), features in wanted.items():
        row = tables[target].row(by_predicate=pl.col("customer_id") == customer, named=True)
        # Shrunk shares are floats of two ways to add.
        assert_same(row, features)
    told = {name for features in wanted.values() for name in features}
    names = {f.name for f in declare_features(settings)}
    # Over all customers at once: read plainly in their own tests.
    own = {n for n in names if n.startswith(("basket__", "als__", "encoder__"))}
    assert names - own - told <= {
        f"attr__all__{name}__asof" for name in ("region", "sub_industry", "territory")
    }
