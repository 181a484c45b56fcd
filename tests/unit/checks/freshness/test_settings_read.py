"""A changed setting makes stale exactly what depends on it, table by table and division by division."""

import datetime as dt

import pytest
import yaml

from gosales_assets.platform.platform import Platform
from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.registry import CONTRACTS
from gosales_resources.settings.loading import load_settings
from gosales_resources.store.address import Address
from tests.worlds.erp import SETTINGS, row, write_world

TARGETS = ("simulation", "solid_works")
# The table of violations looks at all the others; it has a test of its own.
EVERYTHING = set(CONTRACTS) - {"violations"}
LOG = {"sales_log", "sales_log_rejects", "sales_ledger"}
# What comes after labels, and what comes after features, of every cutoff that has training cutoffs.
ENRICHED = {"customer_enrichment", "enrichment_unmatched"}
EXPLAINED = {"model_evaluation", "model_drivers", "model_shap_sample", "model_card"}
VALIDATED = {"forward_validation", "drift", "validation_summary"}
LISTED = {
    "whitespace", "list_metrics", "list_arms", "whitespace_slices", "score_changes",
    "list_movement", "list_stability", "list_exports", "surfaced", "list_validation", "experiment_readout",
    "list_calls", "list_report",
}  # fmt: skip
SCORED = {"scores", "whitespace_signals", "list_challenger", *VALIDATED, *LISTED}
VALUED = {"value_model", "conditional_values"}
RATED = {"rate_history", "rate_forecast"}
TRAINED = {"pooled_model", "model", "leakage_report", "promotion", *EXPLAINED, *SCORED}
MODELLED = TRAINED | VALUED
# What families of features that look across customers read.
SIDE = {"affinity_rules", "embeddings"}
# What is counted of labels, over all targets.
COUNTED = {"prevalence", "label_audit"}
FIGURES = {"feature_catalog", "feature_stats"}
FEATURES = {"purchase_history", "customer_features", "division_features", "features"} | FIGURES
# Tables beside the sales log; those that read a division; what came in of all of them.
WITH_DIVISION = {"fact_assets", "crm_deals", "surfacing_log", "list_outcomes"}
BESIDE = WITH_DIVISION | {"crm_contacts", "do_not_contact", "rep_ownership", "dim_date"}
INTAKE = {"source_rejects", "source_ledger"}
CUTOFF = "2024-06-30"


@pytest.fixture
def world(tmp_path):
    write_world(tmp_path, [row()])
    return tmp_path


def addresses_of(platform: Platform, contract: Contract, cutoff: str = CUTOFF) -> list[Address]:
    day = dt.date.fromisoformat(cutoff)
    keys = platform.space.keys(contract.partitioned_by, [day])
    return [Address(contract.name, *key) for key in keys]


def stale(folder, cutoff: str = CUTOFF, **changed) -> set[tuple[str, str | None]]:
    """List table and division of the partitions at a cutoff that a change makes stale."""
    config = folder / "gosales.yaml"
    before, after = (Platform.of(load_settings(config, c)) for c in ({}, changed))
    found = set()
    for contract in CONTRACTS.values():
        for address in addresses_of(before, contract, cutoff):
            then, now = (p.freshness.provenance_of(contract, address) for p in (before, after))
            if then != now and address.asset in EVERYTHING:
                found.add((address.asset, address.division))
    return found


def tables(found: set[tuple[str, str | None]]) -> set[str]:
    return {table for table, _ in found}


def route(**changed) -> dict:
    first = SETTINGS["source"]["taxonomy"]["routes"][0]
    return {"source": {"taxonomy": {"routes": [first | changed]}}}


def test_an_unchanged_tree_makes_nothing_stale(world):
    assert stale(world) == set()
    assert stale(world, name="other", storage={"root": "elsewhere"}) == set()


def test_bounds_of_checks_move_no_number(world):
    changed = {"contracts": {"freshness_days": 3}, "validation": {"lift10_min": 0.5}}
    # The page says what is beyond them.
    assert tables(stale(world, **changed)) == {"list_report"}


