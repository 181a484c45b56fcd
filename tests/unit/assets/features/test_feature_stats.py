"""Catalog and figures of the features of a cutoff."""

import numpy as np
import polars as pl
import pytest

from gosales_assets.features.build import (
    build_customer_features,
    build_division_features,
    declare_features,
)
from gosales_assets.features.stats import QUANTILES, catalog_features, measure_features
from gosales_checks.contracts.contract import conform, judge_table
from gosales_checks.contracts.features import FEATURE_CATALOG, FEATURE_STATS
from tests.worlds.erp import row, write_world
from tests.worlds.features import TARGETS, C, Line, random_lines, world_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    settings = write_world(tmp_path_factory.mktemp("world"), [row()])
    world = world_of(settings, random_lines(), customers=["nobody"])
    customers, divisions = build_customer_features(world), build_division_features(world)
    declared = declare_features(settings)
    stats = measure_features(declared, customers.frame, divisions.frame, TARGETS)
    tables = customers.frame.collect(), divisions.frame.collect()
    return declared, stats, catalog_features(declared, stats), tables


def test_both_tables_keep_their_contracts(made):
    _, stats, catalog, _ = made
    for contract, table in ((FEATURE_STATS, stats), (FEATURE_CATALOG, catalog)):
        assert judge_table(contract, conform(contract, table.lazy())).violations == {}


def test_every_feature_is_measured_once_or_once_a_target(made):
    declared, stats, catalog, _ = made
    assert catalog["feature"].to_list() == [f.name for f in declared]
    wanted = [(f.name, "") for f in declared if f.scope == "all"]
    wanted += [(f.name, t) for t in TARGETS for f in declared if f.scope == "div"]
    assert stats.select("feature", "division").rows() == wanted


@pytest.mark.parametrize("name", ["rfm__div__gp_sum__12m", "lifecycle__div__gap_std_days__asof"])
def test_figures_equal_those_of_numpy(made, name):
    _, stats, _, (_, divisions) = made
    found = stats.row(by_predicate=(pl.col("feature") == name) & (pl.col("division") == TARGETS[0]))
    found = dict(zip(stats.columns, found, strict=True))
    column = divisions.filter(pl.col("division") == TARGETS[0])[name]
    known = np.sort(column.drop_nulls().to_numpy())
    assert found["row_count"] == column.len()
    assert found["known_count"] == known.size
    assert found["coverage_frac"] == known.size / column.len()
    assert found["zero_count"] == np.sum(known == 0)
    for quantile, q in QUANTILES.items():
        assert abs(np.searchsorted(known, found[quantile]) - q * (known.size - 1)) <= max(
            0.5, np.sum(known == found[quantile])
        )


def test_a_category_and_a_feature_that_nobody_has_have_no_quantiles(made):
    _, stats, catalog, _ = made
    rows = {r["feature"]: r for r in stats.iter_rows(named=True)}
    assert rows["attr__all__industry__asof"]["q50"] is None
    assert rows["attr__all__industry__asof"]["coverage_frac"] == 1.0
    assert rows["attr__all__territory__asof"]["known_count"] == 0
    wide = {r["feature"]: r["coverage_frac"] for r in catalog.iter_rows(named=True)}
    assert wide["rfm__div__transactions__3m"] == 1.0


def test_a_checksum_tells_one_changed_value_and_nothing_else(tmp_path):
    settings = write_world(tmp_path, [row()])
    lines = random_lines()
    declared = declare_features(settings)

    def checksums(some: list[Line]) -> dict[tuple[str, str], str]:
        world = world_of(settings, some, C)
        tables = build_customer_features(world).frame, build_division_features(world).frame
        found = measure_features(declared, *tables, TARGETS)
        return {(r["feature"], r["division"]): r["checksum"] for r in found.iter_rows(named=True)}

    plain = checksums(lines)
    assert plain == checksums(lines[::-1])
    # A line of a division that is no target moves what is over all divisions, and that alone.
    other = checksums([*lines, Line("c01", C, "new", "scanning")])
    changed = {key for key in plain if plain[key] != other[key]}
    assert ("rfm__all__lines__3m", "") in changed
    assert {division for _, division in changed} == {""}


def test_an_empty_population_has_no_coverage(tmp_path):
    settings = write_world(tmp_path, [row()])
    world, declared = world_of(settings, []), declare_features(settings)
    tables = build_customer_features(world).frame, build_division_features(world).frame
    stats = measure_features(declared, *tables, TARGETS)
    assert stats["coverage_frac"].null_count() == stats.height
    assert catalog_features(declared, stats)["row_count"].sum() == 0
