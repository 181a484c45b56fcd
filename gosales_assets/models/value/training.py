"""Trains the value model of one cutoff on past buyers of all divisions.

Value over the mean of the buyer's industry in the division, by the customer's size; then, on customers
that were left out, how far that may be believed: of owners and whitespace, over all divisions and in each.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from gosales_assets.models.value.inputs import WHITESPACE, ValueInputs, fit_inputs, sizes_of
from gosales_assets.models.value.levels import Levels, find_levels
from gosales_assets.models.value.regression import LogLinear, fit_log_linear
from gosales_assets.models.value.value_bundle import ValueCard, value_files
from gosales_assets.models.value.value_model import NEW, OWNERS, SLICES, Spread, ValueModel
from gosales_checks.measures.ranking import tie_breaker
from gosales_resources.settings.whitespace import WhitespaceSettings

INDUSTRY = "attr__all__industry__asof"
FOLDS = 4
# Rows of past buyers: fewer cannot tell a dozen of sizes from noise.
LEAST_BUYERS = 100
# Of a slice: with fewer it goes by owners and whitespace together.
LEAST_OF_SLICE = 30
# Of the ridge, a buyer: weights are drawn to 0 as if each had been seen so often without effect.
PENALTY = 0.03
# What is learnt is held better than means where customers left out say so beyond 95 %.
Z95 = 1.96
# Keeps a regression without any spread solvable.
LEAST_PENALTY = 1e-9


def past_buyers(rows: pl.DataFrame) -> pl.DataFrame:
    """Select who bought, with sizes as `sizes_of` has them.

    Parameters
    ----------
    rows
        `pooled_rows` of the training cutoffs whose outcome is known (`stack_rows`), buyers or not;
        may be empty, without columns.

    Returns
    -------
    polars.DataFrame
        Sorted by cutoff, division and customer; with `industry`, null where not known, and
        `net_value_window`.
    """
    if not rows.height:
        return rows
    # Over all rows: a size is large or small among everyone, not among buyers.
    known = with_industry(rows).select("industry", "label", "net_value_window")
    found = pl.concat([sizes_of(rows), known], how="horizontal")
    return found.filter(pl.col("label") == 1).sort("cutoff", "division", "customer_id")


def with_industry(table: pl.DataFrame) -> pl.DataFrame:
    """Add `industry` to feature rows: null where not known, or where attributes are turned off."""
    known = pl.col(INDUSTRY) if INDUSTRY in table.columns else pl.lit(None, dtype=pl.String)
    return table.with_columns(industry=known)


def train_values(
    rows: pl.DataFrame, *, cutoff: str, settings: WhitespaceSettings
) -> dict[str, bytes]:
    """Train the value model of one cutoff.

    Parameters
    ----------
    rows
        `pooled_rows` of the training cutoffs whose outcome is known, in any order; may be empty.
    cutoff
        What it is a model as of.
    settings
        Cap and shrinkage of values.

    Returns
    -------
    dict of str to bytes
        The bundle's files; where nothing can be learnt they say why, and means are left.
    """
    buyers = past_buyers(rows)
    seen = ValueCard.of(buyers, cutoff)
    if buyers.height < LEAST_BUYERS:
        return value_files(seen.without(f"{buyers.height} past buyers, {LEAST_BUYERS} needed"))
    held = _held_out(buyers, settings)
    if held is None:
        return value_files(seen.without("no size of a customer is known"))
    everywhere = {part: held.spread_of(part, settings.ev_shrinkage_buyers) for part in SLICES}
    learnt, means = held.deviances(everywhere)
    figures = {"deviance": float(learnt.mean()), "deviance_of_means": float(means.mean())}
    if not _is_clear(means - learnt, held.customer):
        reason = "values of customers left out are not clearly nearer than means by industry"
        return value_files(seen.without(reason, **figures))
    inputs, regression = _fit(buyers, _ratios(buyers, _levels(buyers, settings)))
    divisions = held.spreads(everywhere, settings.ev_shrinkage_buyers)
    model = ValueModel(inputs, regression, everywhere, divisions)
    return value_files(seen.fitted(model, **figures), model)


@dataclass(frozen=True)
class _HeldOut:
    """Buyers that the regression did not see, in the order of training rows."""

    customer: np.ndarray
    """Hash of its id."""
    division: np.ndarray
    new: np.ndarray
    """Whether it had never bought in the division."""
    logs: np.ndarray
    """The regression's answer."""
    ratio: np.ndarray
    """Value over the mean of its industry, of other customers."""

    def of(self, part: str) -> np.ndarray:
        """Tell which rows are of a slice; all, where it has too few."""
        own = self.new == (part == NEW)
        return own if own.sum() >= LEAST_OF_SLICE else np.ones(own.size, dtype=bool)

    def spread_of(self, part: str, shrinkage: float) -> Spread:
        """Return how far the regression is believed in a slice, over all divisions."""
        own = self.of(part)
        center = float(self.logs[own].mean())
        # The level is free: predictions sum to what came. The slope is drawn to the regression's own.
        penalty = np.array([0.0, self._of_slope(own, shrinkage)])
        return self._spread(own, center, penalty, np.array([0.0, 1.0]))

    def spreads(
        self, everywhere: dict[str, Spread], shrinkage: float
    ) -> dict[str, dict[str, Spread]]:
        """Return the same of each division, drawn to all divisions' as by so many buyers."""
        found: dict[str, dict[str, Spread]] = {}
        for part, prior in everywhere.items():
            slice_rows = self.of(part)
            penalty = np.array([shrinkage, self._of_slope(slice_rows, shrinkage)])
            drawn_to = np.array([prior.level, prior.slope])
            for division in sorted(set(self.division[slice_rows].tolist())):
                own = slice_rows & (self.division == division)
                spread = self._spread(own, prior.center, penalty, drawn_to)
                found.setdefault(division, {})[part] = spread
        return found

    def deviances(self, spreads: dict[str, Spread]) -> tuple[np.ndarray, np.ndarray]:
        """Return each row's deviance from what is learnt, and from a constant."""
        owners, others = (spreads[part].logs(self.logs) for part in (OWNERS, NEW))
        found = np.exp(np.where(self.new, others, owners))
        constant = np.full(found.size, self.ratio.mean())
        return _deviance(self.ratio, found), _deviance(self.ratio, constant)

    def _of_slope(self, own: np.ndarray, shrinkage: float) -> float:
        return shrinkage * float(self.logs[own].var()) + LEAST_PENALTY

    def _spread(
        self, own: np.ndarray, center: float, penalty: np.ndarray, prior: np.ndarray
    ) -> Spread:
        x, ratio = (self.logs[own] - center)[:, None], self.ratio[own]
        fit = fit_log_linear(x, ratio, penalty, prior)
        if fit.weights[0] <= 0:
            # Larger customers do not bring more there: the slice's level alone is left.
            fit = fit_log_linear(x[:, :0], ratio, penalty[:1], prior[:1])
        slope = float(fit.weights.sum())
        return Spread(int(own.sum()), center, fit.intercept, slope)


