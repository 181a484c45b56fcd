"""Which candidate wins, for the whitespace and for owners: all are judged on the same held-out rows.

Lift decides what it can. What lies within one standard error of the best goes by the Brier score,
and what that cannot tell apart either goes to the candidate that most models agreed on: a mean of
models errs less than any of them where none is known to be better.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from gosales_assets.models.calibration.calibrator import HeldOut
from gosales_assets.models.calibration.lines import bounded, fit_line, squared_errors
from gosales_assets.models.learners.candidates import BLEND, kinds
from gosales_assets.models.rows.classes import both_classes
from gosales_assets.models.rows.slices import ALL, OWNERS, WHITESPACE
from gosales_assets.models.training.trials import HeldOutRows, Trial, best_of_each_kind
from gosales_checks.measures.ordering import top_count
from gosales_checks.measures.ranking import auc, lift_at
from gosales_resources.settings.models import ModelSettings

TOP = 0.10
# A slice below this many rows, or rows of the rarer class, says too little to choose by.
SLICE_ROWS, SLICE_OUTCOMES = 50, 10
# Standard errors that a difference of Brier scores is told apart by.
SIGNIFICANT = 2.0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a candidate reached on one slice, mean over the folds."""

    lift: float
    lift_se: float
    auc: float
    errors: np.ndarray
    """Squared error per row of the probabilities that a line through the margins gives."""


UNKNOWN = Judgement(lift=np.nan, lift_se=np.nan, auc=np.nan, errors=np.array([np.nan]))


@dataclass(frozen=True)
class Mixture:
    """A mean of trials, and how it was judged on each slice that says enough."""

    members: tuple[Trial, ...]
    margin: np.ndarray
    judged: Mapping[str, Judgement]

    @property
    def name(self) -> str:
        """The members' names."""
        names = [one.candidate.name for one in self.members]
        return names[0] if len(names) == 1 else f"{BLEND}({' + '.join(names)})"


@dataclass(frozen=True)
class Winner:
    """The mixtures that won: one for owners, one for the whitespace, often the same."""

    owners: Mixture
    whitespace: Mixture
    held: HeldOut

    @property
    def members(self) -> list[Trial]:
        """Trials that either needs, in the order of `kinds`: the final fits have the pooled trees last."""
        both = [*self.owners.members, *self.whitespace.members]
        named = {one.candidate.name: one for one in both}
        order = kinds()

        def place(one: Trial) -> tuple[int, bool]:
            return order.index(one.candidate.kind), one.candidate.on_whitespace

        return sorted(named.values(), key=place)

    @property
    def shares(self) -> list[tuple[float, float]]:
        """What each member counts, for owners and for the whitespace."""
        return [(_share(self.owners, one), _share(self.whitespace, one)) for one in self.members]

    @property
    def name(self) -> str:
        """Who won where."""
        if self.owners.name == self.whitespace.name:
            return self.owners.name
        return f"{WHITESPACE}: {self.whitespace.name}; {OWNERS}: {self.owners.name}"


def mix(trials: Sequence[Trial], rows: HeldOutRows) -> list[Mixture]:
    """Judge the best trial of each kind, and all means of them, the broadest mean first.

    A kind that was also fitted on the whitespace alone stands for itself in three ways there: as
    fitted on everyone, on the whitespace, or both. Which of a kind is best is decided by log loss
    over all rows, which needs fewer of them to tell than lift does.
    """
    everyone = [one for one in trials if not one.candidate.on_whitespace]
    alone = {one.candidate.kind: one for one in trials if one.candidate.on_whitespace}
    found = []
    for trained in _subsets(best_of_each_kind(everyone, rows.label)):
        narrowed = [alone[one.candidate.kind] for one in trained if one.candidate.kind in alone]
        others = [one for one in trained if one.candidate.kind not in alone]
        found.append(trained)
        if narrowed:
            found += [(*others, *narrowed), (*trained, *narrowed)]
    found.sort(key=len, reverse=True)
    return [mixture for members in found if (mixture := judge(members, rows)).judged]


def judge(members: tuple[Trial, ...], rows: HeldOutRows) -> Mixture:
    """Measure a mean of trials on each slice that says enough and that all of them know."""
    margin = np.mean([one.margin for one in members], axis=0)
    parts = {WHITESPACE: rows.is_whitespace}
    if not any(one.candidate.on_whitespace for one in members):
        parts |= {ALL: np.ones(margin.size, dtype=bool), OWNERS: ~rows.is_whitespace}
    judged = {}
    for name, inside in parts.items():
        label = rows.label[inside]
        enough = label.size >= SLICE_ROWS and both_classes(label, SLICE_OUTCOMES)
        if name == ALL or enough:
            judged[name] = judge_slice(margin[inside], label, rows.ties[inside], rows.fold[inside])
    return Mixture(members, margin, judged)


