"""How good the scores are on the sample company: against its oracle, and against what can be learnt."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from learnable import best_from_features
from quality import mean_of, outcomes, rank_of, read, run
from world import sample_world, show

from gosales_assets.platform.platform import Platform
from gosales_checks.measures.ranking import auc, lift_at, tie_breaker
from gosales_resources.settings.loading import load_settings

CUTOFFS = (dt.date(2023, 12, 31), dt.date(2024, 6, 30))


@dataclass(frozen=True)
class Compared:
    """One slice of one target's customers, ranked by us, by the best learner and by the oracle."""

    ours: float
    learnable: float
    oracle: float
    lift_ratio: float

    @classmethod
    def of(cls, scored: pl.DataFrame) -> "Compared":
        """Measure rows with `label`, scores, `p_learnable` and `p_true`."""
        y, truth = scored["label"].to_numpy(), scored["p_true"].to_numpy()
        ties = tie_breaker(scored["customer_id"].to_list())
        ours, best = rank_of(scored), scored["p_learnable"].to_numpy()
        lifts = [lift_at(y, by, ties, 0.10) for by in (ours, truth)]
        ratio = lifts[0] / lifts[1] if lifts[1] else np.nan
        return cls(auc(y, ours), auc(y, best), auc(y, truth), ratio)


def against_oracle(size: str = "M") -> None:
    """Compare with the true probabilities ranked, and with what the features could tell of them."""
    with sample_world(size) as folder:
        platform = run(load_settings(folder / "gosales.yaml"), CUTOFFS)
        truth = pl.read_parquet(folder / "data" / "truth" / "true_probabilities.parquet")
        rows, pairs, errors = [], [], []
        for cutoff in CUTOFFS:
            for division in platform.settings.divisions.targets:
                scored = _scored(platform, truth, cutoff, division)
                if scored["label"].n_unique() < 2:
                    continue
                pair = Compared.of(scored), Compared.of(scored.filter("is_whitespace"))
                measured = read(platform, "forward_validation", cutoff, division)
                error = measured.filter(measure="cal_mae", slice="all")["value"][0]
                pairs.append(pair)
                errors.append(error)
                auc_of = [f"{one.ours:.3f} of {one.oracle:.3f}" for one in pair]
                told = f"AUC {auc_of[0]}, ws {auc_of[1]}"
                rows.append((f"{cutoff} {division}", told, f"cal-MAE {error:.4f}"))
    for name, found in zip(("all customers", "whitespace"), zip(*pairs, strict=True), strict=True):
        rows += _summary(name, found)
    rows.append(("mean cal-MAE", mean_of(np.array(errors)), "target <= 0.015"))
    show(f"quality: sample company {size}, 10 targets, {len(CUTOFFS)} cutoffs", rows)


def _scored(
    platform: Platform, truth: pl.DataFrame, cutoff: dt.date, division: str
) -> pl.DataFrame:
    true = truth.filter(cutoff=cutoff, division=division).select("customer_id", "p_true")
    return (
        outcomes(platform, cutoff, division)
        .join(true, on="customer_id", how="left")
        .join(best_from_features(platform, truth, cutoff, division), on="customer_id", how="left")
    )


def _summary(name: str, found: tuple[Compared, ...]) -> list[tuple[str, str, str]]:
    gap = np.array([one.oracle - one.ours for one in found])
    out_of_reach = np.array([one.oracle - one.learnable for one in found])
    ratio = np.array([one.lift_ratio for one in found])
    return [
        (f"{name}: mean gap to the oracle", mean_of(gap), "target <= 0.015"),
        ("  of it not in the features (told the truth in training)", mean_of(out_of_reach), ""),
        (f"{name}: mean lift@10 over the oracle's", mean_of(ratio), "target >= 0.93"),
    ]
