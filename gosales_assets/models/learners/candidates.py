"""The candidates of a search: the grid of every learner, and the pooled trees."""

from dataclasses import dataclass, field
from typing import Any

from gosales_assets.models.learners.registry import LEARNERS
from gosales_resources.settings.models import ModelSettings

# Trees that were fitted over all divisions, and means of several candidates.
POOLED, BLEND = "pooled_lightgbm", "blend"


@dataclass(frozen=True)
class Candidate:
    """What is tried."""

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    on_whitespace: bool = False
    """Fitted on customers who never bought in the division, and asked about them alone."""

    @property
    def name(self) -> str:
        """Kind, parameters and whom it is fitted on, in words."""
        shown = [f"{k}={v}" for k, v in sorted(self.parameters.items())]
        shown += ["fitted on the whitespace"] if self.on_whitespace else []
        return f"{self.kind}({', '.join(shown)})"


def kinds() -> tuple[str, ...]:
    """List the kinds of single candidates, in the order that they are tried in."""
    return (*LEARNERS, POOLED)


def candidates_of(settings: ModelSettings) -> list[Candidate]:
    """List the candidates that are fitted here, simplest first."""
    return [
        Candidate(kind, parameters)
        for kind, learner in LEARNERS.items()
        for parameters in learner.grid(settings)
    ]
