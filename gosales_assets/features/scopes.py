"""The two scopes of features: the customer over all divisions, and relative to one target."""

from typing import Literal

Scope = Literal["all", "div"]
KEYS: dict[Scope, list[str]] = {"all": ["customer_id"], "div": ["customer_id", "division"]}
"""What one row of each scope is."""
