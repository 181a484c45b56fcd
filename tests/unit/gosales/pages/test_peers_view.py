"""Customers like an account: by a plain loop, among those that the viewer may see."""

import math

import polars as pl
import pytest

from gosales.pages.views.peers import SHOWN, peer_rows

NAMES = {"cad": "CAD & more", "pdm": "PDM", "fea": "FEA"}
VECTORS = {
    "a": [1.0, 0.0], "b": [2.0, 0.1], "c": [0.5, 0.5], "d": [-1.0, 0.0], "e": [0.0, 0.0],
    "f": [1.0, 0.9], "g": [1.0, 1.2], "h": [3.0, 0.1], "i": [1.0, 0.4],
}  # fmt: skip
BOUGHT = {"a": ["cad"], "b": ["cad", "pdm"], "h": ["fea"], "c": ["pdm"]}


def embeddings(installed: dict | None = None) -> pl.LazyFrame:
    rows = [("customer", *one) for one in VECTORS.items()] + [("sku", "b", [1.0, 0.0])]
    rows += [("installed", *one) for one in (installed or {}).items()]
    schema = {"kind": pl.String, "id": pl.String, "factors": pl.List(pl.Float32)}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def customers(*ids: str) -> pl.LazyFrame:
    return pl.LazyFrame(
        {"customer_id": ids, "customer_name": [None if i == "h" else i.upper() for i in ids]},
        schema={"customer_id": pl.String, "customer_name": pl.String},
    )


def history() -> pl.LazyFrame:
    lines = [(who, division, 1, 0) for who, of in BOUGHT.items() for division in of]
    # What came back alone was not bought.
    lines += [("b", "fea", 1, 1), ("a", "cad", 3, 1)]
    columns = ["customer_id", "division", "line_count", "return_count"]
    return pl.LazyFrame(lines, schema=columns, orient="row")


def cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / math.hypot(*one) / math.hypot(*other) if any(other) else 0.0


def peers(customer: str, *ids: str, **options) -> tuple[list[dict], str]:
    rows, kind = peer_rows(embeddings(**options), customers(*ids), history(), NAMES, customer)
    return rows.to_dicts(), kind


def test_the_most_alike_come_first_by_a_plain_loop():
    found, kind = peers("a", *VECTORS)
    assert kind == "customer"
    near = {one: cosine(VECTORS["a"], VECTORS[one]) for one in VECTORS if one != "a"}
    wanted = sorted((one for one in near if near[one] > 0), key=lambda one: (-near[one], one))
    assert [row["customer_id"] for row in found] == wanted[:SHOWN] == ["h", "b", "i", "f", "c"]
    assert [row["alike"] for row in found] == pytest.approx(
        [near[o] for o in wanted[:SHOWN]], abs=1e-5
    )
    assert [row["peer"] for row in found] == ["h", "B", "I", "F", "C"]


def test_what_they_bought_that_the_account_has_not_is_told():
    rows = {row["customer_id"]: row for row in peers("a", *VECTORS)[0]}
    assert (rows["b"]["bought"], rows["b"]["missing"]) == ("CAD & more, PDM", "PDM")
    assert (rows["h"]["bought"], rows["h"]["missing"]) == ("FEA", "FEA")
    assert (rows["i"]["bought"], rows["i"]["missing"]) == ("", "")


def test_nobody_is_told_of_customers_that_the_viewer_may_not_see():
    assert [row["customer_id"] for row in peers("a", "a", "c", "d")[0]] == ["c"]
    assert peers("a", "c", "d") == ([], "")


def test_who_bought_nothing_lately_is_like_those_who_have_the_same_installed():
    installed = {"x": [1.0, 0.0], "a": [1.0, 0.1], "d": [-1.0, 0.0]}
    found, kind = peers("x", "x", "a", "b", "d", installed=installed)
    assert ([row["customer_id"] for row in found], kind) == (["a"], "installed")


def test_without_a_vector_there_is_nobody_alike():
    assert peers("y", "y", "a", "b") == ([], "")
    assert peers("e", "a", "e") == ([], "customer"), "a vector without a direction"
    empty = peer_rows(embeddings().head(0), customers("a"), history(), NAMES, "a")
    assert (empty[0].height, empty[1]) == (0, "")
