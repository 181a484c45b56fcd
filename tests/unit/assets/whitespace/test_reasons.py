"""Reasons are facts of the row, short, in people's words."""

import math

import polars as pl
import pytest

from gosales_assets.features.build import declare_features
from gosales_assets.whitespace.phrases import phrase_of
from gosales_assets.whitespace.reasons import LONGEST, Words, positive_drivers, with_reasons
from tests.worlds.erp import row, write_world

NAMES = {"cam": "CAM", "pdm": "PDM tools", "scan": "Scanning"}
WORDS = Words(NAMES, "USD")


def said(feature: str, value) -> str | None:
    phrase = phrase_of(feature, "CAM", NAMES, 60)
    return phrase.of(value, WORDS.money) if phrase else None


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        ("rfm__all__transactions__12m", 3, "3 orders in 12 months"),
        ("rfm__div__transactions__24m", 0, "no CAM orders in 24 months"),
        ("rfm__all__transactions__12m", 1, "1 order in 12 months"),
        ("rfm__all__gp_sum__12m", 12_345.6, "12,346 USD of business in 12 months"),
        ("rfm__all__gp_sum__12m", -5.0, None),
        ("offset__all__transactions__6m", 2, "2 orders in 6 months before the last 60 days"),
        ("cross__all__bought_pdm__asof", 1, "bought PDM tools"),
        ("cross__all__bought_pdm__asof", 0, "never bought PDM tools"),
        ("cross__all__transactions_scan__12m", 4, "4 Scanning orders in 12 months"),
        ("cross__all__transaction_share_scan__12m", 0.4, None),
        ("assets_expiring__all__count_pdm__90d", 2, "2 PDM tools assets that expire within 90 days"),
        ("recency__all__days__asof", 45.0, "last order 45 days ago"),
        ("recency__all__log_days__asof", math.log1p(45), "last order 45 days ago"),
        ("recency__all__decay_h90d__asof", 2 ** (-45 / 90), "last order 45 days ago"),
        ("recency__div__days__asof", 365.25, "last CAM order 12 months ago"),
        ("lifecycle__all__due_ratio__asof", 0.5, None),
        ("basket__div__lift_max__asof", 2.61,
         "holds an article whose owners buy CAM 2.6 times as often"),
        ("attr__all__industry__asof", "Aerospace", "industry: Aerospace"),
        ("attr__all__age__asof", 44.0, None),
        ("als__div__owner_similarity__asof", 0.8, None),
        ("rfm__all__gp_mean__12m", None, None),
        ("rfm__all__gp_mean__12m", float("nan"), None),
        ("encoder__div__industry__asof", 0.2, None),
    ],
)  # fmt: skip
def test_a_value_is_said_in_words(feature, value, text):
    assert said(feature, value) == text


def test_a_driver_is_read_with_its_sign():
    text = "attr__all__a; b__asof +0.42; rfm__all__x__3m -0.17; cross__all__y__asof +0.01"
    assert positive_drivers(text)[-1] == "cross__all__y__asof"
    assert "rfm__all__x__3m" not in positive_drivers(text)


def reasons(features: dict, drivers: str | None = None, **signals) -> str | None:
    ids = {"customer_id": ["a"]}
    one = pl.LazyFrame(
        {**ids, "is_eligible": [signals.get("is_eligible", True)], "drivers": [drivers]},
        schema_overrides={"drivers": pl.String},
    )
    given = pl.LazyFrame({**ids, **{name: [value] for name, value in features.items()}})
    return with_reasons(one, given, "cam", WORDS).collect()["reason"].item()


STANDING = {
    "recency__all__days__asof": 400.0,
    "rfm__all__transactions__12m": 2,
    "rfm__all__gp_sum__12m": 1_234_567.4,
    "cross__all__bought_pdm__asof": 1,
    "cross__all__bought_scan__asof": 1,
    "cross__all__bought_cam__asof": 0,
}


def test_without_drivers_a_row_says_how_the_customer_stands():
    assert reasons(STANDING) == (
        "Last order 13 months ago; 2 orders in 12 months, 1,234,567 USD; bought PDM tools and Scanning"
    )


def test_what_raises_the_score_is_told_first_and_what_lowers_it_is_not():
    drivers = (
        "cross__all__bought_scan__asof +0.40; rfm__all__transactions__12m -0.30; "
        "als__div__owner_similarity__asof +0.20; cross__all__bought_pdm__asof +0.10"
    )
    found = reasons(STANDING | {"als__div__owner_similarity__asof": 0.9}, drivers)
    assert found is not None
    assert found.startswith("Bought Scanning; bought PDM tools; last order 13 months ago")


def test_one_subject_is_told_once_whatever_its_windows():
    features = {"rfm__all__gp_sum__24m": 7_000.0, "offset__all__gp_sum__24m": 7_000.0,
                "rfm__all__transactions__12m": 2}  # fmt: skip
    drivers = "offset__all__gp_sum__24m +0.50; rfm__all__gp_sum__24m +0.40; "
    drivers += "rfm__all__transactions__12m +0.30"
    told = reasons(features, drivers)
    assert told is not None
    assert told.count("of business") == 1
    assert "2 orders in 12 months" in told


def test_a_customer_without_an_order_is_said_to_have_none():
    nothing = {"recency__all__days__asof": None, "rfm__all__transactions__12m": 0,
               "rfm__all__gp_sum__12m": 0.0}  # fmt: skip
    assert reasons(nothing) == "Never bought anything"


def test_the_ineligible_have_no_reason():
    assert reasons(STANDING, is_eligible=False) is None


def test_reasons_are_short_whatever_a_division_is_called():
    words = Words({"cam": "CAM", "pdm": "字" * 300, "scan": "x\ny" * 99}, "USD")
    ids = {"customer_id": ["a"]}
    drivers = "cross__all__bought_pdm__asof +0.4; cross__all__bought_scan__asof +0.3"
    one = pl.LazyFrame({**ids, "is_eligible": [True], "drivers": [drivers]})
    given = pl.LazyFrame({**ids, **{name: [value] for name, value in STANDING.items()}})
    found = with_reasons(one, given, "cam", words).collect()["reason"].item()
    assert len(found) <= LONGEST
    assert "\n" not in found


@pytest.mark.parametrize("value", [0, 1, 2.5, 1e9, -3.0, 1e-9])
def test_every_phrase_takes_every_number(value, tmp_path):

    settings = write_world(tmp_path, [row()])
    spoken = 0
    for feature in declare_features(settings):
        phrase = phrase_of(feature.name, "CAM", settings.divisions.division_names, 60)
        if phrase is not None:
            text = phrase.of(value, WORDS.money)
            assert text is None or (text == text.strip() and "  " not in text)
            spoken += text is not None
    assert spoken > 50
