"""Conditional values: learnt from size, kept to the mean, shrunk where little is known, never from later."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor
from threadpoolctl import threadpool_limits

from gosales_assets.models.rows.matrix import sample_rows, stack_rows
from gosales_assets.models.value.inputs import fit_inputs, is_size, sizes_of
from gosales_assets.models.value.levels import find_levels
from gosales_assets.models.value.regression import fit_log_linear
from gosales_assets.models.value.training import train_values
from gosales_assets.models.value.value_bundle import describe_values, load_values
from gosales_assets.models.value.value_model import NEW, OWNERS, ValueModel
from gosales_assets.models.value.values import summarise_values, value_customers
from gosales_checks.contracts.contract import conform, judge
from gosales_checks.contracts.models import POOLED_ROWS
from gosales_checks.contracts.values import (
    CONDITIONAL_VALUES,
    DIVISION_MEAN,
    INDUSTRY_MEAN,
    LEARNT,
    NO_BUYER,
    VALUE_MODEL,
)
from gosales_checks.measures.amounts import decile_ratios, normalised_gini
from gosales_resources.dates import shift_months
from gosales_resources.errors import BundleError
from gosales_resources.settings.whitespace import WhitespaceSettings

C = dt.date(2024, 6, 30)
PAST = [dt.date(2023, 3, 31), dt.date(2023, 6, 30), dt.date(2023, 9, 30), dt.date(2023, 12, 31)]
SETTINGS = WhitespaceSettings()
LEVELS = {"cam": 200.0, "pdm": 2000.0, "sim": 9000.0}
INDUSTRIES = {"Aero": 1.5, "Auto": 1.0, "Food": 0.7}
INDUSTRY = "attr__all__industry__asof"


def people(cutoff: dt.date, n: int = 400, seed: int = 0, power: float = 0.6) -> pl.DataFrame:
    """Draw buyers in three divisions: value goes by level, industry and a power of their size."""
    parts = []
    for number, (division, level) in enumerate(LEVELS.items()):
        draw = np.random.default_rng([seed, number, cutoff.toordinal()])
        size, industry = np.exp(draw.normal(7, 1, n)), np.resize(list(INDUSTRIES), n)
        factor = np.array([INDUSTRIES[one] for one in industry])
        noise = np.exp(draw.normal(-0.125, 0.5, n))
        value = level * factor * (size / np.exp(7)) ** power * noise
        parts.append(
            pl.DataFrame(
                {
                    "customer_id": [f"c{i:04d}" for i in range(n)],
                    "division": division,
                    "cutoff": cutoff,
                    "segment": "warm",
                    "is_whitespace": True,
                    "rfm__all__gp_sum__12m": size,
                    "rfm__all__gp_mean__12m": [None if i % 7 == 0 else x / 4 for i, x in enumerate(size)],
                    INDUSTRY: industry,
                    "attr__all__employees__asof": np.round(size / 50),
                    "label": (draw.random(n) < 0.5).astype(np.int8),
                    "net_value_window": np.round(value, 2),
                    "window_end": shift_months(cutoff, 6),
                }
            )
        )  # fmt: skip
    return pl.concat(parts).with_columns(
        net_value_window=pl.col("net_value_window") * pl.col("label")
    )


def past(n: int = 400, **options) -> pl.DataFrame:
    return pl.concat([people(c, n, **options) for c in PAST])


def train(rows: pl.DataFrame) -> dict[str, bytes]:
    return train_values(rows, cutoff=C.isoformat(), settings=SETTINGS)


def opened(rows: pl.DataFrame) -> ValueModel:
    found = load_values(train(rows))
    assert found is not None
    return found


def valued(
    table: pl.DataFrame, rows: pl.DataFrame, model: ValueModel | None, division: str = "pdm"
):
    at = table.filter(pl.col("division") == division)
    labels = rows.filter(pl.col("division") == division)
    features = at.drop("label", "net_value_window", "window_end").lazy()
    labels = labels.select("customer_id", "label", "net_value_window").lazy()
    return value_customers(features, labels, model, SETTINGS)


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return past()


@pytest.fixture(scope="module")
def model(rows) -> ValueModel:
    return opened(rows)


@pytest.fixture(scope="module")
def fresh() -> pl.DataFrame:
    """Buyers of another draw: nobody of them was trained on."""
    return people(C, 1500, seed=5).filter(pl.col("label") == 1)


def test_the_regression_is_scikit_learns():
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(300, 4)), np.exp(draw.normal(size=300))
    theirs = PoissonRegressor(alpha=0.3, tol=1e-10, max_iter=1000).fit(x, y)
    ours = fit_log_linear(x, y, np.array([0.0, 90.0, 90.0, 90.0, 90.0]))
    assert ours.intercept == pytest.approx(float(theirs.intercept_), abs=1e-5)
    assert ours.weights == pytest.approx(np.asarray(theirs.coef_), abs=1e-5)


@pytest.mark.parametrize("division", LEVELS)
def test_the_mean_is_kept_on_customers_that_were_not_fitted(division, rows, model, fresh):
    found = valued(fresh, rows, model, division)
    actual = fresh.filter(pl.col("division") == division)["net_value_window"].to_numpy()
    bought = rows.filter((pl.col("division") == division) & (pl.col("label") == 1))
    cap = np.sort(bought["net_value_window"].to_numpy())[int(0.95 * (bought.height - 1))]
    total = found["conditional_value"].sum() / np.minimum(actual, cap).sum()
    assert total == pytest.approx(1.0, abs=0.08)
    assert set(found["value_status"]) == {LEARNT}


def test_tenths_sum_to_what_came_and_the_order_beats_the_industries_mean(rows, model, fresh):
    found, means = (valued(fresh, rows, one) for one in (model, None))
    actual = fresh.filter(pl.col("division") == "pdm").sort("customer_id")["net_value_window"]
    cap = found["conditional_value"].max()
    y, ones = actual.clip(upper_bound=cap).to_numpy(), np.ones(actual.len())
    ours, theirs = (t["conditional_value"].to_numpy() for t in (found, means))
    ratios = decile_ratios(ours, y, ones, np.arange(y.size))
    # The cap bends the top, so the smallest are told less well.
    assert np.abs(ratios[2:] - 1).max() < 0.2
    assert normalised_gini(ours, y, ones) > normalised_gini(theirs, y, ones) + 0.2
    assert set(means["value_status"]) == {INDUSTRY_MEAN}


def test_no_value_is_above_the_quantile_of_past_buyers(rows, model, fresh):
    found = valued(fresh.with_columns(rfm__all__gp_sum__12m=pl.lit(1e12)), rows, model)
    bought = rows.filter((pl.col("division") == "pdm") & (pl.col("label") == 1))["net_value_window"]
    cap = sorted(bought)[int(np.floor(0.95 * (bought.len() - 1)))]
    assert found["conditional_value"].max() <= cap + 0.005


def test_windows_that_had_not_ended_change_nothing(rows):
    late = people(C, 100).with_columns(is_censored=False)
    known = rows.with_columns(is_censored=False)
    turned = late.with_columns(label=pl.lit(1, pl.Int8), net_value_window=pl.lit(1e9))
    files = [train(stack_rows([known.lazy(), one.lazy()], C)) for one in (late, turned)]
    assert files[0] == files[1] == train(rows)


def test_values_do_not_depend_on_the_order_of_rows_or_the_number_of_threads(rows):
    with threadpool_limits(1):
        first = train(rows)
    for threads, seed in ((1, 3), (2, 4), (4, 5)):
        with threadpool_limits(threads):
            mixed = rows.sample(fraction=1.0, shuffle=True, seed=seed)
            assert train(mixed) == first


def test_few_buyers_of_an_industry_count_little():
    bought = pl.DataFrame(
        {"industry": ["Big"] * 200 + ["New", None], "net_value_window": [100.0] * 201 + [40.0]}
    ).with_row_index()
    bought = bought.with_columns(
        net_value_window=pl.when(pl.col("index") < 100).then(20.0).otherwise("net_value_window")
    )
    levels = find_levels(bought, SETTINGS)
    assert levels is not None
    mean = (100 * 20 + 101 * 100 + 40) / 202
    assert levels.division == pytest.approx(mean)
    assert levels.industries["New"] == pytest.approx((100 + 20 * mean) / 21)
    assert levels.of(pl.Series(["New", "Never", None]))[1:] == pytest.approx([mean, mean])


def upside_down(rows: pl.DataFrame, division: str, money: float) -> pl.DataFrame:
    """Let values of a division fall with the customer's size."""
    turned = money / pl.col("rfm__all__gp_sum__12m") * pl.col("label")
    own = pl.col("division") == division
    return rows.with_columns(
        net_value_window=pl.when(own).then(turned).otherwise("net_value_window")
    )


