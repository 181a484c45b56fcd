"""Targets that are sets of SKUs, and windows that widen, through the whole graph."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from gosales_assets.models.bundle.bundle import describe_bundle
from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.dates import shift_months
from gosales_resources.settings.loading import load_settings
from tests.run.worlds_run import OVERRIDES, materialize, stored
from tests.worlds.erp import SETTINGS, random_rows, row, write_world

pytestmark = pytest.mark.slow

C = dt.date(2024, 6, 30)
BEFORE = dt.date(2024, 3, 31)
CUTOFFS = f"{BEFORE}..{C}"
# Between the buyers of six months at one cutoff and those at the next.
ENOUGH = 50
LABELS = {"min_positive_target": ENOUGH, "max_window_months": 12}
TREE = {
    **OVERRIDES,
    "labels": LABELS,
    "divisions": SETTINGS["divisions"] | {"sku_targets": {"Design & Scan": ["Scan", "Sim"]}},
}
TARGETS = ["design_scan", "simulation", "solid_works"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("targets")
    # Some CAD of the source's own Scanning goes to a division that gets no model.
    more = [row(f"{n:04d}", "2024-02-02", Scan="10", Scan_Qty="1") for n in range(0, 120, 9)]
    write_world(found, [*random_rows(), *more], TREE)
    assert materialize(found, cutoffs=CUTOFFS) == 0
    return found


def table(folder: Path, name: str, cutoff: dt.date, division: str | None = None) -> pl.DataFrame:
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    return platform.read(CONTRACTS[name], cutoff, division).collect()


def test_a_set_of_skus_has_labels_features_a_model_and_a_place_in_the_list(folder):
    labels = table(folder, "labels", C, "design_scan")
    features = table(folder, "features", C, "design_scan")
    both = labels.join(features, on="customer_id")
    assert both.height == labels.height == features.height
    # Ownership is of the same SKUs in both.
    assert both["is_renewal_like"].equals(~both["is_whitespace"].alias("is_renewal_like"))
    listed = set(table(folder, "whitespace", C)["division"])
    assert listed <= set(TARGETS)
    signals = table(folder, "whitespace_signals", C, "design_scan")
    assert signals.height == labels.height


def test_labels_of_every_target_agree_with_the_raw_log(folder):
    audit = table(folder, "label_audit", BEFORE)
    assert audit["division"].to_list() == TARGETS
    assert set(audit["status"]) <= {"agrees", "censored"}
    assert audit.filter(status="agrees").height


def test_prevalence_counts_every_target_and_cohort(folder):
    counted = table(folder, "prevalence", C).filter(cohort="all")
    assert counted["division"].to_list() == TARGETS
    for name, positives in counted.select("division", "positives").rows():
        assert positives == table(folder, "labels", C, name)["label"].sum()


def windows(folder: Path, cutoffs: list[dt.date], target: str) -> dict[dt.date, tuple]:
    found = {}
    for t in cutoffs:
        labels = table(folder, "labels", t, target)
        columns = ("window_months", "window_end", "is_censored")
        found[t] = (*labels.select(columns).row(0), labels["label"].sum())
    return found


def test_a_model_learns_only_from_windows_that_had_ended_by_its_cutoff(folder):
    platform = Platform.of(load_settings(folder / "gosales.yaml"))
    widened = left_out = 0
    for target in TARGETS:
        read = platform.space.training_cutoffs(C)
        found = windows(folder, read, target)
        bundle = platform.read_bundle(CONTRACTS["model"], C, target)
        ripe = [t for t, (_, end, censored, _) in found.items() if end <= C and not censored]
        ripe = ripe[-platform.settings.models.training_cutoffs :]
        assert describe_bundle(bundle)["training_cutoff_count"].item() == len(ripe)
        for t, (months, end, _, positives) in found.items():
            assert end == shift_months(t, months)
            assert positives >= ENOUGH or months == 12 or end > dt.date(2024, 12, 31)
            widened += months > 6
            left_out += end > C
    assert widened
    assert left_out


def test_what_happens_after_a_cutoff_does_not_change_what_its_model_is(folder, tmp_path):
    # The window of a training cutoff may be widened past C by what happens later: the model of C
    # must be the same, byte for byte but for the names of its inputs.
    later = [
        row(f"{n:04d}", "2024-07-03", CAD="", CAD_Qty="", **{"Sim GP": "9"}) for n in range(99)
    ]
    more = [row(f"{n:04d}", "2024-02-02", Scan="10", Scan_Qty="1") for n in range(0, 120, 9)]
    write_world(tmp_path, [*random_rows(), *more, *later], TREE)
    assert materialize(tmp_path, "--select", "model", "--upstream", cutoffs=str(C)) == 0
    models = []
    for place in (folder, tmp_path):
        files = stored(place, "model")
        models.append(
            {p: h for p, h in files.items() if f"cutoff={C}" in p and not p.endswith("bundle.json")}
        )
    assert models[0]
    assert models[0] == models[1]
