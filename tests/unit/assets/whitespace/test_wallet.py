"""The wallet: peers' high spend less one's own, by whom it is known, and nothing where it is not."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from gosales_assets.whitespace.wallet import IN_DIVISION_12M, with_wallet
from gosales_resources.settings.whitespace import WhitespaceSettings

ON = WhitespaceSettings(wallet_quantile=0.8, wallet_min_peers=3)


def wallets(
    own: list[float],
    elsewhere: list[float] | None = None,
    industry: list[str | None] | None = None,
    settings: WhitespaceSettings = ON,
) -> pl.DataFrame:
    ids = [f"c{at}" for at in range(len(own))]
    others = np.array(elsewhere or [0.0] * len(own))
    features = pl.LazyFrame(
        {"customer_id": ids, IN_DIVISION_12M: own, "rfm__all__gp_sum__12m": others + own}
    )
    customers = pl.LazyFrame({"customer_id": ids, "industry": industry or ["Aero"] * len(own)})
    signals = features.select("customer_id")
    return with_wallet(signals, features, customers, settings).collect().sort("customer_id")


def test_it_is_the_quantile_of_the_buyers_less_ones_own_and_never_below_nothing():
    own = [100.0, 200.0, 300.0, 400.0, 0.0, -50.0]
    found = wallets(own)
    high = float(np.quantile(own[:4], 0.8))
    assert found["wallet"].to_list() == pytest.approx([max(high - x, 0.0) for x in own])
    assert set(found["wallet_basis"]) == {"peers"}


def test_peers_are_of_the_same_industry_and_too_few_of_them_are_none():
    own = [100.0, 200.0, 300.0, 1000.0, 0.0, 0.0, 0.0]
    industry = ["Aero", "Aero", "Aero", "Food", "Aero", "Food", None]
    found = wallets(own, industry=industry)
    aero, all_buyers = float(np.quantile(own[:3], 0.8)), float(np.quantile(own[:4], 0.8))
    assert found["wallet"].to_list()[4:] == pytest.approx([aero, all_buyers, all_buyers])
    assert found["wallet_basis"].to_list()[4:] == ["peers", "division", "division"]


def test_peers_are_of_the_same_size():
    # Three small buyers, nine large ones in three further quarters.
    elsewhere = [10.0 * (1 + at // 3) for at in range(12)]
    own = [1.0 + at for at in range(12)]
    found = wallets([*own, 0.0, 0.0], [*elsewhere, 0.0, 1e6])
    small, large = found.filter(pl.col("customer_id").is_in(["c12", "c13"]))["wallet"]
    assert small == pytest.approx(np.quantile(own[:3], 0.8))
    assert large == pytest.approx(np.quantile(own[9:], 0.8))


def test_few_buyers_in_all_have_no_wallet():
    found = wallets([100.0, 200.0, 0.0])
    assert found["wallet"].null_count() == found["wallet_basis"].null_count() == 3


@pytest.mark.parametrize("what", ["off", "no window of 12 months"])
def test_off_and_unknown_are_nothing(what):
    features = pl.LazyFrame({"customer_id": ["a"], "rfm__all__gp_sum__12m": [1.0]})
    customers = pl.LazyFrame({"customer_id": ["a"], "industry": ["Aero"]})
    settings = WhitespaceSettings() if what == "off" else ON
    found = with_wallet(features.select("customer_id"), features, customers, settings).collect()
    assert found.row(0) == ("a", None, None)


def test_the_order_of_customers_changes_no_bit():
    draw = np.random.default_rng(2)
    own = np.where(draw.random(300) < 0.5, draw.gamma(2, 100, 300), 0.0)
    ids = [f"c{at}" for at in range(300)]
    features = pl.DataFrame(
        {"customer_id": ids, IN_DIVISION_12M: own, "rfm__all__gp_sum__12m": own * 3 + 1}
    )
    customers = pl.DataFrame({"customer_id": ids, "industry": draw.choice(["A", "B"], 300)})
    found = [
        with_wallet(f.select("customer_id").lazy(), f.lazy(), c.lazy(), ON)
        .collect()
        .sort("customer_id")
        for f, c in (
            (features, customers),
            (features.reverse(), customers.sample(fraction=1, shuffle=True, seed=1)),
        )
    ]
    assert_frame_equal(found[0], found[1], check_exact=True)
