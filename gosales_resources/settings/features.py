"""Settings of the features: the spans of time they look back over, and those of single families."""

from pydantic import Field, field_validator

from gosales_resources.settings.base import StrictModel, slugify


class AssetFeatureSettings(StrictModel):
    """What features say of the installed base (SPEC section 3)."""

    rollups: list[str] = Field(
        default_factory=list,
        description="Item rollups of the register that get columns of their own, in any spelling "
        "of case and signs. Without any, assets are summed up by division.",
    )
    expiring_days: list[int] = Field(
        default=[30, 60, 90],
        min_length=1,
        description="An expiration is looked for in so many days after the cutoff.",
    )
    expiring_guard_days: int = Field(
        default=0,
        ge=0,
        le=366,
        description="So many days after the cutoff are left out before that. 0: the expiration "
        "date of a contract that is signed by the cutoff is known at it.",
    )

    @field_validator("rollups")
    @classmethod
    def _distinct(cls, names: list[str]) -> list[str]:
        slugs = [slugify(name) for name in names]
        if "" in slugs or len(set(slugs)) != len(slugs):
            raise ValueError("rollups must be distinct without case, accents and signs")
        return names

    @field_validator("expiring_days")
    @classmethod
    def _rising(cls, values: list[int]) -> list[int]:
        return _rising_spans(values)


class BasketSettings(StrictModel):
    """Market basket: what customers of a SKU also buy."""

    affinity_lag_days: int = Field(
        default=60, ge=0, description="Rules are made of what was bought so long before the cutoff."
    )
    min_customers: int = Field(
        default=5, ge=1, description="A rule needs so many customers that have SKU and division."
    )
    max_q: float = Field(
        default=0.05, gt=0, le=1, description="Significant up to this Benjamini-Hochberg q-value."
    )


class AlsSettings(StrictModel):
    """Implicit-feedback factors of customers and SKUs (alternating least squares)."""

    als_lookback_months: int = Field(default=24, ge=1, le=240, description="History fitted on.")
    factors: int = Field(default=16, ge=2, le=256, description="Length of a vector.")
    iterations: int = Field(default=10, ge=1, le=200)
    alpha: float = Field(
        default=1.0, ge=0, description="Confidence of a purchase is 1 + alpha log(1 + value)."
    )
    regularization: float = Field(default=1.0, gt=0)
    seed: int = Field(default=20_240_101, ge=0, lt=2**32)


class EncoderSettings(StrictModel):
    """Purchase rates by what a customer is, pooled towards the wider group."""

    window_months: int = Field(default=24, ge=1, le=240, description="Purchases counted.")
    prior_customers: float = Field(
        default=20.0, gt=0, description="Customers of the wider group that a group is blended with."
    )
    attributes: list[str] = Field(
        default_factory=list,
        description="Columns of dim_customer encoded beside industry and sub-industry.",
    )


class FeatureSettings(StrictModel):
    """SPEC section 3."""

    windows_months: list[int] = Field(
        default=[3, 6, 12, 24],
        min_length=1,
        description="Windows of sums, returns and margins, in calendar months.",
    )
    offset_days: int = Field(
        default=60, ge=1, le=731, description="Offset windows end so many days before the cutoff."
    )
    delta_months: int = Field(
        default=12, ge=1, le=60, description="Deltas compare so many months with as many before."
    )
    trajectory_months: int = Field(
        default=12, ge=3, le=60, description="Slope and deviation are over so many monthly sums."
    )
    seasonality_months: int = Field(
        default=24,
        ge=12,
        le=120,
        multiple_of=12,
        description="Shares of the quarters are over so many months: whole years.",
    )
    share_months: int = Field(
        default=12,
        ge=1,
        le=120,
        description="Shares of divisions, reps and branches, and breadth, are over so many months.",
    )
    tenure_bounds_days: list[int] = Field(
        default=[90, 365, 1095],
        min_length=1,
        description="Bounds of the tenure buckets: from each, a new bucket begins.",
    )
    half_lives_days: list[int] = Field(
        default=[30, 90, 180],
        min_length=1,
        description="Half-lives of the decays of recency, in days.",
    )
    recency_floor_days: int = Field(default=30, ge=0, description="Recency is floored at this.")
    off: list[str] = Field(
        default=["encoder"],
        description="Families of features that are not computed. `encoder` is off: beside the "
        "attributes themselves it moved whitespace AUC by -0.002 to +0.001, within its error.",
    )
    basket: BasketSettings = Field(default_factory=BasketSettings)
    als: AlsSettings = Field(default_factory=AlsSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    assets: AssetFeatureSettings = Field(default_factory=AssetFeatureSettings)

    @field_validator("windows_months", "half_lives_days", "tenure_bounds_days")
    @classmethod
    def _rising(cls, values: list[int]) -> list[int]:
        return _rising_spans(values)


def _rising_spans(values: list[int]) -> list[int]:
    """Return spans of time as they are, if they are positive and rise."""
    if any(v <= 0 for v in values) or sorted(set(values)) != values:
        raise ValueError("give positive values in rising order, each once")
    return values
