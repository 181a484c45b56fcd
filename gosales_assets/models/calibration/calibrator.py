"""From margins to probabilities: Platt, isotonic, or the margin as it is, chosen by Brier score.

Fitted on margins like those that are published: of a fit on all cutoffs, asked about customers it
has not seen. Whitespace and owners may have margins of different models, so each has its own slope.
Slopes are pooled over cutoffs, intercepts come from the newest mature one, so that a shift of the
base rate is followed.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from gosales_assets.models.calibration.lines import bounded
from gosales_assets.models.rows.classes import both_classes, rarer_count
from gosales_checks.measures.calibration import brier
from gosales_resources.settings.models import ModelSettings

NONE, PLATT, ISOTONIC = "none", "platt", "isotonic"
# Fewer of a class than this say nothing about calibration.
FEWEST_OF_A_CLASS = 20
# No probability is certain, and a margin beyond all others has still a larger one.
FLOOR = 1e-6
# Of a slice's level about that of all cutoffs: as much as one buyer says.
LEVEL_VARIANCE = 1.0


@dataclass(frozen=True)
class HeldOut:
    """Margins of rows that did not fit the candidate, row by row."""

    margin: np.ndarray
    label: np.ndarray
    is_whitespace: np.ndarray
    fold: np.ndarray
    """Number of the fold, oldest first."""
    newest: np.ndarray
    """Row is of the newest training cutoff."""
    row: np.ndarray
    """Place of the row in the training matrix."""

    def at(self, rows: np.ndarray) -> "HeldOut":
        """Return some of the rows.

        Parameters
        ----------
        rows
            True for those that are kept, or their places.
        """
        return HeldOut(**{name: values[rows] for name, values in self.__dict__.items()})


@dataclass(frozen=True)
class Calibrator:
    """A fitted map from margin to probability."""

    method: str
    reason: str
    slope: float = 1.0
    """Of owners."""
    whitespace_slope: float = 1.0
    offset: float = 0.0
    """What the whitespace is moved by to lie on the owners' scale, before the isotonic steps."""
    intercept: float = 0.0
    whitespace_shift: float = 0.0
    steps: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    """Lines and logits of the isotonic map's knots, both rising."""

    def probability(
        self, margin: np.ndarray, is_whitespace: np.ndarray, added: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Return the probabilities of margins.

        Parameters
        ----------
        margin
            Logits before calibration, one per row.
        is_whitespace
            True or 1 for a row of the whitespace.
        added
            To the calibrated logit of each row: what its level is moved by.

        Returns
        -------
        numpy.ndarray
            Float64 above `FLOOR` and below 1 less that, one per row; within a slice it rises with the
            margin.
        """
        shift = self.intercept + self.whitespace_shift * is_whitespace + added
        return _within_floor(expit(self.shape(margin, is_whitespace) + shift))

    def shape(self, margin: np.ndarray, is_whitespace: np.ndarray) -> np.ndarray:
        """Return logits of the calibrated shape, before the level.

        Parameters
        ----------
        margin, is_whitespace
            As `probability` takes them.

        Returns
        -------
        numpy.ndarray
            Float64, one per row; within a slice it rises with the margin wherever its slope is not 0.
        """
        line = bounded(margin) * np.where(is_whitespace > 0, self.whitespace_slope, self.slope)
        if self.method != ISOTONIC:
            return line
        return _along(line + self.offset * is_whitespace, self.steps)

    def aligned(self, margin: np.ndarray, is_whitespace: np.ndarray) -> np.ndarray:
        """Return margins of both slices on one scale: what a ranking of all customers goes by.

        Parameters
        ----------
        margin, is_whitespace
            As `probability` takes them.

        Returns
        -------
        numpy.ndarray
            Float64 logits, one per row, before the intercept.
        """
        return self.shape(margin, is_whitespace) + self.whitespace_shift * (is_whitespace > 0)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**self.__dict__, "steps": [list(part) for part in self.steps]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Calibrator":
        """Read what `to_json` wrote."""
        x, p = data["steps"]
        return cls(**{**data, "steps": (list(map(float, x)), list(map(float, p)))})


def fit_calibrator(held: HeldOut, settings: ModelSettings) -> Calibrator:
    """Choose and fit a calibration.

    Parameters
    ----------
    held
        Margins and labels of rows the candidate did not see.
    settings
        From how many positives isotonic is considered.

    Returns
    -------
    Calibrator
        The method with the lower Brier score on rows that did not fit it (the newest fold, or a
        half of the rows where there is one fold), refitted on all; with its reason. The margin as
        it is, at the level of the newest rows, where too few rows of a class are known.
    """
    held = replace(held, margin=bounded(held.margin))
    positives, least = int(held.label.sum()), rarer_count(held.label)
    if least < FEWEST_OF_A_CLASS:
        reason = f"{least} rows of the rarer class, below {FEWEST_OF_A_CLASS}"
        return _levelled(Calibrator(NONE, reason), held)
    if positives < settings.isotonic_min_positives:
        reason = f"{positives} positives, isotonic from {settings.isotonic_min_positives}"
        return _platt(held, reason)
    judge = held.fold == held.fold.max()
    if judge.all():
        judge = np.arange(held.label.size) % 2 == 1
    fitting, judged = _rows(held, ~judge), _rows(held, judge)
    if not both_classes(fitting.label, FEWEST_OF_A_CLASS):
        return _platt(held, "the rows before the newest fold are nearly all of one class")
    error = {}
    for method, fit in ((PLATT, _platt), (ISOTONIC, _isotonic)):
        p = fit(fitting, "").probability(judged.margin, judged.is_whitespace)
        error[method] = brier(judged.label, p)
    chosen = min(error, key=lambda method: (error[method], method != PLATT))
    reason = ", ".join(f"{method} {value:.5f}" for method, value in error.items())
    return (_platt if chosen == PLATT else _isotonic)(held, f"Brier on rows not fitted: {reason}")


def _platt(held: HeldOut, reason: str) -> Calibrator:
    slope, whitespace_slope, _ = _slopes(held)
    shape = Calibrator(PLATT, reason, slope=slope, whitespace_slope=whitespace_slope)
    return _levelled(shape, held)


def _levelled(shape: Calibrator, held: HeldOut) -> Calibrator:
    """Give a shape the level that makes the mean probability of the newest rows their rate."""
    intercept, shift = _shifts(held, shape.shape(held.margin, held.is_whitespace))
    return replace(shape, intercept=intercept, whitespace_shift=shift)


def _isotonic(held: HeldOut, reason: str) -> Calibrator:
    slope, whitespace_slope, offset = _slopes(held)
    line = held.margin * np.where(held.is_whitespace, whitespace_slope, slope)
    steps = rising_steps(line + offset * held.is_whitespace, held.label)
    shape = Calibrator(
        method=ISOTONIC,
        reason=reason,
        slope=slope,
        whitespace_slope=whitespace_slope,
        offset=offset,
        steps=steps,
    )
    return _levelled(shape, held)


def rising_steps(line: np.ndarray, label: np.ndarray) -> tuple[list[float], list[float]]:
    """Return the knots of a centred isotonic regression.

    Parameters
    ----------
    line
        What the rate rises with, one per row.
    label
        0 or 1 per row.

    Returns
    -------
    tuple of list of float
        Lines and logits, both rising; at least one knot.

    References
    ----------
    Oron and Flournoy (2017), Centered isotonic regression: each flat step stands at its centre.
    """
    rate = IsotonicRegression().fit_transform(line, label)
    steps = (
        pl.DataFrame({"line": line, "rate": rate})
        .group_by("rate")
        .agg(pl.col("line").sort().mean(), n=pl.len())
        .sort("rate")
    )
    p, n = steps["rate"].to_numpy().copy(), steps["n"].to_numpy()
    if p.size > 1:
        # A step of one class alone is nearer to it than its neighbour, but not certain.
        if p[0] <= 0:
            p[0] = min(0.5 / (n[0] + 1), p[1] / 2)
        if p[-1] >= 1:
            p[-1] = 1 - min(0.5 / (n[-1] + 1), (1 - p[-2]) / 2)
    return steps["line"].to_list(), _logit(p).tolist()


def _along(line: np.ndarray, steps: tuple[list[float], list[float]]) -> np.ndarray:
    """Go along the knots, and on from the first and the last one as steeply as the line."""
    x, logit = (np.asarray(part) for part in steps)
    beyond = np.minimum(line - x[0], 0.0) + np.maximum(line - x[-1], 0.0)
    return np.interp(line, x, logit) + beyond


def _slopes(held: HeldOut) -> tuple[float, float, float]:
    """Return the slope of owners and of the whitespace, and what the latter is moved by."""
    # One intercept per fold keeps differences of base rate between cutoffs out of the slope.
    folds = np.unique(held.fold)
    dummies = (held.fold[:, None] == folds[None, 1:]).astype(np.float64)
    white = held.is_whitespace.astype(np.float64)
    apart = all(both_classes(held.label[white == part], FEWEST_OF_A_CLASS) for part in (0.0, 1.0))
    margins = [held.margin * (1 - white), held.margin * white, white] if apart else [held.margin]
    model = LogisticRegression(C=1e6, max_iter=1000).fit(
        np.column_stack([*margins, dummies]), held.label
    )
    found = [float(c) for c in model.coef_[0]]
    slope, whitespace_slope, offset = found[:3] if apart else (found[0], found[0], 0.0)
    # A negative slope would turn the ranking round; a margin that says nothing says nothing.
    return max(slope, 0.0), max(whitespace_slope, 0.0), offset


def _shifts(held: HeldOut, logit: np.ndarray) -> tuple[float, float]:
    """Return the intercept of the newest cutoff, and what its whitespace differs by.

    Each makes the mean probability of its rows the rate that was seen there, drawn a little to that
    of all cutoffs: a slice with four buyers says more of its level than the other slice does.
    """
    # Those who calibrate for others may all be of older cutoffs.
    new = held.newest if held.newest.any() else np.ones_like(held.newest)
    everyone = _intercept(logit[new], held.label[new])
    levels = []
    for inside in (~held.is_whitespace, held.is_whitespace):
        usual = _drawn_intercept(logit[inside], held.label[inside], everyone)
        levels.append(_drawn_intercept(logit[new & inside], held.label[new & inside], usual))
    owners, white = levels
    return owners, white - owners


def _drawn_intercept(logit: np.ndarray, label: np.ndarray, prior: float) -> float:
    """Return the likeliest intercept where it is known to lie about `prior`; that one without rows."""
    bought = float(label.sum())

    def slope(b: float) -> float:
        return float(expit(logit + b).sum()) - bought + (b - prior) / LEVEL_VARIANCE

    reach = LEVEL_VARIANCE * (label.size + 1)
    root: Any = brentq(slope, prior - reach, prior + reach)
    return float(root)


def _intercept(logit: np.ndarray, label: np.ndarray) -> float:
    positives = float(label.sum())
    # Half a positive more and less: a slice of one class has no finite intercept.
    target = min(max(positives, 0.5), label.size - 0.5)
    # So far out that all rows together are less than half a positive from none, or from all.
    reach = np.log(2 * label.size) + 1
    low, high = -logit.max() - reach, reach - logit.min()
    root: Any = brentq(lambda b: float(expit(logit + b).sum()) - target, low, high)
    return float(root)


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, FLOOR, 1 - FLOOR)
    return np.log(p / (1 - p))


def _within_floor(p: np.ndarray) -> np.ndarray:
    # Squeezed, for what is clipped ties; the clip takes back what rounding adds at the ends.
    return np.clip(FLOOR + (1 - 2 * FLOOR) * p, FLOOR, 1 - FLOOR)


def _rows(held: HeldOut, keep: np.ndarray) -> HeldOut:
    """Return some of the rows; their newest fold is the newest there is."""
    kept = held.at(keep)
    return replace(kept, newest=kept.fold == kept.fold.max())
