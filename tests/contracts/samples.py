"""A sample that keeps each contract, and for each rule a row that breaks it.

Columns and their own rules (null, bounds, length, key) are drawn and broken from the declaration;
what only a person can know stands below: values of a closed set, and rows for the rules that look
at several columns.
"""

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

import dataframely as dy
import polars as pl

from gosales_checks.contracts.contract import Contract
from gosales_checks.contracts.movement import CAUSES

ROWS = 3
SEED = 7
DAY, EARLIER, LATER = dt.date(2024, 6, 30), dt.date(2024, 5, 1), dt.date(2024, 12, 31)

# One legal value of a column, in every contract that has it: closed sets cannot be drawn, and
# drawn dates would be in any order.
LEGAL = {
    "segment": "warm",
    "cutoff": DAY,
    "order_date": EARLIER,
    "visible_cutoff": DAY,
    "last_seen_date": EARLIER,
    "window_end": LATER,
    "widest_window_end": LATER,
    "first_purchase_date": dt.date(2024, 9, 9),
    "quantity": 2,
    "is_buyer": True,
    "has_asset": False,
    "valid_from": EARLIER,
    "valid_to": None,
    "customer_count": 9,
    "buyer_count": 4,
    "is_new_logo": False,
    "is_expansion": True,
    "is_renewal_like": False,
    "feature_count": 5,
    "positive_count": 5,
    "is_eligible": True,
    "ineligible_reason": None,
    "p_icp": 0.25,
    "p_low": 0.2,
    "p_high": 0.4,
    "p_icp_pct": 0.5,
    "low": 0.1,
    "value": 0.2,
    "high": 0.3,
    "rank": range(1, ROWS + 1),
    "grade": "A",
    "slice": "all",
    "sample_row": 1,
    "raw": "{}",
    "outcome": "blocked",
    "wallet_basis": "peers",
    "model_status": "fitted",
}
# The same where contracts differ, or a set is closed in one contract only.
LEGAL_HERE: dict[str, dict[str, Any]] = {
    "leakage_report": {"verdict": "PASS"},
    "sales_log": {"recorded_at": dt.datetime(2024, 5, 2)},
    "feature_catalog": {"scope": "all", "row_count": 5, "known_count": 4},
    "feature_stats": {
        "row_count": 5,
        "known_count": 4,
        **dict.fromkeys(("min", "q01", "q05", "q25", "q50", "q75", "q95", "q99", "max"), 1.0),
    },
    "model": {"status": "fitted", "fallback": None},
    "pooled_model": {"status": "fitted"},
    "value_model": {"status": "fitted"},
    "conditional_values": {"conditional_value": 120.0, "value_status": "learnt"},
    "whitespace_signals": {"value_status": "learnt", "als_source": "genuine"},
    "list_metrics": {"measure": "weight"},
    "list_challenger": {
        "term": "p_icp",
        "status": "learnt",
        "coefficient": 0.5,
        "last_window_end": EARLIER,
    },
    "whitespace": {
        "als_source": "genuine",
        "place": range(1, 4),
        "rank": range(1, 4),
        "grade": "B",
        "grade_p_icp": "B",
        **dict.fromkeys(("p_icp_part", "lift_part", "als_part", "ev_part"), 0.125),
        "cooldown_factor": 0.5,
        "score": 0.25,
        "score_challenger": 0.5,
        "challenger_status": "learnt",
        "is_selected": True,
        "seat": 2,
    },
    "model_evaluation": {"status": "ok"},
    "rate_history": {
        "slice": "owners",
        "origin": EARLIER,
        "population": 9,
        "positives": 4,
    },
    "rate_forecast": {
        "slice": "owners",
        "newest_origin": EARLIER,
        "rule": "season",
        "level_move": 0.4,
        "judged_rule": "season",
        "against": "newest",
    },
    "promotion": {
        "decision": "promoted",
        "model_cutoff": EARLIER,
        "judged_slice": "all",
        "pinned_to": None,
    },
    "model_drivers": {"status": "used", "dropped_because": None, "shap_rank": 1},
    "forward_validation": {"status": "ok"},
    "drift": {"measure": "feature_psi", "threshold": 0.15, "is_alarm": True, "status": "ok"},
    "list_outcomes": {"outcome": "won"},
    "list_calls": {
        "status": "ok",
        "selected_count": 9,
        "called_count": 5,
        "won_count": 2,
        "rejected_count": 1,
    },
    "list_arms": {"arm": "treated", "arm_probability": 0.9},
    "experiment_readout": {
        "status": "ok",
        "epoch": "2024-06-30",
        **dict.fromkeys(("effect", "effect_low", "effect_high"), 1.0),
        **dict.fromkeys(("plain", "plain_low", "plain_high"), 1.0),
    },
    "list_validation": {"scope": "list", "order": "p", "kind": "wins", "status": "ok"},
    "customer_enrichment": {
        "method": "fuzzy",
        "decided_by": "zip",
        "score": 0.9,
        "runner_up_score": 0.5,
    },
    "enrichment_unmatched": {"reason": "no_name"},
    "list_exports": {"kind": "csv"},
    "list_report": {"kind": "report"},
    "score_changes": {
        "previous_cutoff": EARLIER,
        "split": "apart",
        "segment_then": "warm",
        "ineligible_reason_then": None,
    },
    "list_movement": {
        "previous_cutoff": EARLIER,
        "status": "compared",
        "gate": None,
        "split": "apart",
        "rank_then": 9,
        "rank_now": 4,
        "selection": "entered",
        "ranks_up": 5,
        **dict.fromkeys((f"{cause}_ranks" for cause in CAUSES), 0),
        "data_ranks": 7,
        "rest_ranks": -2,
    },
    "list_stability": {
        "top": "25",
        "previous_cutoff": EARLIER,
        "row_count": 25,
        "previous_row_count": 25,
        "shared_count": 10,
        "jaccard_previous": 0.25,
    },
    "fact_assets": {
        "purchase_date": EARLIER,
        "effective_purchase_date": EARLIER,
        "is_purchase_date_imputed": False,
    },
    "prevalence": {"cohort": "all", "population": 0, "positives": 0},
    "label_audit": {"status": "agrees", "differing_customers": 0, "example": None},
    "affinity_rules": {
        "sku_customer_count": 3,
        "division_customer_count": 4,
        "both_customer_count": 2,
        "p_value": 0.01,
        "q_value": 0.02,
    },
    "embeddings": {"kind": "customer", "factors": [0.5, -0.5]},
    "crm_deals": {"closed_date": None, "is_open": True},
    "source_ledger": {"rows_in": 3, "rows_kept": 1, "rows_rejected": 1, "rows_later": 1},
}

