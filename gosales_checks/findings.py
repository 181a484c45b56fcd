"""What examining one partition came to: findings, or a note on why there was nothing to judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# What is found wrong, in words -> how many rows (or files, or measures) it holds for.
Findings = Mapping[str, int]


@dataclass(frozen=True)
class Examined:
    """The outcome for one partition."""

    findings: Findings = field(default_factory=dict)
    """Empty when it passes."""
    note: str = ""
    """What a reader should know of a pass: not compared, and why."""
    is_tolerated: bool = False
    """The findings were dealt with (quarantined): a person should look, nothing need wait."""
