"""Settings of the whitespace list: who may be called, in which order, and how many."""

from typing import Literal

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel
from gosales_resources.settings.capacity import CapacitySettings
from gosales_resources.settings.experiment import ExperimentSettings


class GateSettings(StrictModel):
    """Who is not called. A gate whose table is not configured is off, and the list says so."""

    reinclude_expired_days: int = Field(
        default=365,
        ge=0,
        description="Owners all of whose assets of the division expired at least so many days ago "
        "may be called again.",
    )
    recent_contact_days: int = Field(
        default=21, ge=0, description="Contacted within so many days: not called; 0 turns it off."
    )
    open_deals: bool = Field(
        default=True, description="Not called about a division that a deal is open for."
    )
    region_mismatch: bool = Field(
        default=True,
        description="Not called where no book that the customer is in is of the customer's region.",
    )
    not_customers: list[str] = Field(
        default_factory=list, description="Ids that are no customers: own companies, cash sales."
    )

    @property
    def turned_off(self) -> list[str]:
        """Gates that these settings turn off, in their order."""
        is_on = {
            "recent_contact": self.recent_contact_days > 0,
            "open_deal": self.open_deals,
            "region_mismatch": self.region_mismatch,
        }
        return [gate for gate, on in is_on.items() if not on]


class WhitespaceSettings(StrictModel):
    """SPEC section 5."""

    order: Literal["wins", "value", "blend"] = Field(
        default="wins",
        description="What the list is ordered by: `wins` the probability, `value` probability times "
        "value, `blend` the weighted sum of all four signals.",
    )
    normalisation: Literal["pooled", "percentile"] = Field(
        default="pooled",
        description="Signals as percentiles over all divisions, or within each division.",
    )
    divisions: list[str] = Field(
        default_factory=list,
        description="The divisions and SKU targets that the list ranks, by name or partition key; "
        "empty for all. Of the others models and scores are made, and no signals.",
    )
    weight_p_icp: float = Field(
        allow_inf_nan=False,
        default=0.60,
        ge=0,
        description="Weight of the probability in a `blend`.",
    )
    weight_lift: float = Field(
        allow_inf_nan=False,
        default=0.20,
        ge=0,
        description="Weight of the market basket in a `blend`.",
    )
    weight_als: float = Field(
        allow_inf_nan=False,
        default=0.10,
        ge=0,
        description="Weight of the similarity to owners in a `blend`.",
    )
    weight_ev: float = Field(
        allow_inf_nan=False,
        default=0.10,
        ge=0,
        description="Weight of the expected value in a `blend`.",
    )
    coverage_floor: float = Field(
        default=0.30,
        gt=0,
        le=1,
        description="Market basket and similarity have their full weight where at least this share "
        "of the candidates has them, less in proportion below.",
    )
    coverage_by_segment: bool = Field(
        default=False, description="Coverage by segment instead of overall."
    )
    segment_min_rows: int = Field(
        default=250, ge=1, description="A segment of fewer candidates has the overall coverage."
    )
    gates: GateSettings = Field(default_factory=GateSettings)
    cooldown_days: int = Field(
        default=30,
        ge=0,
        description="Surfaced within so many days and not acted on: the score is cut; 0 turns it off.",
    )
    cooldown_factor: float = Field(
        default=0.75, ge=0, le=1, description="What the score of such a row is multiplied with."
    )
    capacity: CapacitySettings = Field(
        default_factory=CapacitySettings, description="How many of the ranked are to be called."
    )
    experiment: ExperimentSettings = Field(
        default_factory=ExperimentSettings,
        description="Who of the list is left alone, to measure what calling brings; off by default.",
    )
    ev_cap_quantile: float = Field(
        default=0.95, gt=0, le=1, description="Conditional values are capped at this quantile."
    )
    ev_shrinkage_buyers: float = Field(
        default=20.0,
        ge=0,
        description="Pseudo-buyers that pull a segment's value to the division's.",
    )

    wallet_quantile: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Quantile of what peers spend in a division in 12 months that `wallet` holds a "
        "customer's own spend against, 0.8 for instance; without it there is no wallet.",
    )
    wallet_min_peers: int = Field(
        default=20,
        ge=1,
        description="Fewer buyers of the same industry and size are no peers: all buyers of the "
        "division stand in; fewer of those: no wallet.",
    )

    @model_validator(mode="after")
    def _some_weight(self) -> "WhitespaceSettings":
        if sum(self.blend_weights) <= 0:
            raise ValueError("at least one weight must be positive")
        return self

    @property
    def blend_weights(self) -> tuple[float, float, float, float]:
        """Weights of p_icp, lift, als and ev, as they are set."""
        return (self.weight_p_icp, self.weight_lift, self.weight_als, self.weight_ev)
