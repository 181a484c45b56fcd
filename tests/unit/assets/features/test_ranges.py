"""Ranges of customers: together everyone, and a feature table's bytes do not show their number."""

import datetime as dt
import hashlib
from pathlib import Path

import polars as pl
import pytest

from gosales_assets.features.affinity import mine_rules
from gosales_assets.features.assets import Seen
from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.history import purchase_lines
from gosales_assets.features.ranges import CutoffTables, Worlds, cut_ranges, parts_of
from gosales_assets.platform.descriptions import Described
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.partitions.customer_ranges import EVERYONE, CustomerRange
from gosales_resources.settings.tree import Settings
from gosales_resources.store.address import Address, Provenance
from gosales_resources.store.tables import TableStore
from tests.worlds.erp import row, write_world
from tests.worlds.features import NO_ASSETS, C, purchase_history, random_lines, roster

LINES = random_lines()
# Prospects before, between and behind the buyers; one in a range of its own.
PEOPLE = sorted({line.customer for line in LINES} | {"a", "c05b", "z"})
SCOPES = {"all": "customer_features", "div": "division_features"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    changed = {
        "features": {"off": [], "als": {"factors": 4}, "basket": {"min_customers": 2, "max_q": 1}}
    }
    return write_world(tmp_path_factory.mktemp("world"), [row()], changed)


def people() -> pl.LazyFrame:
    industry = pl.col("customer_id").str.tail(1).replace({"1": "Aero", "2": "Auto"})
    return roster(PEOPLE).with_columns(industry=industry)


def worlds(settings: Settings, most: int, cutoff: dt.date = C) -> Worlds:
    history = purchase_history(LINES)
    lines = purchase_lines(history, []).filter(pl.col("visible_cutoff") <= cutoff)
    rules = mine_rules(lines, cutoff, settings.features.basket).lazy()
    vectors = fit_embeddings(lines, cutoff, settings.features.als).lazy()
    tables = {cutoff: CutoffTables(people(), NO_ASSETS, rules, vectors)}
    return Worlds(settings, history, tables, cut_ranges(history, people(), most))


@pytest.mark.parametrize("most", [1, 100, 250, 10_000])
def test_every_customer_is_in_exactly_one_range(settings, most):
    found = worlds(settings, most).ranges
    parts = [people().filter(ids.hold()).collect()["customer_id"].to_list() for ids in found]
    assert [customer for part in parts for customer in part] == PEOPLE
    assert len(found) == {1: len(PEOPLE), 10_000: 1}.get(most, len(found))


def test_a_range_has_about_as_many_rows_as_asked_for(settings):
    history, most = purchase_history(LINES), 200
    rows = [
        history.filter(ids.hold()).select(pl.len()).collect().item()
        + 20 * people().filter(ids.hold()).select(pl.len()).collect().item()
        for ids in cut_ranges(history, people(), most)
    ]
    assert len(rows) > 3
    assert max(rows) <= most + 20 + len(LINES) / 10


def test_the_bounds_of_everyone_hold_any_id():
    assert CustomerRange() == EVERYONE
    assert pl.DataFrame({"customer_id": ["", "z"]}).filter(EVERYONE.hold()).height == 2


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    "cutoff",
    [
        pytest.param(C, id="late"),
        pytest.param(dt.date(2021, 12, 31), id="first", marks=pytest.mark.slow),
    ],
)
def test_a_tables_bytes_and_what_is_told_of_it_are_those_of_one_range(
    settings, tmp_path, scope, cutoff
):
    found = []
    for most in (10_000, 250, 1):
        store, seen = (
            TableStore(tmp_path / str(most)),
            Seen(Described(CONTRACTS[SCOPES[scope]], settings)),
        )
        parts = parts_of(worlds(settings, most, cutoff), cutoff, scope, seen=seen)
        written = store.write_table(Address(scope, cutoff), parts, Provenance("0", "0", "0"))
        found.append((hashlib.sha256(Path(written.place).read_bytes()).hexdigest(), seen.shown))
        rows = pl.read_parquet(written.place)
    assert found[1:] == found[:1] * 2
    key = ["customer_id"] if scope == "all" else ["division", "customer_id"]
    assert rows.height
    assert rows.select(key).equals(rows.select(key).sort(key))
