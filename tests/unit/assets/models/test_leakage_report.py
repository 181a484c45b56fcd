"""The leakage report fails on each thing that a model must not have seen, and on nothing else."""

import dataclasses
import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from gosales_assets.models.leakage import examine as module
from gosales_assets.models.leakage.examine import Trained, examine, examine_pooled
from gosales_assets.models.rows.folds import Fold, Folds
from gosales_assets.models.rows.preparation import fit_preparation
from gosales_resources.settings.models import ModelSettings

SETTINGS = ModelSettings(min_positives=5)
DAYS = [dt.date(2023, 3, 31), dt.date(2023, 9, 30), dt.date(2024, 3, 31)]
ENDS = [dt.date(2023, 9, 30), dt.date(2024, 3, 31), dt.date(2024, 9, 30)]
C = dt.date(2024, 3, 31)
ROWS = 400


def matrix(days=DAYS[:2], ends=ENDS[:2]) -> pl.DataFrame:
    draw = np.random.default_rng(3)
    return pl.concat(
        pl.DataFrame(
            {
                "customer_id": [f"{n:04d}" for n in range(ROWS)],
                "cutoff": [day] * ROWS,
                "is_whitespace": draw.random(ROWS) < 0.5,
                "rfm__all__gp_sum__12m": draw.gamma(1.0, 900.0, ROWS),
                "rfm__all__lines__12m": draw.integers(0, 9, ROWS),
                "attributes__all__industry__asof": draw.choice(["Aero", "Auto"], ROWS),
                "label": (draw.random(ROWS) < 0.1).astype(np.int8),
                "net_value_window": draw.random(ROWS),
                "window_end": [end] * ROWS,
            }
        )
        for day, end in zip(days, ends, strict=True)
    )


def held_out(curves: int) -> pl.DataFrame:
    """Predictions on so many calibration curves, by the hash of the customer."""
    draw = np.random.default_rng(4)
    margin, group = draw.normal(size=ROWS), np.arange(ROWS) % curves
    return pl.DataFrame(
        {"margin": margin, "p": expit(margin + 0.1 * group), "is_whitespace": [True] * ROWS}
    )


def trained(**changed) -> Trained:
    rows = changed.pop("matrix", matrix())
    prepared = fit_preparation(changed.pop("fitted_on", rows), SETTINGS).to_json()
    card = {"training_cutoffs": [d.isoformat() for d in DAYS[:2]], "calibration": "platt"}
    windows = dict(zip(DAYS[:2], ENDS[:2], strict=True))
    report = {"card": card, "preparation": prepared}
    return dataclasses.replace(
        Trained(C, rows, windows, report, held_out(5), {"preparation": None}), **changed
    )


def verdicts(one: Trained) -> dict[str, str]:
    return {result.test: result.verdict for result in examine(one, SETTINGS)}


def test_an_honest_model_passes_all_tests():
    assert set(verdicts(trained()).values()) == {"PASS"}


def test_a_label_window_that_was_open_at_the_cutoff_is_named():
    late = trained(windows={DAYS[0]: ENDS[0], DAYS[1]: ENDS[2]})
    assert verdicts(late)["training_windows_ended"] == "FAIL"


def test_held_out_rows_on_one_calibration_curve_took_part_in_it():
    assert verdicts(trained(held_out=held_out(1)))["calibrated_on_other_customers"] == "FAIL"


def test_where_the_model_tells_nobody_apart_curves_show_in_their_ties():
    # Seen on a real log: one margin of all who never bought, and the curve of each group flat.
    name = "calibrated_on_other_customers"
    flat = held_out(5).with_columns(
        margin=pl.lit(-1.4), p=0.1 + 0.01 * (pl.int_range(pl.len()) % 5)
    )
    assert verdicts(trained(held_out=flat))[name] == "PASS"
    few = held_out(1).with_columns(pl.col("margin").round(0)).with_columns(p=_expit())
    assert verdicts(trained(held_out=few))[name] == "FAIL", "ties on one curve"
    alike = flat.with_columns(p=pl.lit(0.12))
    assert verdicts(trained(held_out=alike))[name] == "NOT RUN", "one p tells nothing of curves"
    both = pl.concat([alike, held_out(1).with_columns(is_whitespace=pl.lit(value=False))])
    assert verdicts(trained(held_out=both))[name] == "FAIL"


def _expit() -> pl.Expr:
    return 1 / (1 + (-pl.col("margin")).exp())


def test_too_few_held_out_rows_are_not_run_and_never_a_pass():
    few = trained(held_out=held_out(5).head(50))
    assert verdicts(few)["calibrated_on_other_customers"] == "NOT RUN"


def test_caps_that_rows_of_later_days_have_moved_are_named():
    later = matrix([*DAYS[:2], DAYS[2]], ENDS).with_columns(
        pl.col("rfm__all__gp_sum__12m") * pl.when(pl.col("cutoff") == DAYS[2]).then(5).otherwise(1)
    )
    found = examine(trained(fitted_on=later), SETTINGS)[-1]
    assert found.verdict == "FAIL"
    assert "cap of rfm__all__gp_sum__12m" in found.words


def test_a_level_that_no_training_row_has_is_named():
    other = matrix().with_columns(pl.lit("Space").alias("attributes__all__industry__asof"))
    found = examine(trained(fitted_on=pl.concat([matrix(), other])), SETTINGS)[-1]
    assert found.verdict == "FAIL"
    assert "level Space" in found.words


def test_the_pooled_models_caps_are_held_against_its_own_rows():
    honest = {"preparation": fit_preparation(matrix(), SETTINGS).to_json()}
    assert examine_pooled(honest, matrix()).verdict == "PASS"
    assert examine_pooled(honest, matrix().filter(cutoff=DAYS[0])).verdict == "FAIL"


@pytest.mark.parametrize("near", ["rows", "outcomes"])
def test_folds_without_a_distance_are_named(monkeypatch, near):
    rows = matrix()
    at = rows["cutoff"].to_numpy()
    first, second = ((at == np.datetime64(day)).nonzero()[0] for day in DAYS[:2])
    train = second[:50] if near == "rows" else first
    table = rows if near == "rows" else rows.with_columns(window_end=pl.lit(ENDS[1]))
    made = Folds([Fold("2023-09-30", train, second, newest=True)], "by time")
    monkeypatch.setattr(module, "make_folds", lambda *_: made)
    assert verdicts(trained(matrix=table))["folds_keep_their_distance"] == "FAIL"