def test_a_division_with_few_buyers_goes_by_what_all_have_in_common(rows):
    few = (pl.col("division") != "sim") | (pl.col("customer_id") < "c0004")
    # What little it has seen says the opposite.
    turned = upside_down(rows.filter(few), "sim", 9e6)
    model = opened(turned)
    assert model.divisions["sim"][NEW].buyers < 16
    own, common = model.spread("sim", NEW), model.everywhere[NEW]
    assert 0 < own.slope == pytest.approx(common.slope, rel=0.7)
    assert model.spread("never_sampled", NEW) == common


def test_a_division_whose_values_fall_with_size_keeps_its_means(rows, fresh):
    some = (pl.col("division") != "pdm") | (pl.col("customer_id") < "c0120")
    turned = upside_down(rows.filter(some), "pdm", 3e6)
    model = opened(turned)
    found = valued(fresh, turned, model)
    assert set(found["value_status"]) == {INDUSTRY_MEAN}
    assert "do not rise" in str(summarise_values(found, model)["not_learnt_whitespace"])
    assert set(valued(fresh, turned, model, "cam")["value_status"]) == {LEARNT}


def test_values_that_have_nothing_to_do_with_size_are_left_to_means(fresh):
    draw = np.random.default_rng(8)
    rows = past(power=0.0)
    noise = np.round(np.exp(draw.normal(5, 1, rows.height)), 2) * rows["label"].to_numpy()
    files = train(rows.with_columns(net_value_window=pl.Series(noise)))
    card = describe_values(files)
    assert load_values(files) is None
    assert judge(VALUE_MODEL, card).passed
    assert card.item(0, "status") == "none"