def _deviance(ratio: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return 2 * (ratio * np.log(ratio / mean) - ratio + mean)


def _is_clear(gain: np.ndarray, customer: np.ndarray) -> bool:
    """Tell whether gains sum to more than chance gives; a customer's rows are not independent."""
    _, number = np.unique(customer, return_inverse=True)
    by_customer = np.bincount(number, gain)
    spread = by_customer.std() * np.sqrt(by_customer.size)
    return bool(by_customer.sum() > Z95 * spread)


def _held_out(buyers: pl.DataFrame, settings: WhitespaceSettings) -> _HeldOut | None:
    """Fit without each part of the customers, and ask about it; None where nothing varies."""
    # All rows of a customer are in one part: windows overlap, and its divisions go together.
    customer = tie_breaker(buyers["customer_id"].to_list())
    part = customer % FOLDS
    logs, ratio = (np.full(buyers.height, np.nan) for _ in range(2))
    for fold in range(FOLDS):
        held = (part == fold).nonzero()[0]
        others = buyers.filter(pl.Series(part != fold))
        levels = _levels(others, settings)
        inputs, regression = _fit(others, _ratios(others, levels))
        if not inputs.columns:
            return None
        asked = buyers[held]
        logs[held] = regression.logs(inputs.matrix(asked))
        ratio[held] = _ratios(asked, levels)
    # A division all of whose buyers are in one part has no mean there.
    at = np.isfinite(ratio)
    new = buyers[WHITESPACE].to_numpy() > 0
    return _HeldOut(customer[at], buyers["division"].to_numpy()[at], new[at], logs[at], ratio[at])


def _levels(buyers: pl.DataFrame, settings: WhitespaceSettings) -> dict[str, Levels]:
    found = {
        str(part.item(0, "division")): find_levels(part, settings)
        for part in buyers.partition_by("division", maintain_order=True)
    }
    return {division: one for division, one in found.items() if one is not None}


def _ratios(buyers: pl.DataFrame, levels: dict[str, Levels]) -> np.ndarray:
    """Return capped values over the means of their industries; nan where the division has none."""
    ratio = np.full(buyers.height, np.nan)
    division, value = buyers["division"].to_numpy(), buyers["net_value_window"].to_numpy()
    for name, one in levels.items():
        at = (division == name).nonzero()[0]
        mean = one.of(buyers["industry"].gather(at))
        ratio[at] = np.minimum(value[at], one.cap) / mean
    return ratio


def _fit(buyers: pl.DataFrame, ratio: np.ndarray) -> tuple[ValueInputs, LogLinear]:
    inputs = fit_inputs(buyers)
    penalty = np.full(len(inputs.columns) + 1, PENALTY * buyers.height)
    penalty[0] = 0.0
    return inputs, fit_log_linear(inputs.matrix(buyers), ratio, penalty)
