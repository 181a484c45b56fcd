"""Keys of divisions: short, stable, told apart in every script; people read the name itself."""

import hashlib
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gosales.cli.main import main
from gosales_assets.whitespace.reasons import Words, with_reasons
from gosales_resources.errors import ScopeError
from gosales_resources.partitions.space import PartitionSpace
from gosales_resources.settings.base import LONGEST_KEY, slugify
from gosales_resources.settings.divisions import DivisionSettings
from tests.worlds.erp import SETTINGS, row, write_world

LONG = "Very long division name " * 13
FOREIGN = [
    "Насосы",
    "Краны",
    "ポンプ",
    "ホンプ",
    "泵",
    "阀",
    "مضخات",
    "صمامات",
    "🚲",
    "🛴",
    "ข่าว",
    "ข้าว",
]
MIXED = ["Насос DN50", "Кран DN50", "泵 DN50", "DN50", "Насос 5", "Кран 5", "5"]
PLAIN = {
    "Frames & Forks": "frames_forks",
    "Öle & Straßenräder": "ole_strassenrader",
    "CON": "con",
    "2024–25": "2024_25",
    "3D Printing": "3d_printing",
    "Łożyska": "ozyska",
}


@pytest.mark.parametrize(("name", "key"), PLAIN.items())
def test_a_latin_name_keeps_the_key_it_had(name, key):
    assert slugify(name) == key


@pytest.mark.parametrize("names", [FOREIGN, MIXED], ids=["foreign", "mixed"])
def test_names_of_other_scripts_have_keys_of_their_own(names):
    keys = [slugify(name) for name in names]
    assert len(set(keys)) == len(names)
    assert all(re.fullmatch("[a-z0-9_]+", key) for key in keys)


@pytest.mark.parametrize(
    ("name", "begins", "told"),
    [("Насосы", "name", "насосы"), ("Насос DN50", "dn50", "насос dn50"), ("🚲", "name", "🚲")],
)
def test_a_key_of_another_script_ends_in_a_digest_of_the_name(name, begins, told):
    # Folders of stores are named by it: another one would orphan them.
    assert slugify(name) == f"{begins}_{hashlib.sha256(told.encode()).hexdigest()[:10]}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Насосы", " НАСОСЫ "),
        ("Насосы и краны", "насосы, и  краны!"),
        ("й", "\u0438\u0306"),
        ("ポンプ", "ﾎﾟﾝﾌﾟ"),
        ("🚲", "🚲\ufe0f"),
        (LONG, LONG.upper()),
        ("é" * 200, "E" * 200),
    ],
    ids=["case", "signs", "composed", "half width", "drawn otherwise", "long", "long, accents"],
)
def test_names_that_differ_in_case_signs_or_coding_alone_have_one_key(one, other):
    assert slugify(one) == slugify(other)


def test_long_names_that_differ_in_their_tail_have_keys_of_their_own():
    keys = {slugify(LONG + tail) for tail in ("", "a", "b", "1")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {LONGEST_KEY}


@given(st.text(max_size=400))
def test_any_name_has_a_short_plain_key_that_is_its_own_key(name):
    key = slugify(name)
    assert re.fullmatch(f"[a-z0-9_]{{0,{LONGEST_KEY}}}", key)
    assert slugify(key) == key


@pytest.mark.parametrize("name", [".", "..", "--", "&", "", "  ", "\u200b"])
def test_a_name_of_signs_alone_is_refused(name):
    with pytest.raises(ValidationError, match="no letter, digit or symbol"):
        DivisionSettings(names=["Solid Works", name])


def test_names_with_one_key_are_refused_and_all_are_named():
    with pytest.raises(ValidationError) as found:
        DivisionSettings(names=["CAD", "c-a-d", "C.A.D", "Sim"], sku_targets={"SIM!": ["a"]})
    told = str(found.value)
    assert "'c-a-d' and 'C.A.D' ('c_a_d')" in told
    assert "'Sim' and 'SIM!' ('sim')" in told


def test_a_division_is_asked_for_by_its_name_or_its_key(tmp_path):
    named = {"names": ["Насосы", "Solid Works", LONG]}
    space = PartitionSpace(write_world(tmp_path, [row()], {"divisions": named, **NO_ROUTES}))
    keys = sorted(slugify(name) for name in named["names"])
    assert space.select_divisions(named["names"]) == space.select_divisions(keys) == keys
    with pytest.raises(ScopeError, match="Did you mean 'Насосы'"):
        space.select_divisions(["Насос"])


NO_ROUTES = {"source": SETTINGS["source"] | {"taxonomy": {"path": "taxonomy.csv"}}}


@pytest.mark.parametrize(
    "name", ["Насосы", "泵", "🚲", LONG], ids=["Cyrillic", "CJK", "emoji", "long"]
)
def test_lines_of_an_odd_division_are_stored_under_its_key(tmp_path, name):
    named = {"divisions": {"names": [name, "Simulation", "Scanning"]}, **NO_ROUTES}
    write_world(tmp_path, [row()], named)
    taxonomy = tmp_path / "taxonomy.csv"
    text = taxonomy.read_text(encoding="utf-8").replace("Solid Works", name)
    taxonomy.write_text(text, encoding="utf-8")
    config = str(tmp_path / "gosales.yaml")
    assert main(["config", "check", "--config", config]) == 0
    command = ["materialize", "--select", "fact_transactions", "--upstream"]
    assert main([*command, "--cutoffs", "2023-03-31", "--config", config]) == 0
    root = tmp_path / "gosales_home" / "store" / "fact_transactions" / "cutoff=2023-03-31"
    assert pl.read_parquet(root / f"division={slugify(name)}" / "part-0.parquet").height == 1


@pytest.mark.parametrize("name", ["Насосы", LONG, "泵" * 200])
def test_the_reason_of_a_row_has_the_divisions_own_name(name):
    key = slugify(name)
    signals = pl.LazyFrame({"customer_id": ["a"], "is_eligible": [True], "drivers": ["x +0.10"]})
    features = pl.LazyFrame(
        {"customer_id": ["a"], f"cross__all__bought_{key}__asof": [1]},
    )
    words = Words({key: name, "other": "Other"}, "€")
    reason = with_reasons(signals, features, "other", words).collect()["reason"].item()
    assert f"bought {name[:30]}" in reason
    assert len(reason) <= 140
