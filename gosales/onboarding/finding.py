"""What was decided about one column or setting, how certain it is, and why."""

from dataclasses import dataclass, field
from typing import Literal

from gosales.onboarding.profile import Profile

Certainty = Literal["sure", "guessed", "undecided", "left out"]


@dataclass(frozen=True)
class Finding:
    """One decision."""

    what: str
    """The setting or role, as `customer_id`."""
    value: str | None
    """The column or value; None where nothing was chosen."""
    certainty: Certainty
    why: str
    """Evidence, or what would decide it."""
    is_essential: bool = False
    """Undecided, it keeps the proposal from being usable."""
    options: list[str] = field(default_factory=list)
    """What it may be, where undecided."""

    @property
    def blocks(self) -> bool:
        """A person must decide this first."""
        return self.certainty == "undecided" and self.is_essential


def evidence(found: Profile) -> str:
    """Say in a few words what a column's values are."""
    share = "all" if found.filled == found.rows else f"{found.filled_frac:.1%}"
    parts = [f"{share} filled", f"{found.distinct:,} distinct"]
    if found.kind in ("number", "date"):
        parts.insert(0, f"{found.read_frac:.1%} {found.kind}s")
    return f"{', '.join(parts)}, e.g. {' | '.join(found.examples)}"