def test_a_route_moved_elsewhere_marks_the_division_left_and_the_one_reached(world):
    # Seats are Simulation's; the route sent some to Scanning and now to Solid Works.
    found = stale(world, **route(division="Solid Works"))
    facts = {d for table, d in found if table == "fact_transactions"}
    assert facts == {"simulation", "scanning", "solid_works"}
    found = stale(world, **route(when_source_division="Elsewhere"))
    assert {d for table, d in found if table == "fact_transactions"} == {"simulation", "scanning"}
    assert {d for table, d in found if table == "labels"} == {"simulation"}
    assert {("sales_log", None), ("purchase_history", None), ("whitespace", None)} <= found
    assert tables(found) & {"sales_log_rejects", "sales_ledger", "dim_customer"} == set()


def test_a_route_that_says_the_same_in_other_words_marks_nothing(world):
    assert stale(world, **route(division="SCANNING", when_source_division="scanning ")) == set()


def test_a_new_division_leaves_facts_and_labels_of_the_others_current(world):
    names = [*SETTINGS["divisions"]["names"], "Services"]
    found = stale(world, divisions={"names": names})
    # A column for the new division in everyone's features, its rows in history and in the list.
    marked = FEATURES | SIDE | MODELLED | RATED | COUNTED | WITH_DIVISION | INTAKE | {"pooled_rows"}
    assert tables(found) == marked
    platform = Platform.of(load_settings(world / "gosales.yaml", {"divisions": {"names": names}}))
    keys = addresses_of(platform, CONTRACTS["labels"])
    assert [a.division for a in keys] == ["services", "simulation", "solid_works"]


def test_a_predictor_that_becomes_a_target_is_pooled_with_the_others(world):
    found = stale(world, divisions={"predictor_only": []})
    made = {"dim_product", "division_features"} | LISTED | COUNTED | FIGURES
    assert tables(found) == made | MODELLED | RATED | {"pooled_rows"}


def test_a_denied_sku_marks_the_labels_of_the_divisions_its_lines_can_be_in(world):
    found = stale(world, labels={"denylist": ["CAD"]})
    assert {d for table, d in found if table == "labels"} == {"solid_works"}
    found = stale(world, labels={"denylist": ["Seats"]})
    assert {d for table, d in found if table == "labels"} == {"simulation"}
    assert not tables(found) & {*LOG, "purchase_history", "fact_transactions", "dim_customer"}


def with_sets(**sets: list[str]) -> dict:
    return {"divisions": SETTINGS["divisions"] | {"sku_targets": sets}}


def test_a_further_target_of_skus_is_pooled_with_the_others(world):
    found = stale(world, **with_sets(seats=["Seats"]))
    made = {"dim_product", "division_features", "affinity_rules"} | LISTED
    assert tables(found) == made | COUNTED | FIGURES | MODELLED | RATED | {"pooled_rows"}


def test_the_skus_of_a_set_are_of_that_target_alone(world):
    tree = yaml.safe_load((world / "gosales.yaml").read_text())
    (world / "gosales.yaml").write_text(yaml.safe_dump(tree | with_sets(a=["Seats"], b=["CAD"])))
    found = stale(world, **with_sets(a=["Seats", "Sim"], b=["CAD"]))
    assert {d for table, d in found if table in ("labels", "features")} == {"a"}
    # Its lines may be in any division: no route changes what it counts.
    found = stale(world, **route(division="Solid Works"))
    assert {d for table, d in found if table == "labels"} == {"simulation", "solid_works"}
    denied = stale(world, labels={"denylist": ["CAD"]})
    assert {d for table, d in denied if table == "labels"} == {"b", "solid_works"}


def test_a_window_that_may_be_widened_marks_what_is_made_of_labels(world):
    found = stale(world, labels={"min_positive_target": 5})
    assert tables(found) == {"cutoff_metadata", "labels", "pooled_rows"} | MODELLED | COUNTED


