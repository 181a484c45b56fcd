"""Bundles: what is sealed opens, and anything else says what is wrong with it before it is parsed."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from gosales_assets.models.bundle.bundle import load_bundle, read_card, read_report
from gosales_assets.models.bundle.held_out import (
    HELD_OUT_FILE,
    cross_calibrated,
    read_held_out,
)
from gosales_assets.models.bundle.manifest import MANIFEST_FILE, VERSION, seal, verified
from gosales_assets.models.bundle.model import MODEL_FILE
from gosales_assets.models.calibration.calibrator import HeldOut
from gosales_assets.models.drift.reference import INPUTS_FILE, SCORES_FILE
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.errors import BundleError
from gosales_resources.settings.models import ModelSettings
from tests.worlds.training import matrix, train

TREES_FILE = "lightgbm.txt"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    # A regression that may not learn anything: the trees win, so the bundle has both files.
    found = train(matrix(), ModelSettings(tree_rounds=40, linear_strengths=[1e-9])).to_files()
    assert TREES_FILE in found
    return found


def said_of(manifest: bytes, **changed) -> bytes:
    return json.dumps(json.loads(manifest) | changed).encode()


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (lambda f: f.pop(MODEL_FILE), "model.json is missing"),
        (lambda f: f.update({MODEL_FILE: f[MODEL_FILE][:-40]}), "model.json is not the file"),
        (lambda f: f.update({TREES_FILE: f[TREES_FILE].replace(b"0", b"1", 1)}), "lightgbm.txt is"),
        (lambda f: f.update({"more.txt": b"x"}), "more.txt does not belong"),
        (lambda f: f.pop(MANIFEST_FILE), "Not a model bundle"),
        (lambda f: f.update({MANIFEST_FILE: b"\x80\x04\x95"}), "unreadable"),
        (lambda f: f.update({MANIFEST_FILE: b"[]"}), "unreadable"),
        (lambda f: f.update({MANIFEST_FILE: b'{"format": "mlflow", "version": 1, "files": {}}'}), "format is 'mlflow'"),
        (lambda f: f.update({MANIFEST_FILE: said_of(f[MANIFEST_FILE], version=VERSION + 1)}), "Upgrade GoSales"),
        (lambda f: f.update({MANIFEST_FILE: said_of(f[MANIFEST_FILE], version=VERSION - 1)}), "Rematerialise"),
        (lambda f: f.update({MANIFEST_FILE: said_of(f[MANIFEST_FILE], files=7)}), "unreadable"),
    ],
    ids=["missing", "cut", "one digit", "added", "bare", "pickle", "list", "foreign", "newer", "older",
         "no files"],
)  # fmt: skip
def test_what_is_not_the_bundle_that_was_written_is_refused_in_words(files, damage, finding):
    damaged = dict(files)
    damage(damaged)
    with pytest.raises(BundleError, match=finding):
        load_bundle(damaged)
    with pytest.raises(BundleError, match=finding):
        read_report(damaged)


def test_a_sealed_bundle_of_other_content_is_refused_by_its_content():
    # Whoever seals rubbish with right hashes is still told.
    for content in (b"{}", b"not json", b'{"card": {}}'):
        for reader in (load_bundle, read_card):
            with pytest.raises(BundleError, match="damaged"):
                reader(seal({MODEL_FILE: content}))


def test_sealed_trees_that_are_no_model_are_refused(files):
    bare = {n: b for n, b in files.items() if n != MANIFEST_FILE}
    with pytest.raises(BundleError, match="damaged"):
        load_bundle(seal(bare | {TREES_FILE: b"tree\nnot a model\n"}))


def test_the_card_alone_is_that_of_the_opened_model(files):
    bundle = load_bundle(files)
    assert read_card(files) == (bundle.model_id, bundle.card)


def test_every_file_of_a_bundle_is_text_or_a_table(files):
    # No pickle, no archive: nothing that a reader could be made to run.
    known = {MODEL_FILE, TREES_FILE, HELD_OUT_FILE, INPUTS_FILE, SCORES_FILE}
    assert set(verified(files)) == known
    for name in (MODEL_FILE, TREES_FILE):
        files[name].decode("ascii")
    assert read_held_out(files).height


def test_the_id_of_a_model_is_that_of_its_content(files):
    first, again = load_bundle(files).model_id, load_bundle(dict(files)).model_id
    assert first == again
    bare = {n: b for n, b in files.items() if n != MANIFEST_FILE}
    changed = seal(
        bare | {MODEL_FILE: bare[MODEL_FILE].replace(b'"warnings": []', b'"warnings": [""]')}
    )
    assert load_bundle(changed).model_id != first
    assert first.startswith("pdm@2024-06-30#")


def test_held_out_predictions_are_of_every_customer_at_the_cutoffs_it_was_judged_on(files):
    held, table = read_held_out(files), matrix()
    cutoffs = held["cutoff"].unique().sort().to_list()
    assert cutoffs
    mine = table.filter(pl.col("cutoff").is_in(cutoffs))
    assert held.height == mine.height
    for column in ("label", "is_whitespace"):
        assert held[column].sum() == mine[column].sum()
    expected = mine.with_columns(ties=pl.Series(tie_breaker(mine["customer_id"].to_list())))
    both = held.join(expected, on=["cutoff", "ties"], how="inner")
    assert both.height == held.height
    assert both["label"].to_list() == both["label_right"].to_list()


def test_a_customers_outcome_does_not_move_its_own_probability():
    draw = np.random.default_rng(8)
    n = 3000
    margin = draw.normal(-2.5, 1.0, n)
    label = (draw.random(n) < expit(margin)).astype(int)
    group, white = np.arange(n) % 5, np.zeros(n, dtype=bool)
    held = HeldOut(
        margin=margin,
        label=label,
        is_whitespace=white,
        fold=np.zeros(n, dtype=int),
        newest=np.ones(n, dtype=bool),
        row=np.arange(n),
    )
    settings = ModelSettings(isotonic_min_positives=50)
    first = cross_calibrated(held, group, settings)
    other = np.where(group == 2, 1 - label, label)
    second = cross_calibrated(replace(held, label=other), group, settings)
    assert np.array_equal(first[group == 2], second[group == 2])
    assert not np.array_equal(first[group == 1], second[group == 1])
    assert np.abs(first - expit(margin)).mean() < 0.02
