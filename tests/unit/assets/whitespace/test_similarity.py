"""What stands in for a similarity to owners: whose it is, how high it may be, and where there is none."""

import math

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from gosales_assets.features.embeddings import fit_embeddings
from gosales_assets.features.families.als import similarities
from gosales_assets.whitespace.rank import rank_candidates
from gosales_assets.whitespace.similarity import (
    FEWEST_PEERS,
    industry_similarities,
    peers_of,
    with_fallback,
)
from gosales_assets.whitespace.weights import coverages
from gosales_checks.contracts.signals import EMBEDDINGS
from gosales_resources.settings.whitespace import WhitespaceSettings
from tests.worlds.erp import row, write_world
from tests.worlds.movement import DIVISIONS, draw_quarters
from tests.worlds.signals import C, draw_lines, known, world

# Customer -> industry, factors; a1 to a3 are Aero's, f1 and f2 Food's, n1 is of no industry.
FACTORS = {
    "a1": ("Aero", [1.0, 0.0]), "a2": ("Aero", [0.0, 3.0]), "a3": ("Aero", [2.0, 2.0]),
    "f1": ("Food", [0.0, 1.0]), "f2": ("Food", [-1.0, 1.0]), "n1": (None, [5.0, 5.0]),
}  # fmt: skip
WITHOUT = {"x": "Aero", "y": "Food", "z": None, "w": "Toys"}
OWNERS = ["a1"]
GENUINE_OF = {"a2": 0.1, "a3": 0.95, "f1": 0.9, "f2": -0.5, "n1": 0.3}


def embeddings(factors: dict = FACTORS) -> pl.LazyFrame:
    """Return `embeddings` of some customers, and of a SKU that is no customer."""
    rows = [("customer", name, vector) for name, (_, vector) in factors.items()]
    rows.append(("sku", "x", [9.0, -9.0]))
    frame = pl.DataFrame(rows, schema=["kind", "id", "factors"], orient="row")
    return frame.lazy().with_columns(pl.col("factors").cast(pl.List(pl.Float32)))


def customers() -> pl.LazyFrame:
    industries = {name: of for name, (of, _) in FACTORS.items()} | WITHOUT
    return pl.LazyFrame(
        {"customer_id": list(industries), "industry": list(industries.values())},
        schema={"customer_id": pl.String, "industry": pl.String},
    )


def features(owners: list[str] = OWNERS) -> pl.LazyFrame:
    return customers().select("customer_id", is_whitespace=~pl.col("customer_id").is_in(owners))


def signals(genuine: dict = GENUINE_OF, ineligible: tuple[str, ...] = ("a1",)) -> pl.LazyFrame:
    value = pl.col("customer_id").replace_strict(genuine, default=None, return_dtype=pl.Float64)
    return customers().select(
        "customer_id", als_similarity=value, is_eligible=~pl.col("customer_id").is_in(ineligible)
    )


def stood_in(
    of: pl.LazyFrame, fewest: int = 2, factors: dict = FACTORS, owners: list[str] = OWNERS
) -> dict[str, tuple[float | None, str | None]]:
    """Return customer -> similarity, and where it comes from."""
    peers = peers_of(embeddings(factors), customers(), fewest)
    found = with_fallback(of, features(owners), peers).collect()
    rows = found.select("customer_id", "als_similarity", "als_source").rows()
    return {name: (value, source) for name, value, source in rows}


def test_it_is_the_mean_of_the_cosines_of_the_peers():
    found = stood_in(signals())
    owner = np.array(FACTORS["a1"][1])
    for name, industry in (("x", "Aero"), ("y", "Food")):
        vectors = [np.array(vector) for of, vector in FACTORS.values() if of == industry]
        cosines = [v @ owner / np.linalg.norm(v) / np.linalg.norm(owner) for v in vectors]
        assert found[name] == (pytest.approx(np.mean(cosines), abs=1e-6), "centroid")


def test_what_is_genuine_stays_to_the_bit():
    found = stood_in(signals())
    assert {n: v for n, (v, source) in found.items() if source == "genuine"} == GENUINE_OF


def test_it_is_the_next_number_below_the_best_genuine_one_at_the_most():
    found = stood_in(signals(GENUINE_OF | {"a3": 0.2, "f1": 0.25}))
    assert found["x"] == (math.nextafter(0.3, -1), "centroid")
    assert found["y"][0] < 0, "what is lower stays"


