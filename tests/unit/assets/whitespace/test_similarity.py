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
    installed_similarities,
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


# Customers by what they have installed: another space, with another length of closeness.
INSTALLED = {
    "a1": [3.0, 0.0], "a2": [0.0, 1.0], "a3": [2.0, 2.0], "f1": [1.0, 0.1], "f2": [-1.0, 1.0],
    "x": [4.0, 1.0], "z": [-1.0, 0.2], "w": [1.0, 1.0],
}  # fmt: skip


def embeddings(factors: dict = FACTORS, installed: dict | None = None) -> pl.LazyFrame:
    """Return `embeddings` of some customers, and of a SKU that is no customer."""
    rows = [("customer", name, vector) for name, (_, vector) in factors.items()]
    rows += [("installed", name, vector) for name, vector in (installed or {}).items()]
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


def cosine(one: list[float], other: list[float]) -> float:
    return float(np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other))


def by_installed_base(genuine: dict, fewest: int = 2, owners: list[str] = OWNERS) -> dict:
    peers = peers_of(embeddings(installed=INSTALLED), customers())
    of = pl.DataFrame(
        {"customer_id": list(genuine), "als_similarity": list(genuine.values())},
        schema={"customer_id": pl.String, "als_similarity": pl.Float64},
    )
    return dict(
        installed_similarities(peers, pl.Series(owners, dtype=pl.String), of, fewest).rows()
    )


def mean_of_neighbours(cosines: dict, genuine: dict) -> dict:
    """Pool what falls, by merging neighbours until nothing does: (cosine, mean) of each step."""
    steps = [[cosines[name], genuine[name], 1] for name in sorted(genuine, key=cosines.get)]
    at = 0
    while at < len(steps) - 1:
        if steps[at][1] <= steps[at + 1][1]:
            at += 1
            continue
        (_, one, n), (last, other, m) = steps[at : at + 2]
        steps[at : at + 2] = [[last, (one * n + other * m) / (n + m), n + m]]
        at = max(at - 1, 0)
    return {last: mean for last, mean, _ in steps}


def test_an_installed_base_is_told_in_the_similarities_of_those_who_have_both():
    owner = INSTALLED["a1"]
    cosines = {name: cosine(vector, owner) for name, vector in INSTALLED.items()}
    # f2 -0.71, a2 0, a3 0.71, f1 0.995: f1 falls behind a3, so both have their mean.
    genuine = {"a2": 0.1, "a3": 0.8, "f1": 0.6, "f2": -0.5}
    found = by_installed_base(genuine)
    assert found.keys() == INSTALLED.keys()
    steps = mean_of_neighbours(cosines, genuine)
    assert list(steps.values()) == [-0.5, 0.1, pytest.approx(0.7)]
    assert found["w"] == pytest.approx(0.7), "as a3, which points the same way"
    assert found["z"] == -0.5, "further than any of them: as the furthest"
    # x is between a3 and f1, of one step.
    assert cosines["a3"] < cosines["x"] < cosines["f1"]
    assert found["x"] == pytest.approx(0.7)


def test_an_installed_base_that_tells_nothing_is_the_mean_of_all():
    falling = {"f2": 0.9, "a2": 0.4, "a3": 0.2, "f1": 0.1}
    assert list(by_installed_base(falling).values()) == [pytest.approx(0.4)] * len(INSTALLED)


def test_owners_are_not_learnt_from_and_need_an_installed_base():
    genuine = {"a2": 0.1, "a3": 0.8, "f1": 0.9, "f2": -0.5}
    plain = by_installed_base(genuine)
    assert by_installed_base(genuine | {"a1": -1.0}) == plain
    assert by_installed_base(genuine, owners=["n1"]) == {}
    assert by_installed_base(genuine, fewest=5) == {}
    assert by_installed_base({}) == {}


def test_the_installed_base_comes_before_the_industry():
    genuine = {"a2": 0.1, "a3": 0.95, "f1": 0.9, "f2": -0.5}
    peers = peers_of(embeddings(installed=INSTALLED), customers(), 2)
    of = signals(genuine)
    alone = with_fallback(of, features(), peers).collect()
    assert set(alone["als_source"].drop_nulls()) == {"genuine", "centroid"}, "four have both"
    # Twenty of each, so that enough have both.
    copies = range(20)
    named = pl.col("customer_id") + pl.lit("/")
    factors = {f"{n}/{i}": of for n, of in FACTORS.items() for i in copies}
    base = {f"{n}/{i}": v for n, v in INSTALLED.items() for i in copies}
    many = [
        pl.concat([frame.with_columns(customer_id=named + str(i)) for i in copies])
        for frame in (of, features(), customers())
    ]
    peers = peers_of(embeddings(factors, base), many[2])
    found = with_fallback(many[0], many[1], peers).collect()
    sources = dict(found.select("customer_id", "als_source").rows())
    values = dict(found.select("customer_id", "als_similarity").rows())
    assert {name: sources[f"{name}/0"] for name in WITHOUT} == {
        "x": "installed", "y": "centroid", "z": "installed", "w": "installed"
    }  # fmt: skip
    assert values["x/0"] < max(genuine.values()), "below the best genuine one"
    assert values["z/0"] == -0.5


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
    owners, of = pl.Series(OWNERS), signals().select("customer_id", "als_similarity")
    one, other = (
        installed_similarities(peers_of(table, customers()), owners, genuine.collect(), 2)
        for table, genuine in (
            (embeddings(installed=INSTALLED), of),
            (mixed(embeddings(installed=INSTALLED)), mixed(of)),
        )
    )
    assert_frame_equal(one, other, check_exact=True)


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
