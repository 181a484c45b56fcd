"""The search for a winner among the candidates of a division, once more over simpler ones where it overfits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit

from gosales_assets.models.calibration.calibrator import HeldOut
from gosales_assets.models.learners.learner import Learner, mixed
from gosales_assets.models.learners.narrowing import narrow_inputs
from gosales_assets.models.learners.pooled import PooledTrees, join_pooled
from gosales_assets.models.rows.folds import Fold, crossed, fitted_rows
from gosales_assets.models.rows.model_inputs import TrainingInputs
from gosales_assets.models.rows.preparation import Preparation
from gosales_assets.models.rows.slices import ALL, WHITESPACE
from gosales_assets.models.training.fold_inputs import FoldCutter, FoldInputs
from gosales_assets.models.training.selection import Mixture, Winner, aligned_margins, mix, select
from gosales_assets.models.training.trials import HeldOutRows, Trial, run_trials
from gosales_resources.settings.models import ModelSettings


@dataclass(frozen=True)
class SearchResult:
    """What was tried, and who won."""

    mixtures: list[Mixture]
    winner: Winner
    rows: HeldOutRows

    @property
    def overfit_gap(self) -> float:
        """How much better the winner's members know their training rows, at most: AUC less AUC."""
        valid = {
            one.name: one.judged[ALL if ALL in one.judged else WHITESPACE].auc
            for one in self.mixtures
            if len(one.members) == 1
        }
        return max(one.train_auc - valid[one.candidate.name] for one in self.winner.members)


@dataclass(frozen=True)
class Search:
    """What a search over candidates is run on."""

    matrix: pl.DataFrame
    inputs: TrainingInputs
    folds: Sequence[Fold]
    pooled: PooledTrees | None

    def run(self, settings: ModelSettings) -> SearchResult:
        """Find the winner; again over simpler candidates where it overfits.

        Parameters
        ----------
        settings
            Grid, how candidates are chosen, which gap is overfitting.

        Returns
        -------
        SearchResult
            The second search's where that one overfits less and predicts no worse.
        """
        found = self._run_once(settings)
        if found.overfit_gap > settings.overfit_gap:
            return _less_overfit(found, self._run_once(settings.stronger()))
        return found

    def fit_winner(
        self, winner: Winner, settings: ModelSettings
    ) -> tuple[Preparation, list[Learner]]:
        """Fit the winner's members on all training rows.

        Parameters
        ----------
        winner
            Of this search.
        settings
            As it ran under.

        Returns
        -------
        tuple
            The inputs that the members ask for, and the members over them.
        """
        fitted = [
            self._refit(one, one.newest, settings)
            for one in winner.members
            if one.newest is not None
        ]
        prepared = self.inputs.preparation
        # The pooled trees are fitted already, and the last of the members.
        if self.pooled is not None and len(fitted) < len(winner.members):
            return narrow_inputs(*join_pooled(prepared, fitted, self.pooled))
        return narrow_inputs(prepared, fitted)

    def cross_fit(self, winner: Winner, settings: ModelSettings) -> HeldOut:
        """Ask the winner about the training rows, as `fit_winner` fits it, but fitted on other customers.

        Parameters
        ----------
        winner
            Of this search.
        settings
            As it ran under; how many rows are looked at.

        Returns
        -------
        HeldOut
            Margins like those that will be published, one per row of the training cutoffs.
        """
        cutter = FoldCutter(self.matrix, self.inputs, settings.search_rows)
        folds = crossed(self.matrix, settings)
        data = [cutter.prepare(fold) for fold in folds]
        white = [cutter.is_whitespace[part.valid_rows] for part in data]
        margins = [
            mixed(
                [self._crossed(one, fold, part, cutter, settings) for one in winner.members],
                winner.shares,
                inside,
            )
            for fold, part, inside in zip(folds, data, white, strict=True)
        ]
        rows = np.concatenate([part.valid_rows for part in data])
        at = self.matrix["cutoff"][rows].rank("dense").to_numpy()
        return HeldOut(
            margin=np.concatenate(margins),
            label=self.inputs.label[rows],
            is_whitespace=cutter.is_whitespace[rows],
            fold=at,
            newest=at == at.max(),
            row=rows,
        )

    def _crossed(
        self,
        trial: Trial,
        fold: Fold,
        part: FoldInputs,
        cutter: FoldCutter,
        settings: ModelSettings,
    ) -> np.ndarray:
        """Return a member's margins of a fold's rows, by a fit on the other customers."""
        if trial.newest is None:
            if self.pooled is None:
                raise ValueError("the pooled trees won, and are not there")
            return self.pooled.held_out(fold.name, self.matrix[part.valid_rows])
        if trial.candidate.on_whitespace:
            part = cutter.narrow(part, fold)
        fitted = trial.newest.refit(
            part.train,
            trial.candidate.parameters,
            settings,
            rounds=trial.rounds,
            unseen=self._unseen(trial),
        )
        return fitted.margin(part.valid)

    def _run_once(self, settings: ModelSettings) -> SearchResult:
        trials, rows = run_trials(self.matrix, self.inputs, self.folds, settings, self.pooled)
        mixtures = mix(trials, rows)
        return SearchResult(mixtures, select(mixtures, rows, settings), rows)

    def _refit(self, trial: Trial, newest: Learner, settings: ModelSettings) -> Learner:
        wanted = fitted_rows(self.matrix, settings)
        if trial.candidate.on_whitespace:
            wanted &= self.matrix["is_whitespace"].to_numpy()
        return newest.refit(
            self.inputs if wanted.all() else self.inputs.at(wanted.nonzero()[0]),
            trial.candidate.parameters,
            settings,
            rounds=trial.rounds,
            unseen=self._unseen(trial),
        )

    def _unseen(self, trial: Trial) -> TrainingInputs:
        """Return rows that a trial's fit on the newest fold was not fitted on."""
        unseen = self.folds[-1].valid
        if trial.candidate.on_whitespace:
            unseen = unseen[self.matrix["is_whitespace"].to_numpy()[unseen]]
        return self.inputs.at(unseen)


def _less_overfit(first: SearchResult, second: SearchResult) -> SearchResult:
    """Take the more regularised search where it overfits less and predicts no worse."""
    errors = [_squared_errors(found) for found in (first, second)]
    difference = errors[1] - errors[0]
    no_worse = difference.mean() <= difference.std() / np.sqrt(difference.size)
    return second if second.overfit_gap < first.overfit_gap and no_worse else first


def _squared_errors(found: SearchResult) -> np.ndarray:
    held = found.winner.held
    return (expit(aligned_margins(held)) - held.label) ** 2