@pytest.mark.parametrize("kept", [0, 3], ids=["no past cutoff", "hardly a buyer"])
def test_too_few_buyers_are_said(kept):
    files = train(past().head(kept) if kept else pl.DataFrame())
    assert "past buyers" in describe_values(files).item(0, "reason")
    assert judge(VALUE_MODEL, describe_values(files)).passed
    assert load_values(files) is None


def test_a_division_without_past_buyers_has_no_value(rows, model, fresh):
    nobody = valued(fresh, rows.with_columns(label=pl.lit(0, pl.Int8)), model)
    assert nobody["conditional_value"].null_count() == nobody.height > 0
    assert set(nobody["value_status"]) == {NO_BUYER}
    first = fresh.filter(pl.col("division") == "pdm").drop("label", "net_value_window").lazy()
    assert value_customers(first, None, model, SETTINGS)["value_status"].unique().to_list() == [
        NO_BUYER
    ]


def test_a_log_without_attributes_is_learnt_by_size_alone(rows, fresh):
    bare = [name for name in rows.columns if name.startswith("attr__")]
    model = opened(rows.drop(bare))
    found = valued(fresh.drop(bare), rows, model)
    assert set(found["value_status"]) == {LEARNT}
    assert set(valued(fresh.drop(bare), rows, None)["value_status"]) == {DIVISION_MEAN}
    assert found["conditional_value"].is_finite().all()