def judge_slice(
    margin: np.ndarray, label: np.ndarray, ties: np.ndarray, fold: np.ndarray
) -> Judgement:
    """Measure margins on one slice.

    Parameters
    ----------
    margin
        Logits, one per row.
    label
        0 or 1 per row.
    ties
        `tie_breaker` of the customer per row.
    fold
        Number of the fold per row: lift and AUC are means over folds that have both classes.

    Returns
    -------
    Judgement
        Lift and AUC are nan where no fold has both classes.
    """
    lifts, errors, areas = [], [], []
    for one in np.unique(fold):
        at = fold == one
        y, m = label[at], margin[at]
        if not 0 < y.sum() < y.size:
            continue
        rate = float(y.mean())
        lift = lift_at(y, m, ties[at], TOP)
        top = top_count(y.size, TOP)
        # Two successes in four further rows (Agresti and Coull): a top without a buyer is not certain.
        top_rate = (min(lift * rate, 1.0) * top + 2) / (top + 4)
        lifts.append(lift)
        errors.append(np.sqrt(top_rate * (1 - top_rate) / (top + 4)) / rate)
        areas.append(auc(y, m))
    squared = squared_errors(margin, label)
    if not lifts:
        return replace(UNKNOWN, errors=squared)
    return Judgement(
        lift=float(np.mean(lifts)),
        lift_se=float(np.sqrt(np.sum(np.square(errors))) / len(errors)),
        auc=float(np.mean(areas)),
        errors=squared,
    )


def choose(judged: Sequence[Judgement]) -> int:
    """Return the place of the winner.

    Parameters
    ----------
    judged
        The candidates on the same rows, the one that is preferred on equal terms first.

    Returns
    -------
    int
        Of those whose lift lies within one standard error of the best lift, and whose Brier score
        lies within two standard errors of the best of them (of the difference, row by row), the
        first.
    """
    best = max(judged, key=lambda one: _known(one.lift))
    floor = _known(best.lift) - (0.0 if np.isnan(best.lift_se) else best.lift_se)
    near = [at for at, one in enumerate(judged) if _known(one.lift) >= floor]
    least = min(near, key=lambda at: float(judged[at].errors.mean()))
    return next(at for at in near if _as_good(judged[at].errors - judged[least].errors))


def select(mixtures: Sequence[Mixture], rows: HeldOutRows, settings: ModelSettings) -> Winner:
    """Choose for owners and for the whitespace, by the slice that the settings name.

    Parameters
    ----------
    mixtures
        In order of preference; see `mix`.
    rows
        The rows they are judged on.
    settings
        `selection_slice`.

    Returns
    -------
    Winner
        A slice with too few rows or buyers goes by all customers.
    """
    wanted = {
        "each": (OWNERS, WHITESPACE),
        WHITESPACE: (WHITESPACE, WHITESPACE),
        ALL: (ALL, ALL),
    }[settings.selection_slice]
    owners, whitespace = (_best_on(name, mixtures) for name in wanted)
    margin = np.where(rows.is_whitespace, whitespace.margin, owners.margin)
    held = HeldOut(
        margin=margin,
        label=rows.label,
        is_whitespace=rows.is_whitespace,
        fold=rows.fold,
        newest=rows.newest,
        row=rows.row,
    )
    return Winner(owners, whitespace, held)


def _best_on(name: str, mixtures: Sequence[Mixture]) -> Mixture:
    """Choose on a slice, or on all customers where it says too little."""
    slice_ = name if any(name in one.judged for one in mixtures) else ALL
    known = [one for one in mixtures if slice_ in one.judged]
    return known[choose([one.judged[slice_] for one in known])]


def aligned_margins(held: HeldOut) -> np.ndarray:
    """Bring the margins of two mixtures onto one scale, each by a line of its own.

    Parameters
    ----------
    held
        Margins of the whitespace by one mixture, of owners by another.

    Returns
    -------
    numpy.ndarray
        Logits, one per row.
    """
    aligned = held.margin.copy()
    for inside in (held.is_whitespace, ~held.is_whitespace):
        if inside.any():
            slope, intercept = fit_line(held.margin[inside], held.label[inside])
            aligned[inside] = slope * bounded(held.margin[inside]) + intercept
    return aligned


def _subsets(trials: Sequence[Trial]) -> Iterator[tuple[Trial, ...]]:
    for count in range(1, len(trials) + 1):
        yield from combinations(trials, count)


def _as_good(difference: np.ndarray) -> bool:
    """Tell whether errors are not significantly larger: at one standard error, means lost too often."""
    return bool(difference.mean() <= SIGNIFICANT * difference.std() / np.sqrt(difference.size))


def _share(mixture: Mixture, trial: Trial) -> float:
    names = [one.candidate.name for one in mixture.members]
    return 1.0 / len(names) if trial.candidate.name in names else 0.0


def _known(value: float) -> float:
    return -np.inf if np.isnan(value) else value
