"""ALS: factors against a dense solve by the paper, similarities against a plain loop."""

import datetime as dt
import math
import os
import random
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_limits

from gosales_assets.features.embeddings import fit_embeddings, fit_installed, installed_by
from gosales_assets.features.families.als import ALS, owner_similarity
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.signals import EMBEDDINGS
from gosales_resources.dates import shift_months
from gosales_resources.settings.features import AlsSettings
from tests.worlds.erp import row, write_world
from tests.worlds.signals import Bought, C, draw_lines, known, world

SMALL = AlsSettings(factors=4, iterations=60)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    changed = {"features": {"als": {"factors": 4}}}
    return write_world(tmp_path_factory.mktemp("world"), [row()], changed)


def vectors(table: pl.DataFrame, kind: str) -> dict[str, np.ndarray]:
    rows = table.filter(pl.col("kind") == kind)
    return {i: np.array(f) for i, f in zip(rows["id"], rows["factors"], strict=True)}


def confidences(lines: list[Bought], settings: AlsSettings) -> dict[tuple[str, str], float]:
    start = shift_months(C, -settings.als_lookback_months)
    inside = [x for x in lines if x.visible <= C and start < x.day <= C]
    found = {}
    for key in sorted({(x.customer, x.sku) for x in inside if x.quantity > 0}):
        cents = sum(x.cents for x in inside if (x.customer, x.sku) == key)
        found[key] = 1 + settings.alpha * math.log1p(max(cents, 0) / 100)
    return found


def test_the_factors_solve_the_equations_of_the_paper():
    lines = draw_lines()
    table = fit_embeddings(known(lines), C, SMALL)
    users, items = vectors(table, "customer"), vectors(table, "sku")
    confidence = confidences(lines, SMALL)
    assert users.keys() == {c for c, _ in confidence}
    assert items.keys() == {s for _, s in confidence}
    y = np.array(list(items.values()))
    for customer, x in users.items():
        c = np.array([confidence.get((customer, sku), 1.0) for sku in items])
        p = np.array([(customer, sku) in confidence for sku in items], dtype=float)
        a = y.T @ (c[:, None] * y) + SMALL.regularization * np.eye(SMALL.factors)
        # The last half step was the SKUs', and the solver is iterative: near, not equal.
        assert x == pytest.approx(np.linalg.solve(a, y.T @ (c * p)), abs=0.02), customer


def test_the_table_keeps_its_contract_customers_first():
    table = fit_embeddings(known(draw_lines()), C, SMALL)
    assert judge(EMBEDDINGS, table).passed
    assert table.select("kind", "id").equals(table.select("kind", "id").sort("kind", "id"))


def test_row_order_and_threads_change_no_bit():
    lines = draw_lines()
    first = fit_embeddings(known(lines), C, SMALL)
    shuffled = random.Random(1).sample(lines, len(lines))
    for threads in (1, 2):
        with threadpool_limits(threads):
            assert fit_embeddings(known(shuffled), C, SMALL).equals(first)


def test_processes_of_one_and_two_threads_give_the_same_bits():
    code = (
        "from tests.worlds.signals import *\n"
        "from gosales_assets.features.embeddings import fit_embeddings\n"
        "from gosales_resources.settings.features import AlsSettings\n"
        "table = fit_embeddings(known(draw_lines(400)), C, AlsSettings())\n"
        "print(table.hash_rows(seed=1).sum(), table.write_json())"
    )
    names = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
    outs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | dict.fromkeys(names, str(threads)),
            capture_output=True,
            check=True,
        ).stdout
        for threads in (1, 2)
    }
    assert len(outs) == 1
    assert len(outs.pop()) > 10_000


def test_rows_after_the_cutoff_or_before_the_look_back_change_nothing():
    lines = draw_lines()
    others = [
        Bought("c001", "M1", dt.date(2024, 7, 1)),
        Bought("c001", "M1", dt.date(2024, 2, 1), known=dt.date(2024, 7, 1)),
        Bought("old", "S9", shift_months(C, -24)),
        Bought("back", "S9", quantity=-1),
    ]
    first, second = (fit_embeddings(known(some), C, SMALL) for some in (lines, lines + others))
    assert first.equals(second)


def test_without_a_purchase_there_are_no_vectors():
    table = fit_embeddings(known([]), C, SMALL)
    assert table.is_empty()
    assert judge(EMBEDDINGS, table).passed


# Customer, rollup, quantity (None: not told), bought on.
REGISTER = [
    ("a", "CAD", "2", dt.date(2020, 1, 1)), ("a", "CAD", None, dt.date(2021, 1, 1)),
    ("a", "FEA", "1.5", dt.date(2022, 1, 1)), ("b", "FEA", "4", C), ("b", "PDM", "1", C),
    ("c", "PDM", "0", dt.date(2023, 1, 1)), ("c", "CAD", "9", dt.date(2023, 1, 1)),
]  # fmt: skip


