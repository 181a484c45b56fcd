"""The door of learners: another one is a class and a registry line, and is trained, kept and asked like all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from gosales_assets.models.bundle.bundle import load_bundle
from gosales_assets.models.bundle.model import Card, DivisionModel
from gosales_assets.models.bundle.pooled_bundle import PooledCard
from gosales_assets.models.learners.input_map import NOWHERE, InputMap
from gosales_assets.models.learners.learner import Contributions, Learner, Parameters
from gosales_assets.models.learners.registry import LEARNERS
from gosales_assets.models.rows.model_inputs import ModelInputs, TrainingInputs
from gosales_assets.models.rows.preparation import Preparation, prepare_rows
from gosales_assets.models.scoring.drivers import explain_sample
from gosales_assets.models.scoring.scoring import score
from gosales_assets.models.value.value_bundle import ValueCard
from gosales_checks.contracts.models import FITTED, MODEL, POOLED_MODEL
from gosales_checks.contracts.values import VALUE_MODEL
from gosales_resources.settings.models import ModelSettings
from tests.worlds.training import SETTINGS, C, customers, features, matrix, train


@dataclass(frozen=True)
class Centroids(Learner):
    """Ranks by the line from the middle of non-buyers to the middle of buyers."""

    kind: ClassVar[str] = "centroids"
    key: ClassVar[str] = "centroids"

    base: float
    weights: np.ndarray

    @classmethod
    def grid(cls, settings: ModelSettings) -> list[Parameters]:
        return [{"shrink": 0.1}]

    @classmethod
    def fit(cls, rows, parameters, settings, stop_on) -> "Centroids":
        z, bought = rows.standardised.astype(float), rows.label == 1
        apart = z[bought].mean(axis=0) - z[~bought].mean(axis=0)
        return cls(float(np.log(bought.mean() / (1 - bought.mean()))), parameters["shrink"] * apart)

    def refit(self, rows, parameters, settings, *, rounds, unseen) -> "Centroids":
        return self.fit(rows, parameters, settings, unseen)

    def margin(self, rows: ModelInputs, rounds: int | None = None) -> np.ndarray:
        return self.base + np.einsum("ij,j->i", rows.standardised.astype(float), self.weights)

    def contributions(self, rows: ModelInputs) -> Contributions:
        by_column = rows.standardised * self.weights
        count = len(rows.preparation.columns)
        by_input = by_column[:, :count].copy()
        for place, at in enumerate(rows.preparation.flagged, start=count):
            by_input[:, at] += by_column[:, place]
        return Contributions(by_input, np.full(by_input.shape[0], self.base))

    def used_inputs(self, preparation: Preparation) -> np.ndarray:
        return self.weights != 0

    def remapped(self, to: InputMap) -> "Centroids":
        weights, kept = np.zeros(to.width), to.places != NOWHERE
        weights[to.places[kept]] = self.weights[kept]
        return Centroids(self.base, weights)

    def to_json(self, number: int) -> tuple[dict[str, Any], dict[str, bytes]]:
        name = f"centroids-{number}.json"
        return {"base": self.base, "file": name}, {name: json.dumps(self.weights.tolist()).encode()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], files: Mapping[str, bytes]) -> "Centroids":
        return cls(data["base"], np.array(json.loads(files[data["file"]])))


@pytest.fixture
def registry():
    """Let a test change the kinds that there are, and put them back in their order."""
    kept = dict(LEARNERS)
    yield LEARNERS
    LEARNERS.clear()
    LEARNERS.update(kept)


def test_another_learner_is_tried_beside_the_others(registry):
    registry[Centroids.kind] = Centroids
    tried = {one["kind"] for one in train(matrix(300)).candidates}
    assert tried == {"logistic_regression", "lightgbm", "centroids", "blend"}


def test_another_learner_alone_is_trained_kept_scored_and_explained(registry):
    registry.clear()
    registry[Centroids.kind] = Centroids
    made = train(matrix())
    files = made.to_files()
    opened = load_bundle(files)
    assert opened.card.status == FITTED
    assert {type(one) for one in opened.members} == {Centroids}
    assert "centroids-1.json" in files
    fresh = customers(C, 1000, seed=1)
    scores = score(opened, features(fresh))
    assert roc_auc_score(fresh["label"], scores["p_icp"]) > 0.7
    table = features(fresh).collect()
    rows, white = ModelInputs.of(opened.preparation, table), table["is_whitespace"].to_numpy()
    found = opened.contributions(rows, white)
    assert found.margin == pytest.approx(scores["margin"].to_numpy(), abs=1e-6)
    drivers, _ = explain_sample(opened, table, 5)
    assert (
        drivers["coefficient"].null_count() == drivers["gain_frac"].null_count() == drivers.height
    )


@pytest.fixture(scope="module")
def trained() -> DivisionModel:
    return train(matrix())


def test_an_opened_model_is_the_one_that_was_trained(trained):
    files = trained.to_files()
    opened = load_bundle(files)
    assert opened.to_files() == files
    assert opened.card == trained.card
    assert (opened.candidates, opened.warnings) == (trained.candidates, trained.warnings)


@pytest.mark.parametrize(
    ("card", "contract", "lists"),
    [
        (Card, MODEL, {"training_cutoffs": "training_cutoff_count"}),
        (PooledCard, POOLED_MODEL, {"training_cutoffs": "training_cutoff_count",
                                    "folds": "fold_count"}),
        (ValueCard, VALUE_MODEL, {"training_cutoffs": "training_cutoff_count"}),
    ],
    ids=["model", "pooled model", "value model"],
)  # fmt: skip
def test_a_card_has_the_columns_of_its_contract(card, contract, lists):
    names = [lists.get(field.name, field.name) for field in fields(card)]
    assert names == list(contract.schema.columns())


def test_part_of_the_training_rows_has_the_inputs_of_these_rows():
    table = matrix(300)
    prepared, raw = prepare_rows(table, SETTINGS)
    whole = TrainingInputs(prepared, raw, table["label"].to_numpy())
    at = np.arange(3, table.height, 7)
    part, alone = whole.at(at), ModelInputs.of(prepared, table[at])
    assert np.array_equal(part.raw, alone.raw, equal_nan=True)
    assert np.array_equal(part.standardised, alone.standardised)
    assert np.array_equal(part.label, part.binned.get_label())


def test_an_input_map_finds_inputs_and_their_indicators_by_name():
    table = matrix(300)
    prepared, _ = prepare_rows(table, SETTINGS)
    narrowed = Preparation(prepared.features, prepared.levels, prepared.columns[::-1][:4])
    to = InputMap.between(prepared, narrowed)
    count = len(prepared.columns)
    inputs = to.places[:count].tolist()
    assert inputs == [NOWHERE] * (count - 4) + [3, 2, 1, 0]
    flagged = [prepared.columns[at].name for at in prepared.flagged]
    kept = [narrowed.columns[at].name for at in narrowed.flagged]
    expected = [4 + kept.index(name) if name in kept else NOWHERE for name in flagged]
    assert to.places[count:].tolist() == expected
    assert to.width == 4 + len(kept)