def test_any_text_is_an_industry(rows, fresh):
    odd = ['"]}', "\x00\n", "unknown", "None", "💼" * 300, "<b>", "{0}", ""]
    named = pl.col("customer_id").str.tail(1).cast(pl.Int64) % len(odd)
    hostile = named.replace_strict(range(len(odd)), odd, return_dtype=pl.String)
    changed = rows.with_columns(hostile.alias(INDUSTRY))
    found = valued(fresh.with_columns(hostile.alias(INDUSTRY)), changed, opened(changed))
    assert found["conditional_value"].is_finite().all()
    assert judge(CONDITIONAL_VALUES, conform(CONDITIONAL_VALUES, found.lazy()).collect()).passed


def test_sizes_beyond_all_training_give_finite_values(rows, model, fresh):
    worst = [1e300, -1e300, 0.0, None, float("inf")]
    table = fresh.filter(pl.col("division") == "pdm").head(5).with_columns(
        pl.Series("rfm__all__gp_sum__12m", worst), pl.lit("Never seen").alias(INDUSTRY)
    )  # fmt: skip
    found = valued(table, rows, model)["conditional_value"]
    assert found.is_finite().all()
    assert (found > 0).all()


def test_a_bundle_says_the_same_when_opened_and_is_refused_when_damaged(rows, model, fresh):
    files = train(rows)
    again = load_values(files)
    assert again is not None
    assert again.to_json() == model.to_json()
    assert judge(VALUE_MODEL, describe_values(files)).passed
    with pytest.raises(BundleError, match="damaged"):
        load_values(files | {"value.json": b"{}"})


def test_inputs_are_sizes_and_nothing_of_the_outcome(rows):
    names = {column.source for column in fit_inputs(sizes_of(rows)).columns}
    assert names == {name for name in rows.columns if is_size(name)}
    assert not names & {"label", "net_value_window"}


def test_sizes_are_taken_against_everyone_at_the_cutoff(rows):
    # A log that has just begun knows half of every sum: who was large is as large.
    first = pl.col("cutoff") == PAST[0]
    sums = ["rfm__all__gp_sum__12m", "rfm__all__gp_mean__12m"]
    shorter = rows.with_columns(
        pl.when(first).then((pl.col(name).log1p() - 0.5).exp() - 1).otherwise(name).alias(name)
        for name in sums
    )
    before, after = (sizes_of(one).select(sums) for one in (rows, shorter))
    assert np.allclose(before.to_numpy(), after.to_numpy(), equal_nan=True)


def test_owners_and_those_who_never_bought_have_levels_of_their_own(rows):
    owns = pl.col("customer_id").str.tail(1).cast(pl.Int64) < 5
    mixed = rows.with_columns(
        is_whitespace=~owns,
        net_value_window=pl.when(owns).then(10.0).otherwise(1.0) * pl.col("net_value_window"),
    )
    at = mixed.filter(pl.col("cutoff") == PAST[-1])
    found = valued(at, mixed, opened(mixed)).join(at.filter(division="pdm"), on="customer_id")
    bought = found.filter(pl.col("label") == 1)
    for part in (OWNERS, NEW):
        own = bought.filter(pl.col("is_whitespace") == (part == NEW))
        cap = found["conditional_value"].max()
        actual = own["net_value_window"].clip(upper_bound=cap).sum()
        assert own["conditional_value"].sum() / actual == pytest.approx(1.0, abs=0.12)


def test_sampled_rows_have_values_and_keep_their_contract():
    table = people(PAST[0], 50)
    pairs = [
        (part.drop("label", "net_value_window", "window_end").lazy(),
         part.with_columns(is_censored=False).lazy())
        for part in table.partition_by("division")
    ]  # fmt: skip
    sampled = sample_rows(pairs, 10**6)
    assert sampled["net_value_window"].sum() == pytest.approx(table["net_value_window"].sum())
    declared = sampled.select(list(POOLED_ROWS.schema.columns()))
    assert judge(POOLED_ROWS, declared).passed