def test_the_best_genuine_one_is_of_a_candidate_that_can_be_listed():
    of = signals(GENUINE_OF, ineligible=("a1", "a3", "f1", "n1"))
    assert stood_in(of)["x"] == (math.nextafter(0.1, -1), "centroid")


@pytest.mark.parametrize(
    "genuine",
    [{}, {"a1": 0.9}, {"a2": -1.0}],
    ids=["none at all", "an owner's alone", "none can be lower"],
)
def test_without_a_genuine_one_to_stay_below_nothing_stands_in(genuine):
    found = stood_in(signals(genuine))
    assert {n: found[n] for n in WITHOUT} == dict.fromkeys(WITHOUT, (None, None))


def test_no_industry_or_too_few_peers_is_nothing():
    assert {n for n, (_, s) in stood_in(signals()).items() if s == "centroid"} == {"x", "y"}
    three = stood_in(signals(), fewest=3)
    assert {n for n, (_, source) in three.items() if source == "centroid"} == {"x"}
    assert {n for n, (_, s) in stood_in(signals(), fewest=4).items() if s == "centroid"} == set()
    assert FEWEST_PEERS == 20


def test_a_customer_with_factors_has_its_own_or_none():
    assert stood_in(signals({"a2": 0.1}))["f1"] == (None, None)


@pytest.mark.parametrize(
    ("factors", "owners"),
    [({}, OWNERS), (FACTORS, []), (FACTORS, ["x"]), ({**FACTORS, "a1": ("Aero", [0.0, 0.0])}, OWNERS)],
    ids=["no factors at all", "no owner", "an owner without factors", "no direction"],
)  # fmt: skip
def test_without_owners_that_have_factors_nothing_stands_in(factors, owners):
    found = stood_in(signals(), factors=factors, owners=owners)
    assert {source for _, source in found.values()} == {"genuine", None}


def test_customers_of_one_industry_tie():
    twin = pl.lit("x2").alias("customer_id")
    everyone, of = (
        pl.concat([frame, frame.filter(customer_id="x").with_columns(twin)])
        for frame in (customers(), signals())
    )
    found = with_fallback(of, features(), peers_of(embeddings(), everyone, 2)).collect()
    values = dict(found.select("customer_id", "als_similarity").rows())
    assert values["x"] == values["x2"] is not None


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed):
    def mixed(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy()

    plain = with_fallback(signals(), features(), peers_of(embeddings(), customers(), 2))
    peers = peers_of(mixed(embeddings()), mixed(customers()), 2)
    shuffled = with_fallback(mixed(signals()), mixed(features()), peers)
    assert_frame_equal(*(f.sort("customer_id").collect() for f in (plain, shuffled)))


def test_it_is_what_a_customer_with_the_factors_of_its_industry_would_have(tmp_path):
    settings = write_world(tmp_path, [row()], {"features": {"als": {"factors": 4}}})
    lines = draw_lines()
    fitted = fit_embeddings(known(lines), C, settings.features.als)
    assert set(fitted.schema) == set(EMBEDDINGS.schema.columns())
    # The industry has one customer, who owns nothing of it: what is its own is what stands in.
    genuine = similarities(world(settings, lines, embeddings=fitted.lazy()))
    bought = {
        (line.customer, line.target) for line in lines if line.quantity > 0 and line.visible <= C
    }
    for name in ("c000", "c001", "c002"):
        mine = genuine.filter(customer_id=name)
        for division, value in mine.select("division", "similarity").rows():
            if (name, division) in bought:
                continue
            owners = pl.Series([who for who, target in bought if target == division])
            alone = pl.LazyFrame({"customer_id": [name], "industry": ["its own"]})
            found = industry_similarities(peers_of(fitted.lazy(), alone, 1), owners)
            assert found["similarity"].to_list() == pytest.approx([value], abs=2e-6)


def test_what_stands_in_has_a_norm_and_is_not_covered():
    found = draw_quarters(40).now.filter("is_eligible")
    settings = WhitespaceSettings(order="blend")
    share = coverages(found, settings)[""]["als"]
    assert share == found.filter(als_source="genuine").height / found.height < 1
    people = found.lazy().select("customer_id").unique()
    names = ["customer_name", "industry", "region", "territory", "rep"]
    people = people.with_columns(pl.lit(None, pl.String).alias(name) for name in names)
    nobody = {"customer_id": pl.String, "rep": pl.String, "is_active": pl.Boolean}
    listed = rank_candidates(found.lazy(), people, pl.LazyFrame(schema=nobody), settings, DIVISIONS)
    assert listed.filter(als_source="centroid")["als_norm"].min() > 0
