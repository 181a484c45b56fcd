"""Bundles: what is sealed opens, and anything else says what is wrong with it before it is parsed."""

import json

import pytest

from gosales_assets.models.bundle import MODEL_FILE, TREES_FILE, load_bundle, read_report
from gosales_assets.models.manifest import MANIFEST_FILE, VERSION, seal, verified
from gosales_resources.errors import BundleError
from gosales_resources.settings.models import ModelSettings
from tests.unit.test_models import matrix, train


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
        with pytest.raises(BundleError, match="damaged"):
            load_bundle(seal({MODEL_FILE: content}))


def test_sealed_trees_that_are_no_model_are_refused(files):
    bare = {n: b for n, b in files.items() if n != MANIFEST_FILE}
    with pytest.raises(BundleError, match="damaged"):
        load_bundle(seal(bare | {TREES_FILE: b"tree\nnot a model\n"}))


def test_every_file_of_a_bundle_is_text(files):
    # No pickle, no archive: nothing that a reader could be made to run.
    for name, content in verified(files).items():
        assert content.decode("utf-8").isprintable() or "\n" in content.decode(), name


def test_the_id_of_a_model_is_that_of_its_content(files):
    first, again = load_bundle(files).model_id, load_bundle(dict(files)).model_id
    assert first == again
    bare = {n: b for n, b in files.items() if n != MANIFEST_FILE}
    changed = seal(
        bare | {MODEL_FILE: bare[MODEL_FILE].replace(b'"warnings": []', b'"warnings": [""]')}
    )
    assert load_bundle(changed).model_id != first
    assert first.startswith("pdm@2024-06-30#")