LEGAL_HERE["whitespace_slices"] = LEGAL_HERE["whitespace"] | {"rank_in_division": range(1, 4)}

# Rule -> cells of a row that breaks it; all but these are legal.
BREAKING: dict[str, dict[str, Any]] = {
    "a_value_has_past_buyers": {"conditional_value": None},
    "visible_not_before_ordered": {"order_date": LATER},
    "visible_not_before_recorded": {"recorded_at": dt.datetime(2024, 7, 1)},
    "some_amount": {"quantity": None, "revenue": None, "gross_profit": None},
    "seen_up_to_the_cutoff": {"last_seen_date": LATER},
    "prospects_have_nothing": {"segment": "prospect"},
    "warm_customers_bought": {"is_buyer": False, "has_asset": True},
    "one_begins_a_day": {"version_number": 999},
    "one_current_version": {"valid_to": DAY},
    "begins_before_it_ends": {"valid_to": EARLIER},
    "known_at_the_cutoff": {"valid_from": LATER},
    "imputed_exactly_where_unusable": {"effective_purchase_date": DAY},
    "both_are_some_of_each": {"both_customer_count": 4},
    "q_is_not_below_p": {"q_value": 0.001},
    "reason_is_short": {"nba_reason": "x" * 141},
    "movement_is_short": {"moved": "x" * 141},
    "causes_add_up": {"rest_ranks": -1},
    "only_the_compared_have_causes": {"ranks_up": None},
    "kept_off_by_a_gate": {"gate": "owned"},
    "shared_are_in_both": {"shared_count": 26},
    "then_is_before": {"previous_cutoff": DAY},
    "open_until_closed": {"is_open": False},
    "nothing_is_lost": {"rows_later": 2},
    "window_ends_after_cutoff": {"window_end": EARLIER},
    "widest_is_no_narrower": {"widest_window_end": DAY},
    "buyers_are_on_the_roster": {"buyer_count": 10},
    "positives_are_of_the_population": {"positives": 9},
    "cohorts_add_up": {"population": 5},
    "who_differs_is_told": {"status": "differs"},
    "buyers_are_in_the_population": {"positives": 10},
    "an_origin_is_past": {"origin": DAY},
    "the_newest_rate_is_not_moved": {"level_move": 0.0},
    "a_move_has_a_variance": {"variance": None},
    "exactly_one_cohort": {"is_new_logo": True},
    "first_purchase_lies_in_the_window": {"first_purchase_date": DAY},
    "a_fitted_model_has_features": {"feature_count": 0},
    "known_are_among_all": {"known_count": 6},
    "no_more_known_than_rows": {"known_count": 6},
    "quantiles_rise": {"q50": 2.0},
    "the_prior_rate_has_a_kind_of_reason": {"fallback": "noise"},
    "no_model_of_the_future": {"model_cutoff": LATER},
    "what_is_pinned_scores": {"pinned_to": DAY},
    "the_interval_holds_p": {"p_high": 0.2},
    "nothing_tried_shows_no_figure": {"status": "no_predictions"},
    "the_used_are_ranked_and_the_dropped_have_a_reason": {"shap_rank": None},
    "the_ineligible_have_a_reason": {"is_eligible": False, "p_icp_pct": None},
    "the_eligible_are_ranked": {"p_icp_pct": None},
    "a_similarity_has_a_source": {"als_source": None},
    "what_stands_in_is_below_the_best_genuine": {"als_source": "centroid", "als_similarity": 1.0},
    "intervals_are_ordered": {"low": 0.4},
    "censored_shows_no_outcome": {"status": "censored"},
    "a_sample_row_is_shown": {"raw": None},
    "an_alarm_has_a_figure": {"threshold": 0.25},
    "a_figure_is_ok": {"status": "censored"},
    "shares_lie_in_their_interval_order": {"low": 0.9, "high": 0.1},
    "outcomes_are_of_selected_rows": {"called_count": 1},
    "what_is_drawn_has_a_chance": {"arm_probability": None},
    "only_what_is_read_has_an_effect": {"effect": None},
    "no_figure_before_the_outcome": {"status": "censored", "captured": 1.0},
    "each_place_is_taken_once": {"place": 2},
    "what_cannot_be_ranked_is_not_ranked": {"model_status": "prior", "is_selected": False},
    "parts_add_up": {"score": 0.26},
    "a_coefficient_if_learnt": {"coefficient": None},
    "no_signal_counts_against": {"coefficient": -0.5},
    "no_outcome_of_the_future": {"last_window_end": LATER},
    "the_unranked_have_no_challenger": {
        "model_status": "prior",
        "rank": None,
        "grade": None,
        "is_selected": False,
        "seat": None,
    },
    "ranked_in_both_or_in_neither": {"rank_in_division": None},
    "the_selected_have_a_seat": {"seat": None},
    "scored_where_names_were_compared": {"score": None},
    "fuzzy_is_not_worse_than_its_runner_up_unless_something_decides": {
        "score": 0.4,
        "decided_by": None,
    },
}
# Rules over several rows: the changed row stands beside the one it was changed from.
BESIDE = {"one_begins_a_day"}
UNKNOWN = "no such value"
# Kind of a column's own rule -> a value that breaks it.
BREAKING_KINDS = {
    "nullability": lambda _: None,
    "min": lambda column: column.min - 1,
    "max": lambda column: column.max + 1,
    "min_exclusive": lambda column: column.min_exclusive,
    "max_exclusive": lambda column: column.max_exclusive,
    "min_length": lambda column: "x" * (column.min_length - 1),
    "max_length": lambda column: "x" * (column.max_length + 1),
    "is_in": lambda column: max(column.is_in) + 1,
    "regex": lambda _: UNKNOWN,
    "inf": lambda _: float("inf"),
    "nan": lambda _: float("nan"),
    "inner_nullability": lambda _: [None],
    "inner_inf": lambda _: [float("inf")],
    "inner_nan": lambda _: [float("nan")],
    "check": lambda _: UNKNOWN,
}


