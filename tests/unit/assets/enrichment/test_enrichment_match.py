"""Matching: what is one company, what is not, and what decides."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gosales_assets.enrichment.match import match_names
from gosales_resources.settings.enrichment import MatchSettings

ENTRY = {"enrichment_key": pl.String, "customer_id": pl.String, "name": pl.String, "zip": pl.String}
OWN = {"customer_id": pl.String, "customer_name": pl.String, "zip": pl.String}
OVERRIDE = {"customer_id": pl.String, "enrichment_key": pl.String, "action": pl.String}
DIRECTORY = [
    "Harbor Tools West", "Acme 1", "Acme 2", "Granite Machine LLC", "Granite Forge", "Ohio Granite",
    "Ironbark Plastics", "Baker Tool", "Baker Design", "Barker Design", "Barker Machine",
    "Quarry Robotics", "Umbra Robotics", "Umbra Dynamics Inc", "Forge Dynamics",
]  # fmt: skip
FEW = "Harbor Tool Acme Granite Machine Forge Umbra Dynamics Grnaite 1 2"
WORDS = st.sampled_from(FEW.split())
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


def entries(*names: str) -> pl.DataFrame:
    """Make a directory whose keys are its names."""
    return pl.DataFrame([(name, None, name, None) for name in names], ENTRY, orient="row")


def customers(*names: str | tuple | None) -> pl.DataFrame:
    rows = [n if isinstance(n, tuple) else (n, None) for n in names]
    return pl.DataFrame([(f"c{at}", *row) for at, row in enumerate(rows)], OWN, orient="row")


def overrides(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, OVERRIDE, orient="row")


def found(mine: pl.DataFrame, theirs: pl.DataFrame, hands=None, **told) -> list[dict]:
    hands = overrides() if hands is None else hands
    rows = match_names(mine, theirs, hands, MatchSettings(**told)).rows
    return rows.sort("customer_id").to_dicts()


@pytest.mark.parametrize(
    ("name", "entry", "method"),
    [
        ("Granite Machine Incorporated", "Granite Machine LLC", "name"),
        ("Grnaite Machine", "Granite Machine LLC", "fuzzy"),
        ("MACHINE, GRANITE", "Granite Machine LLC", "fuzzy"),
        ("Machine Granit Co.", "Granite Machine LLC", "fuzzy"),
        ("Iron Bark Plastics", "Ironbark Plastics", "fuzzy"),
        ("Umbra Dyn. Inc.", "Umbra Dynamics Inc", "fuzzy"),
        ("Harbor Tool West", "Harbor Tools West", "fuzzy"),
    ],
)
def test_spellings_of_a_name_find_its_entry(name, entry, method):
    (row,) = found(customers(name), entries(*DIRECTORY))
    assert (row["enrichment_key"], row["method"]) == (entry, method)
    assert row["score"] >= 0.88


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Harbor Tools", "conflict"),
        ("Harbor Tool", "conflict"),
        ("Acme 3", "conflict"),
        ("Acme", "conflict"),
        ("Barker Tool", "below_threshold"),
        ("Zyx", "no_candidate"),
        (None, "no_name"),
        ("!!", "no_name"),
    ],
)
def test_near_collisions_and_strangers_stay_unmatched_with_a_reason(name, reason):
    (row,) = found(customers(name), entries(*DIRECTORY))
    assert row["enrichment_key"] is None
    assert row["reason"] == reason


TWINS = [("Acme Inc", None, "100"), ("Acme GmbH", None, "200"), ("Acme LLC", None, "200")]


@pytest.mark.parametrize(
    ("mine", "key", "by"),
    [
        (("Acme", "100"), "Acme Inc|100", "zip"),
        (("Acme LLC", "200"), "Acme LLC|200", "form"),
        (("Acme LLC", None), "Acme LLC|200", "form"),
        (("Acme", None), None, None),
        (("Acme", "200"), None, None),
        (("Acme LLC", "300"), "Acme LLC|200", None),
    ],
)
def test_a_zip_decides_between_namesakes_else_the_legal_form(mine, key, by):
    (row,) = found(customers(mine), twins())
    assert (row["enrichment_key"], row["decided_by"]) == (key, by)
    assert key or row["reason"] == "ambiguous"


def twins() -> pl.DataFrame:
    rows = [(f"{name}|{code}", own, name, code) for name, own, code in TWINS]
    return pl.DataFrame(rows, ENTRY, orient="row")


@pytest.mark.parametrize(
    ("rule", "code", "matched"),
    [
        ("decides", "999", True),
        ("vetoes", "999", False),
        ("vetoes", None, True),
        ("required", None, False),
        ("required", "100", True),
    ],
)
def test_what_a_zip_does_is_a_setting(rule, code, matched):
    theirs = twins().head(1)
    (row,) = found(customers(("Acme Inc", code)), theirs, zip_rule=rule)
    assert (row["enrichment_key"] is not None) == matched


def test_another_zip_and_another_legal_form_are_another_company():
    (row,) = found(customers(("Acme GmbH", "900")), twins().head(1))
    assert (row["enrichment_key"], row["reason"]) == (None, "conflict")


def test_an_id_comes_before_the_name():
    theirs = pl.DataFrame(
        [("k1", "c0", "Other", None), ("k2", None, "Acme", None)], ENTRY, orient="row"
    )
    (row,) = found(customers("Acme"), theirs)
    assert (row["enrichment_key"], row["method"], row["score"]) == ("k1", "id", None)


def test_two_entries_within_the_margin_leave_it_open():
    (row,) = found(customers("Granitee Forge"), entries("Granite Forge", "Forge Granite", "X"))
    assert (row["enrichment_key"], row["reason"]) == (None, "margin")


def test_an_empty_side_is_no_error():
    assert found(customers(), entries(*DIRECTORY)) == []
    (row,) = found(customers("Acme"), entries())
    assert row["reason"] == "no_candidate"


def test_large_blocks_are_split_and_nothing_is_lost():
    many = [f"Global {a}{b} Systems" for a in ("Nor", "Sud", "Wes") for b in ("dak", "mar", "tin")]
    crowd = [f"Global Systems {chr(97 + i // 26) * 3}{chr(97 + i % 26) * 3}" for i in range(300)]
    theirs, mine = (
        entries(*many, *crowd),
        customers(*(f"{m} Inc" for m in many), "Sistems Global Wesmar"),
    )
    rows = found(mine, theirs, block_entries_max=10)
    assert [r["enrichment_key"] for r in rows] == [*many, "Global Wesmar Systems"]


@given(st.lists(NAMES, max_size=8), st.lists(NAMES, max_size=8, unique=True), st.randoms())
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_changes_nothing(mine, theirs, draw):
    own, listed = customers(*mine), entries(*theirs)
    other = [f.sample(fraction=1, shuffle=True, seed=draw.randrange(99)) for f in (own, listed)]
    assert found(*other) == found(own, listed)


@pytest.mark.slow
@given(st.lists(NAMES, min_size=1, max_size=8), st.lists(NAMES, max_size=8, unique=True))
@settings(max_examples=20, deadline=None)
def test_a_match_depends_on_no_other_customer(mine, theirs):
    own, listed = customers(*mine), entries(*theirs)
    alone = [row for n in range(own.height) for row in found(own.slice(n, 1), listed)]
    assert alone == found(own, listed)


@given(st.lists(NAMES, min_size=1, max_size=8), st.data())
@settings(max_examples=60, deadline=None)
def test_a_copy_of_a_name_of_its_own_finds_it(names, data):
    from gosales_assets.enrichment.names import normalise

    unique = {normalise(name).text: name for name in names}
    name = data.draw(st.sampled_from(sorted(unique.values())))
    (row,) = found(customers(name), entries(*unique.values()))
    assert (row["enrichment_key"], row["method"]) == (name, "name")


@given(
    st.lists(NAMES, min_size=1, max_size=6), st.lists(NAMES, min_size=2, max_size=6, unique=True)
)
@settings(max_examples=60, deadline=None)
def test_pins_always_win_and_forbidden_pairs_never_appear(mine, theirs):
    bans = [(f"c{n}", key, "forbid") for n in range(len(mine)) for key in theirs[1:]]
    rows = found(customers(*mine), entries(*theirs), overrides(("c0", theirs[0], "pin"), *bans))
    assert (rows[0]["enrichment_key"], rows[0]["method"]) == (theirs[0], "pin")
    assert {row["enrichment_key"] for row in rows} <= {None, theirs[0]}


def test_a_forbidden_match_says_so_and_shows_the_entry():
    (row,) = found(customers("Grnaite Machine"), entries(*DIRECTORY),
                   overrides(("c0", "Granite Machine LLC", "forbid")))  # fmt: skip
    assert (row["reason"], row["candidate_key"]) == ("forbidden", "Granite Machine LLC")
