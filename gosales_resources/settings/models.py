"""Settings of models (SPEC section 4): training, explanation, promotion."""

from pydantic import Field, field_validator

from gosales_resources.settings.base import StrictModel


class ModelSettings(StrictModel):
    """Candidates, selection, calibration, guardrails."""

    training_cutoffs: int = Field(
        default=4, ge=1, le=40, description="Newest mature cutoffs to train on."
    )
    validation_cutoffs: int = Field(
        default=3, ge=1, le=12, description="Newest training cutoffs that candidates are judged on."
    )
    seed: int = Field(default=20_240_101, ge=0)
    linear_strengths: list[float] = Field(
        default=[0.001, 0.01, 0.1],
        min_length=1,
        description="Inverse L2 penalties C of the logistic regressions.",
    )
    tree_leaves: list[int] = Field(
        default=[4, 15], min_length=1, description="num_leaves of the boosted trees."
    )
    tree_rounds: int = Field(default=300, ge=10, le=5000, description="Most boosting rounds.")
    learning_rate: float = Field(default=0.05, gt=0, le=1)
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
    leaky_auc: float = Field(
        default=0.995, gt=0.5, le=1, description="A feature that alone reaches this AUC is dropped."
    )
    overfit_gap: float = Field(
        default=0.15,
        gt=0,
        lt=1,
        description="Training AUC above validation AUC by more is a warning.",
    )

    @field_validator("linear_strengths")
    @classmethod
    def _positive(cls, values: list[float]) -> list[float]:
        if any(v <= 0 for v in values):
            raise ValueError("give positive strengths")
        return values

    @field_validator("tree_leaves")
    @classmethod
    def _leaves(cls, values: list[int]) -> list[int]:
        if any(v < 2 for v in values):
            raise ValueError("a tree has at least 2 leaves")
        return values


class ExplanationSettings(StrictModel):
    """How models are measured and explained."""

    bootstrap_draws: int = Field(
        default=200,
        ge=50,
        le=20_000,
        description="Resamples of customers behind the intervals of a training's own measures.",
    )
    seed: int = Field(default=20_240_101, ge=0)
    sample_rows: int = Field(
        default=1000, ge=10, description="Customers that SHAP importances are means over."
    )
    shown_customers: int = Field(
        default=50, ge=0, description="Customers whose single contributions are kept."
    )
    scored_frac: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of each slice's ranking, best first, whose scores name their drivers.",
    )
    interval_level: float = Field(
        default=0.9, gt=0, lt=1, description="Level of the interval around p_icp."
    )
    drivers_shown: int = Field(default=3, ge=1, le=20, description="Drivers named by a score.")
