"""Settings of the training (SPEC section 4): candidates, selection, calibration, guardrails."""

import re
from typing import Literal

from pydantic import Field, field_validator

from gosales_resources.settings.base import StrictModel


class ModelSettings(StrictModel):
    """Candidates, selection, calibration, guardrails."""

    training_cutoffs: int = Field(
        default=4,
        ge=1,
        le=40,
        description="Newest mature cutoffs that a model is fitted on. Where label windows overlap, "
        "older ones are read too, so that candidates can be compared by time.",
    )
    validation_cutoffs: int = Field(
        default=3, ge=1, le=12, description="Newest training cutoffs that candidates are judged on."
    )
    seed: int = Field(default=20_240_101, ge=0)
    selection_slice: Literal["each", "whitespace", "all"] = Field(
        default="each",
        description="Whom the candidates are compared on: the whitespace and the owners apart, each "
        "with a winner of its own; the whitespace, for everyone; or all customers. A slice with too "
        "few buyers goes by all customers.",
    )
    populations: list[Literal["all", "whitespace"]] = Field(
        default=["all", "whitespace"],
        min_length=1,
        description="Whom the candidates are fitted on: all customers, always; and the whitespace "
        "alone, the best of each kind once more, for the whitespace. Means of both are tried too.",
    )
    linear_strengths: list[float] = Field(
        default=[0.003, 0.01, 0.03],
        min_length=1,
        description="Inverse penalties C of the logistic regressions.",
    )
    linear_l1_ratios: list[float] = Field(
        default=[0.5], min_length=1, description="L1 shares of their elastic net; 0 is ridge."
    )
    tree_leaves: list[int] = Field(
        default=[4, 15], min_length=1, description="num_leaves of the boosted trees."
    )
    tree_leaf_fracs: list[float] = Field(
        default=[0.005],
        min_length=1,
        description="min_data_in_leaf as a share of the training rows; 20 rows at least.",
    )
    tree_rounds: int = Field(default=300, ge=10, le=5000, description="Most boosting rounds.")
    learning_rates: list[float] = Field(
        default=[0.1], min_length=1, description="Learning rates of the boosted trees."
    )
    feature_fractions: list[float] = Field(
        default=[0.2], min_length=1, description="Shares of the inputs that a tree sees."
    )
    bagging_fractions: list[float] = Field(
        default=[0.8], min_length=1, description="Shares of the rows that a tree sees."
    )
    positive_weight_max: float = Field(
        default=1.0,
        ge=1,
        le=100,
        description="A buyer counts up to so many others in the fit, as far as there are more of "
        "them; the calibration takes it back.",
    )
    finalists: int = Field(
        default=1,
        ge=1,
        description="Of each kind so many, the best on the newest fold, are tried on the others too.",
    )
    top_categories: int = Field(
        default=12,
        ge=1,
        le=100,
        description="Indicators kept per category column, by training frequency.",
    )
    min_positives: int = Field(
        default=20,
        ge=2,
        description="Fewer rows of either class than this: the prior rate, no model.",
    )
    isotonic_min_positives: int = Field(
        default=1000, ge=50, description="Isotonic calibration only with so many positives."
    )
    search_rows: int = Field(
        default=12_000,
        ge=500,
        description="Rows that candidates are compared on; the winner gets all.",
    )
    training_rows: int = Field(
        default=250_000,
        ge=1000,
        description="About so many rows, over all training cutoffs, does the model of a division "
        "learn from; beyond that from a sample of customers, drawn by their hash, so that a "
        "company of millions fits into memory.",
    )
    leaky_auc: float = Field(
        default=0.995, gt=0.5, le=1, description="A feature that alone reaches this AUC is dropped."
    )
    leaky_names: list[str] = Field(
        default=[r"(^|_)(label|outcome|future|next)(_|$)"],
        description="Regular expressions; a feature whose name has such a part is dropped as a leak.",
    )
    pooled_rows: int = Field(
        default=100_000,
        ge=1000,
        description="Rows over all divisions and training cutoffs that the pooled model is fitted on.",
    )
    overfit_gap: float = Field(
        default=0.15,
        gt=0,
        lt=1,
        description="Training AUC above validation AUC by more: tried once more with stronger "
        "regularisation, then a failed check.",
    )

    @field_validator("populations")
    @classmethod
    def _with_all(cls, values: list[str]) -> list[str]:
        if "all" not in values:
            raise ValueError("give 'all' too: owners are scored by what is fitted on everyone")
        return values

    @field_validator("linear_strengths")
    @classmethod
    def _positive(cls, values: list[float]) -> list[float]:
        if any(v <= 0 for v in values):
            raise ValueError("give positive strengths")
        return values

    @field_validator("learning_rates", "feature_fractions", "bagging_fractions")
    @classmethod
    def _fractions(cls, values: list[float]) -> list[float]:
        if any(not 0 < v <= 1 for v in values):
            raise ValueError("give numbers above 0 and up to 1")
        return values

    @field_validator("linear_l1_ratios", "tree_leaf_fracs")
    @classmethod
    def _shares(cls, values: list[float]) -> list[float]:
        if any(not 0 <= v <= 1 for v in values):
            raise ValueError("give numbers from 0 to 1")
        return values

    @field_validator("tree_leaves")
    @classmethod
    def _leaves(cls, values: list[int]) -> list[int]:
        if any(v < 2 for v in values):
            raise ValueError("a tree has at least 2 leaves")
        return values

    @field_validator("leaky_names")
    @classmethod
    def _patterns(cls, values: list[str]) -> list[str]:
        for value in values:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"'{value}' is not a regular expression: {error}") from error
        return values

    @property
    def tries_whitespace_alone(self) -> bool:
        """Whether a fit on the whitespace alone could win: only where it has a winner of its own."""
        return "whitespace" in self.populations and self.selection_slice == "each"

    def stronger(self) -> "ModelSettings":
        """Return the same search over simpler models."""
        return self.model_copy(
            update={
                "linear_strengths": [c / 10 for c in self.linear_strengths],
                "tree_leaves": list(dict.fromkeys(max(2, n // 2) for n in self.tree_leaves)),
                "tree_leaf_fracs": [min(4 * share, 0.5) for share in self.tree_leaf_fracs],
            }
        )
