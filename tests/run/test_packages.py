"""What is installed from the wheel and the sdist: all of GoSales, nothing else, and it runs."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.run.worlds_run import OVERRIDES
from tests.worlds.erp import random_rows, write_world

ROOT = Path(__file__).parents[2]
PACKAGES = {"gosales", "gosales_assets", "gosales_checks", "gosales_resources"}
# Of a checkout: what is packed, and what may not be.
PARTS = [*PACKAGES, "tests", "benchmarks", "docs", "examples"]
FILES = ["pyproject.toml", "README.md", "LICENSE", "requirements.lock"]
SAMPLE = """
from importlib.resources import files
from pathlib import Path
from gosales.sample.company import generate

generate(Path("data"), "S", 7, customers=60)
text = files("gosales.sample").joinpath("gosales.yaml").read_text(encoding="utf-8")
Path("gosales.yaml").write_text(text, encoding="utf-8")
"""

pytestmark = pytest.mark.slow


def tried(command: list, cwd: Path) -> subprocess.CompletedProcess:
    # As another user's shell has it: nothing of this checkout on any path.
    bare = {
        n: v for n, v in os.environ.items() if n != "PYTHONPATH" and not n.startswith("GOSALES")
    }
    bare.pop("DAGSTER_HOME", None)
    return subprocess.run(command, cwd=cwd, env=bare, capture_output=True, text=True, check=False)


def told(command: list, cwd: Path) -> str:
    done = tried(command, cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """Copy the tree as a developer has it, with a store of runs beside the packages."""
    folder = tmp_path_factory.mktemp("checkout")
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=left_out)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "gosales_home" / "store").mkdir(parents=True)
    (folder / "gosales_home" / "store" / "mine.py").write_text("SECRET = 1\n")
    return folder


@pytest.fixture(scope="module")
def built(checkout) -> dict[str, Path]:
    """Build the sdist, the wheel from it, and the wheel from the tree."""
    build = [sys.executable, "-m", "build", "--no-isolation"]
    told([*build, "--outdir", str(checkout / "dist")], checkout)
    told([*build, "--wheel", "--outdir", str(checkout / "direct")], checkout)
    (sdist,), (wheel,) = (checkout / "dist").glob("*.tar.gz"), (checkout / "dist").glob("*.whl")
    (direct,) = (checkout / "direct").glob("*.whl")
    return {"sdist": sdist, "wheel": wheel, "direct": direct}


@pytest.fixture(scope="module")
def programs(built, checkout, tmp_path_factory) -> Path:
    """Install the locked requirements and the wheel into an environment of its own."""
    folder = tmp_path_factory.mktemp("environment")
    told([sys.executable, "-m", "venv", str(folder)], folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--no-compile"]
    told([*pip, "--require-hashes", "-r", str(checkout / "requirements.lock")], folder)
    told([*pip, "--no-deps", str(built["wheel"])], folder)
    return programs


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_every_file_of_the_packages_and_no_other(built, checkout):
    packed = {n for n in contents(built["wheel"]) if ".dist-info/" not in n}
    stored = {
        path.relative_to(checkout).as_posix()
        for package in PACKAGES
        for path in (checkout / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == stored
    assert "gosales/sample/gosales.yaml" in packed


def test_the_wheel_carries_the_licence(built):
    (licence,) = [n for n in contents(built["wheel"]) if n.endswith("licenses/LICENSE")]
    assert contents(built["wheel"])[licence] == (ROOT / "LICENSE").read_bytes()


def test_the_sdist_makes_the_wheel_that_the_tree_makes(built):
    assert contents(built["wheel"]) == contents(built["direct"])


def test_the_sdist_has_the_packages_and_what_builds_them(built):
    with tarfile.open(built["sdist"]) as archive:
        tops = {Path(name).parts[1] for name in archive.getnames() if "/" in name}
    plain = {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO", "setup.cfg", "gosales.egg-info"}
    assert tops == PACKAGES | plain


def test_the_lock_fulfils_what_the_wheel_requires(programs, tmp_path):
    assert "No broken requirements" in told(
        [str(programs / "python"), "-m", "pip", "check"], tmp_path
    )


def test_the_installed_sample_company_is_read(programs, tmp_path):
    gosales = str(programs / "gosales")
    assert told([gosales, "--version"], tmp_path).startswith("gosales ")
    told([str(programs / "python"), "-c", SAMPLE], tmp_path)
    assert "is legal" in told([gosales, "config", "check", "--config", "gosales.yaml"], tmp_path)
    staged = ["--staging-only", "--cutoffs", "2024-12-31"]
    told([gosales, "materialize", "--config", "gosales.yaml", *staged], tmp_path)
    shown = ["--cutoff", "2024-12-31", "--format", "csv"]
    ledger = told([gosales, "show", "sales_ledger", "--config", "gosales.yaml", *shown], tmp_path)
    assert len(ledger.splitlines()) > 1


def test_the_installed_graph_makes_a_list_and_its_files(programs, tmp_path):
    write_world(tmp_path, random_rows(), OVERRIDES)
    gosales, day = str(programs / "gosales"), "2024-06-30"
    told([gosales, "materialize", "--config", "gosales.yaml", "--cutoffs", day], tmp_path)
    listed = told(
        [gosales, "list", "--config", "gosales.yaml", "--cutoff", day, "--format", "csv"], tmp_path
    )
    assert len(listed.splitlines()) > 2
    told([gosales, "export", "--config", "gosales.yaml", "--cutoff", day, "--out", "out"], tmp_path)
    assert (tmp_path / "out" / "list.xlsx").is_file()
