"""Sales without a value to share: ratios and shares are null, and no table has a nan or an infinity."""

import datetime as dt
from dataclasses import replace

import polars as pl
import polars.selectors as cs
import pytest

from gosales_assets.features.affinity import mine_rules
from gosales_assets.features.asof import AsOf
from gosales_assets.features.build import (
    build_customer_features,
    build_division_features,
    declare_features,
)
from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.history import purchase_lines, share_history
from gosales_assets.features.stats import catalog_features, measure_features
from gosales_checks.contracts.contract import conform, judge_table
from gosales_checks.contracts.features import FEATURE_CATALOG, FEATURE_STATS
from gosales_resources.settings.tree import Settings
from tests.worlds.erp import row, write_world
from tests.worlds.features import (
    NO_ASSETS,
    TARGETS,
    C,
    Line,
    purchase_history,
    random_lines,
    roster,
)

DRAWN = random_lines()
ALIKE = [
    Line(f"c{n}", dt.date(2024, 5, 1), f"i{n}{d}", d, cents=0) for n in range(9) for d in TARGETS
]
WORLDS = {
    "zero": [replace(line, cents=0, revenue=0) for line in DRAWN],
    # Nobody differs from the others: the prior of the shares is then infinitely strong.
    "zero and all customers alike": ALIKE,
    "negative": [replace(line, cents=-500, revenue=-900) for line in DRAWN],
    "not given": [replace(line, cents=None, revenue=None) for line in DRAWN],
    "cancelled by returns": [
        part
        for line in DRAWN
        for part in (
            replace(line, cents=700, quantity=1),
            replace(line, cents=-700, quantity=-1, invoice=f"r{line.invoice}"),
        )
    ],
    "returns alone": [replace(line, quantity=-1, cents=-700) for line in DRAWN],
    "one customer": [replace(line, customer="c00", cents=0) for line in DRAWN[:9]],
    "one line": [Line("c00", dt.date(2024, 5, 1), "i", cents=0)],
    "one SKU": [replace(line, sku="Sim", division="simulation", cents=0) for line in DRAWN],
    "nothing for three years": [replace(line, day=dt.date(2021, 5, 5), cents=0) for line in DRAWN],
    "nothing at all": [],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    folder = tmp_path_factory.mktemp("world")
    return write_world(folder, [row()], {"features": {"off": [], "basket": {"min_customers": 1}}})


def tables_of(settings: Settings, lines: list[Line]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compute all families, rules and factors included."""
    history = purchase_history(lines)
    known = purchase_lines(history, [])
    rules = mine_rules(known, C, settings.features.basket)
    factors = fit_embeddings(known, C, settings.features.als)
    world = AsOf(
        C,
        settings,
        share_history(history, [], settings.divisions),
        roster({*(line.customer for line in lines), "nobody"}),
        NO_ASSETS,
        rules.lazy(),
        factors.lazy(),
    )
    found = build_customer_features(world), build_division_features(world)
    return found[0].frame.collect(), found[1].frame.collect()


@pytest.mark.parametrize("name", WORLDS)
def test_no_feature_is_a_nan_or_infinite_whatever_sales_are_worth(settings, name):
    for table in tables_of(settings, WORLDS[name]):
        numbers = table.select(cs.float())
        broken = [c for c in numbers.columns if not numbers[c].drop_nulls().is_finite().all()]
        assert broken == []


@pytest.mark.parametrize("name", WORLDS)
def test_figures_of_features_keep_their_contracts_whatever_sales_are_worth(settings, name):
    customers, divisions = tables_of(settings, WORLDS[name])
    declared = declare_features(settings)
    stats = measure_features(declared, customers.lazy(), divisions.lazy(), TARGETS)
    catalog = catalog_features(declared, stats)
    for contract, table in ((FEATURE_STATS, stats), (FEATURE_CATALOG, catalog)):
        assert judge_table(contract, conform(contract, table.lazy())).violations == {}


@pytest.mark.parametrize(
    "name", ["zero", "zero and all customers alike", "negative", "not given", "one line"]
)
def test_a_share_of_no_value_is_unknown(settings, name):
    customers, _ = tables_of(settings, WORLDS[name])
    shares = customers.select(cs.starts_with("cross__all__gp_share_"))
    assert shares.width == 3
    assert shares.null_count().row(0) == (customers.height,) * 3


def test_a_share_of_no_invoice_is_unknown(settings):
    customers, _ = tables_of(settings, WORLDS["nothing for three years"])
    shares = customers.select(cs.starts_with("cross__all__transaction_share_"))
    assert shares.null_count().row(0) == (customers.height,) * 3
