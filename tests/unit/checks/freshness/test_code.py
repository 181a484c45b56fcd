"""The digest of the code that makes a table changes with that code, and with nothing else."""

import re
import shutil
from pathlib import Path

import pytest

from gosales_checks.contracts.registry import CONTRACTS
from gosales_checks.freshness.code import PLUMBING, Code
from gosales_checks.freshness.syntax import PACKAGES, SETTINGS

ROOT = Path(__file__).parents[4]
FAMILY = "gosales_assets/features/families/recency.py"


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """A copy of the packages that a test may edit."""
    folder = tmp_path_factory.mktemp("sources")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("*.pyc"))
    return folder


def digests(root: Path) -> dict[str, str]:
    code = Code(root)
    return {name: of(code, name) for name in CONTRACTS}


def of(code: Code, name: str) -> str:
    contract = CONTRACTS[name]
    room, _, function = contract.made_by.partition(".")
    schema = (contract.schema.__module__, contract.schema.__name__)
    return code.of_function(f"gosales_assets.{room}.assets", function, schema)


def changed_by(root: Path, file: str, old: str, new: str) -> set[str]:
    """List the tables whose digest an edit changes; the edit is taken back."""
    path, before = root / file, digests(root)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    try:
        after = digests(root)
    finally:
        path.write_text(text, encoding="utf-8")
    return {name for name in CONTRACTS if before[name] != after[name]}


@pytest.mark.slow
def test_a_comment_and_a_docstring_anywhere_change_nothing(sources):
    before = digests(sources)
    paths = [path for package in PACKAGES for path in (sources / package).rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    for path, text in texts.items():
        # Each module has a docstring that it begins with.
        assert text.startswith('"""'), path
        path.write_text(f'"""Said otherwise. {text[3:]}\n# One more word.\n', encoding="utf-8")
    try:
        assert digests(sources) == before
    finally:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")


def test_a_changed_family_of_features_reaches_the_feature_tables_and_no_other_code(sources):
    assert changed_by(sources, FAMILY, "def ", "EXTRA = 31\n\n\ndef ") == {
        "customer_features",
        "division_features",
        "features",
        "feature_catalog",
        "feature_stats",
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "reached", "spared"),
    [
        ("gosales_assets/labels/label.py", "\ndef ", "\nX = 1\n\n\ndef ", "labels", "features"),
        ("gosales_assets/models/learners/linear.py", "\ndef ", "\nX = 1\n\n\ndef ", "model", "labels"),
        ("gosales_assets/whitespace/rank.py", "\ndef ", "\nX = 1\n\n\ndef ", "whitespace", "scores"),
        ("gosales_assets/star/ledger.py", "\ndef ", "\nX = 1\n\n\ndef ", "sales_ledger", "labels"),
        # Its own assets file: what one function of it says is no other's business.
        ("gosales_assets/star/assets.py", "read_products(platform.settings)",
         "read_products(platform.settings).head()", "dim_product", "sales_log"),
        # A rule of its contract decides which rows are kept where rows are quarantined.
        ("gosales_checks/contracts/star.py", "cls.visible_cutoff.col >= cls.order_date.col",
         "cls.visible_cutoff.col > cls.order_date.col", "sales_log", "labels"),
    ],
)  # fmt: skip
def test_code_reaches_what_it_makes(sources, file, old, new, reached, spared):
    names = changed_by(sources, file, old, new)
    assert reached in names
    assert spared not in names


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "gosales_checks/contracts/star.py",
            'description="Article."',
            'description="What is sold."',
        ),
        ("gosales_resources/errors.py", "class ", "X = 1\n\n\nclass "),
        ("gosales_assets/platform/platform.py", "class ", "X = 1\n\n\nclass "),
        ("gosales_assets/operations/plan.py", "class ", "X = 1\n\n\nclass "),
    ],
)
def test_what_moves_no_value_moves_no_digest(sources, file, old, new):
    assert changed_by(sources, file, old, new) == set()


def test_a_new_setting_moves_no_digest_and_a_method_of_settings_does(sources):
    file, field = "gosales_resources/settings/operation.py", "    threads: int | None = Field("
    more = '    more: int = Field(default=1, description="One more.")\n'
    assert changed_by(sources, file, field, more + field) == set()
    validator = "    @field_validator("
    said = '    @field_validator("threads")\n    def _never(cls, n):\n        return n\n\n'
    assert changed_by(sources, file, validator, said + validator) == set()
    slug, other = "gosales_resources/settings/base.py", "@lru_cache(maxsize=4096)\ndef slugify("
    assert "labels" in changed_by(sources, slug, other, f"X = 1\n\n\n{other}")


def imported_by(module: str) -> set[str]:
    """List the modules of ours that a module's text imports, read line by line."""
    path = ROOT / Path(*module.split("."))
    text = path.with_suffix(".py").read_text(encoding="utf-8")
    found = set()
    for origin, names in re.findall(r"^\s*from (gosales_\S+) import (\([^)]*\)|.*)", text, re.M):
        whole = re.sub(r"#.*", "", names).strip("()")
        for name in filter(None, (n.split(" as ")[0].strip() for n in whole.split(","))):
            inner = ROOT / Path(*f"{origin}.{name}".split("."))
            found.add(f"{origin}.{name}" if inner.with_suffix(".py").is_file() else origin)
    return {n for n in found if (ROOT / Path(*n.split("."))).with_suffix(".py").is_file()}


def is_plumbing(name: str) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in PLUMBING)


@pytest.mark.parametrize("room", sorted({c.made_by.partition(".")[0] for c in CONTRACTS.values()}))
def test_the_closure_of_a_phase_has_what_the_phase_imports(room):
    """Held against the import lines of the sources, followed one by one."""
    code, module = Code.installed(), f"gosales_assets.{room}.assets"
    makers = {c.made_by.partition(".")[2] for c in CONTRACTS.values() if c.made_by.startswith(room)}
    behind = {name for function in makers for name in code.behind(module, function)}
    waiting = [name for name in imported_by(module) if not is_plumbing(name)]
    expected: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in expected:
            expected.add(name)
            waiting += [n for n in imported_by(name) if not is_plumbing(n)]
    # What the assets name in annotations alone is not run: settings, whose values count by themselves.
    assert {n for n in expected - behind if not n.startswith(SETTINGS)} == set()
    assert behind <= expected


def test_what_was_found_is_remembered_for_as_long_as_the_source_is_the_same(sources, tmp_path):
    cache = tmp_path / "code.json"
    first = Code(sources, cache)
    expected = of(first, "labels")
    first.remember()
    assert cache.is_file()
    path = sources / "gosales_assets/labels/label.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n\nX = 1\n", encoding="utf-8")
    try:
        assert of(Code(sources, cache), "labels") != expected
    finally:
        path.write_text(text, encoding="utf-8")
    assert of(Code(sources, cache), "labels") == expected


def test_where_there_is_no_store_none_is_made_to_remember_it(sources, tmp_path):
    code = Code(sources, tmp_path / "gosales_home" / "staging" / "code.json")
    of(code, "labels")
    code.remember()
    assert list(tmp_path.iterdir()) == []
