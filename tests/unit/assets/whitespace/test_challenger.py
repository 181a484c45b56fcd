"""The challenger: learnt from known outcomes alone, never from the future, beside the order."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.optimize import minimize

from gosales_assets.whitespace import challenger
from gosales_assets.whitespace.challenger import (
    FEWEST_OUTCOMES,
    NORMS,
    RIDGE,
    EarlierList,
    challenger_figures,
    learn_challenger,
    with_challenger,
)
from gosales_assets.whitespace.nonnegative_logit import fit_nonnegative_logit
from gosales_checks.contracts.challenger import INTERCEPT, TERMS
from gosales_checks.contracts.contract import judge
from gosales_checks.contracts.models import FITTED, PRIOR
from gosales_checks.contracts.whitespace import LIST_CHALLENGER, SIGNALS
from gosales_resources.settings.whitespace import WhitespaceSettings

C, PAST = dt.date(2024, 6, 30), dt.date(2023, 12, 31)
N = 600


def earlier(
    seed: int = 1, rate: float = 0.3, ends: dt.date = C, useless: str = "als"
) -> EarlierList:
    """Two divisions whose wins follow all signals but one; another at its base rate; some gated."""
    rng = np.random.default_rng(seed)
    signals, labels = [], []
    for division, status in (("cad", FITTED), ("cam", FITTED), ("pdm", PRIOR)):
        p, lift, als, ev = rng.random((4, N))
        columns = {"p_icp": p, "mb_lift_max": lift, "als_similarity": als, "ev": ev}
        felt = p + lift + als - (als if useless == "als" else 0)
        ids = [f"c{at:04}" for at in range(N)]
        signals.append(
            pl.DataFrame({"customer_id": ids, **columns}).with_columns(
                pl.lit(division).alias("division"),
                pl.when(pl.col("mb_lift_max") > 0.4).then("mb_lift_max").alias("mb_lift_max"),
                pl.Series("is_eligible", rng.random(N) < 0.9),
                model_status=pl.lit(status),
                p_icp_pct=pl.col("p_icp"),
            )
        )
        won = rng.random(N) < rate * felt
        labels.append(
            pl.DataFrame({"customer_id": ids, "label": won.astype(np.int8)}).with_columns(
                division=pl.lit(division), window_end=ends, is_censored=pl.lit(value=False)
            )
        )
    return EarlierList(PAST, [s.lazy() for s in signals], [one.lazy() for one in labels])


def learn(*past: EarlierList, **given) -> pl.DataFrame:
    learnt = learn_challenger(past, C, WhitespaceSettings(**given))
    verdict = judge(LIST_CHALLENGER, learnt)
    assert verdict.passed, verdict.violations
    return learnt


def status(learnt: pl.DataFrame) -> str:
    (found,) = set(learnt["status"])
    assert learnt["term"].to_list() == TERMS
    assert (learnt["coefficient"].null_count() == 0) == (found == "learnt")
    return found


def test_the_terms_are_the_intercept_and_the_signals_of_the_list():
    assert tuple(TERMS) == (INTERCEPT, *SIGNALS)


@pytest.mark.parametrize("seed", range(4))
def test_slopes_are_those_of_a_general_optimiser_under_the_same_bounds(seed):
    rng = np.random.default_rng(seed)
    x, true = rng.random((400, 4)), np.array([3.0, 0.5, -2.0, 0.0])
    label = (rng.random(400) < 1 / (1 + np.exp(1.5 - x @ true))).astype(float)

    def loss(at: np.ndarray) -> float:
        line = at[0] + x @ at[1:]
        return float(np.sum(np.logaddexp(0, line) - label * line) + RIDGE / 2 * np.sum(at[1:] ** 2))

    bounds = [(None, None), *[(0.0, None)] * 4]
    best = minimize(loss, np.zeros(5), bounds=bounds, method="L-BFGS-B", tol=1e-14)
    found = fit_nonnegative_logit(x, label, RIDGE)
    assert found == pytest.approx(best.x, abs=1e-3)
    assert loss(found) <= best.fun + 1e-9
    assert found[3] == 0.0


def test_without_an_earlier_list_there_is_no_challenger_and_it_says_so():
    learnt = learn()
    assert status(learnt) == "no_earlier_list"
    assert learnt["row_count"].to_list() == [0] * len(TERMS)


@pytest.mark.parametrize(("rate", "expected"), [(0.01, "few_wins"), (0.3, "learnt")])
def test_a_challenger_takes_enough_outcomes_of_both_kinds(rate, expected):
    learnt = learn(earlier(rate=rate))
    assert status(learnt) == expected
    assert (learnt["win_count"][0] >= FEWEST_OUTCOMES) == (expected == "learnt")


def test_what_carries_the_wins_counts_and_what_does_not_counts_little():
    found = dict(
        learn(earlier(1), earlier(2), earlier(3)).select("term", "coefficient").iter_rows()
    )
    assert min(found["p_icp"], found["lift"]) > 0.7
    assert max(found["als"], found["ev"]) < 0.5


@pytest.mark.parametrize("what", ["window", "censored"])
def test_outcomes_that_were_not_known_at_the_cutoff_are_not_looked_at(what):
    late = earlier(ends=C + dt.timedelta(days=1) if what == "window" else C)
    if what == "censored":
        of = [one.with_columns(is_censored=pl.lit(value=True)) for one in late.labels]
        late = EarlierList(late.cutoff, late.signals, of)
    assert status(learn(late)) == "no_earlier_list"
    assert_frame_equal(learn(earlier(2), late), learn(earlier(2)))


def test_a_division_at_its_base_rate_and_the_gated_teach_nothing():
    plain = earlier()
    spoilt = [
        one.with_columns(
            label=pl.when(pl.col("division") == "pdm").then(1 - pl.col("label")).otherwise("label")
        )
        for one in plain.labels
    ]
    assert_frame_equal(learn(EarlierList(PAST, plain.signals, spoilt)), learn(plain))
    eligible = pl.concat(plain.signals).filter(pl.col("model_status") == FITTED, "is_eligible")
    assert learn(plain)["row_count"][0] == eligible.select(pl.len()).collect().item()


def test_the_order_of_rows_and_of_divisions_changes_no_bit():
    plain = earlier()
    mixed = EarlierList(
        PAST,
        [one.collect().sample(fraction=1.0, shuffle=True, seed=5).lazy() for one in plain.signals],
        [one.reverse() for one in plain.labels],
    )
    assert learn(mixed).equals(learn(plain))


def test_money_in_another_currency_changes_no_bit():
    plain = earlier()
    dear = [one.with_columns(pl.col("ev") * 1024) for one in plain.signals]
    assert learn(EarlierList(PAST, dear, plain.labels)).equals(learn(plain))


def test_of_many_candidates_the_same_customers_are_drawn_whatever_the_cutoff(monkeypatch):
    monkeypatch.setattr(challenger, "MOST_ROWS", 900)
    one, both = learn(earlier(1)), learn(earlier(1), earlier(1))
    assert 300 < one["row_count"][0] < 900
    assert both["row_count"][0] == 2 * one["row_count"][0]


def listed(rows: list[tuple[float, float, float, float]], unranked: int = 0) -> pl.DataFrame:
    ranks = [at + 1 if at < len(rows) - unranked else None for at in range(len(rows))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(NORMS, pl.Float64), orient="row")
    return frame.with_columns(rank=pl.Series(ranks, dtype=pl.Int64))


def test_a_score_is_the_probability_that_the_coefficients_give():
    learnt = learn(earlier())
    found = with_challenger(listed([(0.9, 0.0, 0.5, 0.2), (0.1, 0.9, 0.5, 0.2)], 1), learnt)
    at = learnt["coefficient"].to_list()
    line = at[0] + 0.9 * at[1] + 0.5 * at[3] + 0.2 * at[4]
    first, unranked = found["score_challenger"].to_list()
    assert first == pytest.approx(1 / (1 + np.exp(-line)))
    assert unranked is None
    assert set(found["challenger_status"]) == {"learnt"}


@pytest.mark.parametrize("past", [(), (earlier(rate=0.01),)], ids=["no list", "few wins"])
def test_where_nothing_was_learnt_the_score_is_null_with_the_status(past):
    learnt = learn(*past)
    found = with_challenger(listed([(0.9, 0.0, 0.5, 0.2)]), learnt)
    assert found["score_challenger"].to_list() == [None]
    assert found["challenger_status"].to_list() == [status(learnt)]
    assert list(challenger_figures(found, learnt)) == []


NORM = st.floats(0, 1)
LEARNT = learn(earlier())


@given(st.tuples(NORM, NORM, NORM, NORM), st.integers(0, 3), NORM)
@settings(max_examples=50, deadline=None)
def test_more_of_a_signal_never_lowers_the_score(row, at, more):
    higher = list(row)
    higher[at] = max(row[at], more)
    scores = with_challenger(listed([row, tuple(higher)]), LEARNT)["score_challenger"]
    assert scores[1] >= scores[0]


def test_the_overlap_of_the_tops_is_that_of_a_count():
    rng = np.random.default_rng(8)
    found = with_challenger(listed([tuple(row) for row in rng.random((2_000, 4))]), LEARNT)
    figures = {(m, item): value for m, item, value in challenger_figures(found, LEARNT)}
    order = np.argsort(-found["score_challenger"].to_numpy(), kind="stable")
    for item, top in (("100", 100), ("10 %", 200)):
        expected = len(set(order[:top]) & set(range(top))) / top
        assert figures["challenger_overlap_frac", item] == expected
    assert figures["challenger_coefficient", "p_icp"] == LEARNT["coefficient"][1]