def test_more_complete_data_marks_the_labels_it_can_reach_and_what_is_validated_on_them(world):
    later = {"source": {"sales_log": {"complete_through": "2024-11-30"}}}
    reached = {"cutoff_metadata", "labels", "pooled_rows", *VALIDATED} | COUNTED
    reached |= {"list_validation", "experiment_readout", "list_report"}
    assert tables(stale(world, **later)) == reached
    # The window of 2024-03-31 ended in September: nothing of it changes.
    assert stale(world, "2024-03-31", **later) == set()


def test_a_longer_calendar_marks_no_mature_cutoff(world):
    longer = {"calendar": {"end": "2025-12-31"}}
    assert stale(world, "2024-03-31", **longer) == set()
    unripe = {"cutoff_metadata", "labels", "pooled_rows", *VALIDATED, "dim_date"}
    unripe |= COUNTED | {"list_validation", "experiment_readout", "list_report"}
    assert tables(stale(world, "2024-12-31", **longer)) == unripe


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"whitespace": {"weight_ev": 0.3}}, LISTED),
        (
            {"whitespace": {"ev_cap_quantile": 0.9}},
            VALUED
            | LISTED
            | {"whitespace_signals", "list_challenger"}
            | {"drift", "validation_summary"},
        ),
        ({"validation": {"seed": 1}}, {"list_validation", "list_report", *VALIDATED}),
        ({"validation": {"psi_max": 0.1}}, {"drift"}),
        ({"models": {"seed": 1}}, TRAINED),
        ({"promotion": {"margin_auc": 0.1}}, {"promotion", *SCORED}),
        ({"explanation": {"sample_rows": 99}}, EXPLAINED - {"model_evaluation"} | {"list_report"}),
        ({"explanation": {"scored_frac": 0.5}}, SCORED),
        (
            {"features": {"recency_floor_days": 9}},
            MODELLED | {"pooled_rows"} | FEATURES - {"purchase_history"},
        ),
        (
            {"features": {"basket": {"max_q": 0.1}}},
            {"affinity_rules"} | MODELLED | {"pooled_rows"} | FEATURES - {"purchase_history"},
        ),
        (
            {"features": {"als": {"seed": 1}}},
            {"embeddings"} | MODELLED | {"pooled_rows"} | FEATURES - {"purchase_history"},
        ),
        (
            {"value": "revenue"},
            MODELLED | RATED | {"pooled_rows", "labels"} | FEATURES | SIDE | ENRICHED | COUNTED,
        ),
        (
            {"labels": {"mode": "all"}},
            MODELLED | {"pooled_rows"} | COUNTED | {"labels"} | FEATURES - {"purchase_history"},
        ),
        (
            {"source": {"customers": {"numeric_attributes": []}}},
            EVERYTHING
            - LOG
            - BESIDE
            - SIDE
            - RATED
            - {"dim_product", "fact_transactions", "purchase_history"},
        ),
        (
            {"source": {"sales_log": {"decimal": ","}}},
            EVERYTHING - BESIDE - INTAKE - {"dim_product"},
        ),
        ({"mode": "fail_soft"}, EVERYTHING),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_setting_marks_the_tables_made_with_it_and_what_is_made_of_them(world, changed, expected):
    assert tables(stale(world, **changed)) == expected


def test_what_was_judged_may_be_judged_otherwise_when_a_table_is_stale(world):
    config = world / "gosales.yaml"
    provenances = []
    for changed in ({}, {"whitespace": {"weight_ev": 0.3}}):
        platform = Platform.of(load_settings(config, changed))
        (address,) = addresses_of(platform, CONTRACTS["violations"])
        provenances.append(platform.freshness.provenance_of(CONTRACTS["violations"], address))
    assert provenances[0] != provenances[1]


def test_a_path_and_a_folder_are_places_not_content(world):
    platform = Platform.of(load_settings(world / "gosales.yaml"))
    terms = {
        term
        for contract in CONTRACTS.values()
        for address in addresses_of(platform, contract)
        for term in platform.freshness.provenance_of(contract, address).settings
    }
    assert not [term for term in terms if term.endswith(("path", "base_dir", "root"))]
    moved = {"source": {"sales_log": {"path": "elsewhere.csv"}}}
    assert stale(world, **moved) == set()