def register(rows: list[tuple]) -> pl.LazyFrame:
    schema = {"customer_id": pl.String, "item_rollup": pl.String, "quantity": pl.String,
              "effective_purchase_date": pl.Date}  # fmt: skip
    frame = pl.LazyFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("quantity").cast(pl.Decimal(18, 3)))


def test_the_factors_of_the_installed_base_solve_the_equations_of_the_paper():
    table = fit_installed(register(REGISTER), C, SMALL)
    assert judge(EMBEDDINGS, table).passed
    users = vectors(table, "installed")
    assert list(users) == ["a", "b", "c"]
    units = {("a", "CAD"): 3, ("a", "FEA"): 1.5, ("b", "FEA"): 4, ("b", "PDM"): 1,
             ("c", "PDM"): 0, ("c", "CAD"): 9}  # fmt: skip
    # Those of rollups are not kept: they follow from the customers', as the last half step did.
    x = np.array(list(users.values()))
    rollups = []
    for rollup in ("CAD", "FEA", "PDM"):
        pairs = [(user, rollup) in units for user in users]
        c = np.array([1 + SMALL.alpha * math.log1p(units.get((u, rollup), 0)) for u in users])
        a = x.T @ (c[:, None] * x) + SMALL.regularization * np.eye(SMALL.factors)
        rollups.append(np.linalg.solve(a, x.T @ (c * np.array(pairs, dtype=float))))
    y = np.array(rollups)
    for user, vector in users.items():
        pairs = [(user, rollup) in units for rollup in ("CAD", "FEA", "PDM")]
        c = np.array(
            [1 + SMALL.alpha * math.log1p(units.get((user, r), 0)) for r in ("CAD", "FEA", "PDM")]
        )
        a = y.T @ (c[:, None] * y) + SMALL.regularization * np.eye(SMALL.factors)
        assert vector == pytest.approx(np.linalg.solve(a, y.T @ (c * pairs)), abs=0.02), user


def test_assets_bought_after_the_cutoff_or_never_are_not_installed():
    others = [("d", "CAD", "1", dt.date(2024, 7, 1)), ("e", "CAD", "1", None)]
    first, second = (
        fit_installed(installed_by(register(rows), C), C, SMALL)
        for rows in (REGISTER, REGISTER[::-1] + others)
    )
    assert first.equals(second)
    assert fit_installed(register([]), C, SMALL).is_empty()


def similarities(settings, lines: list[Bought]) -> dict[tuple[str, str], dict]:
    table = fit_embeddings(known(lines), C, settings.features.als)
    (block,) = ALS.blocks(world(settings, lines, embeddings=table.lazy()), "div")
    rows = block.source.select("customer_id", "division", *(f.column for f in block.features))
    return {(r["customer_id"], r["division"]): r for r in rows.collect().to_dicts()}


def test_similarity_and_score_equal_a_plain_loop_that_leaves_the_owner_out(settings):
    lines = draw_lines()
    table = fit_embeddings(known(lines), C, settings.features.als)
    users, items = vectors(table, "customer"), vectors(table, "sku")
    found = similarities(settings, lines)
    seen = [x for x in lines if x.visible <= C]
    for target in ("simulation", "solid_works"):
        owners = {x.customer for x in seen if x.target == target and x.quantity > 0} & users.keys()
        skus = {x.sku for x in seen if x.target == target} & items.keys()
        for customer, own in users.items():
            rest = [users[o] / np.linalg.norm(users[o]) for o in sorted(owners - {customer})]
            centroid = np.mean(rest, axis=0)
            cosine = own @ centroid / np.linalg.norm(own) / np.linalg.norm(centroid)
            got = found[customer, target]
            assert got["als__div__owner_similarity__asof"] == pytest.approx(cosine, abs=2e-6)
            best = max(own @ items[sku] for sku in skus)
            assert got["als__div__score_max__asof"] == pytest.approx(best, abs=2e-6)


def test_the_only_owner_is_compared_with_nobody():
    unit = np.array([[1.0, 0.0], [0.6, 0.8]])
    found = owner_similarity(unit, np.array([True, False]), unit[0], 1)
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(0.6)


def test_an_owners_own_row_does_not_make_it_similar():
    draw = np.random.default_rng(0)
    unit = draw.normal(size=(400, 16))
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    is_owner = np.arange(400) < 10
    found = owner_similarity(unit, is_owner, unit[is_owner].sum(axis=0), 10)
    # At random, owners are no closer; with their own row they would be by 1 / sqrt(10).
    assert abs(found[is_owner].mean() - found[~is_owner].mean()) < 0.15


def test_a_division_nobody_bought_yet_has_no_similarity(settings):
    lines = [x for x in draw_lines() if x.target != "simulation" or x.day > C]
    found = similarities(settings, lines)
    values = [r for (_, division), r in found.items() if division == "simulation"]
    assert values
    assert {r["als__div__owner_similarity__asof"] for r in values} == {None}
    assert {r["als__div__score_max__asof"] for r in values} == {None}


def test_without_factors_there_are_no_rows(settings):
    (block,) = ALS.blocks(world(settings, draw_lines()), "div")
    assert block.source.collect().is_empty()
