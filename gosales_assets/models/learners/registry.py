"""The kinds of learners that are tried, simplest first, by their name among candidates."""

from gosales_assets.models.learners.learner import Learner
from gosales_assets.models.learners.linear import Linear
from gosales_assets.models.learners.trees import Trees

LEARNERS: dict[str, type[Learner]] = {
    Linear.kind: Linear,
    Trees.kind: Trees,
}