@functools.cache
def sample(contract: Contract) -> pl.DataFrame:
    """Draw rows that keep a contract, the same in every run: three, or one if its key is given."""
    columns = contract.schema.columns()
    values = LEGAL | LEGAL_HERE.get(contract.name, {})
    values = {name: value for name, value in values.items() if name in columns}
    rows = 1 if set(contract.key) <= set(values) else ROWS
    given = {n: list(v) if isinstance(v, range) else [v] * rows for n, v in values.items()}
    generator = dy.random.Generator(SEED)
    if not given:
        return pl.DataFrame(contract.schema.sample(rows, generator=generator))
    return pl.DataFrame(contract.schema.sample(rows, overrides=given, generator=generator))


def rules(contract: Contract) -> list[str]:
    """List the rules of a contract: its own and those of its columns."""
    nothing = contract.schema.create_empty()
    judged = contract.schema.filter(nothing).failure.details()
    return [name for name in judged.columns if name not in nothing.columns]


def breaking(contract: Contract, rule: str) -> pl.DataFrame:
    """Return the sample with its first row changed so that it breaks a rule.

    A rule that nothing here knows how to break is a KeyError: add it to `BREAKING`.
    """
    frame = sample(contract)
    if rule == "primary_key":
        return pl.concat([frame, frame.head(1)])
    changed = change_first(frame, _cells(contract, rule))
    return pl.concat([changed, frame.head(1)]) if rule in BESIDE else changed


def _cells(contract: Contract, rule: str) -> Mapping[str, Any]:
    column, of_column, kind = rule.partition("|")
    if not of_column:
        return BREAKING[rule]
    return {column: BREAKING_KINDS[kind](contract.schema.columns()[column])}


def change_first(frame: pl.DataFrame, cells: Mapping[str, Any]) -> pl.DataFrame:
    """Set some cells of the first row."""
    first = pl.int_range(pl.len()) == 0
    return frame.with_columns(
        pl.when(first).then(pl.lit(value, dtype=frame.schema[name])).otherwise(name).alias(name)
        for name, value in cells.items()
    )
