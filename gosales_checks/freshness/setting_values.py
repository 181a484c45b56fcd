"""Values of settings as text, so that a digest names them."""

import json
from typing import Any

from gosales_checks.contracts.contract import Contract
from gosales_resources.settings.base import StrictModel
from gosales_resources.settings.tree import Settings

# Where files lie is not what is in them; the other two are named on their own where they matter.
LEFT_OUT = {"path", "base_dir", "url", "password_env", "complete_through", "routes"}


def raw_value(settings: Settings, path: str) -> Any:
    """Return the setting or section at a path, as `labels.window_months`."""
    node: Any = settings
    for part in path.split("."):
        node = getattr(node, part)
    return node


def dumped(node: Any) -> Any:
    """Return a setting or section as plain values, without where files lie."""
    if isinstance(node, StrictModel):
        return {
            name: dumped(getattr(node, name))
            for name in type(node).model_fields
            if name not in LEFT_OUT
        }
    if isinstance(node, list | tuple):
        return [dumped(item) for item in node]
    return node


def as_text(value: Any) -> str:
    """Write plain values as JSON, equal for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def declared_text(settings: Settings, contract: Contract) -> str:
    """Write what a table itself declares to depend on, whichever partition it is."""
    paths = [term.partition("@")[0] for term in (*contract.settings, *contract.settings_here)]
    return as_text({path: dumped(raw_value(settings, path)) for path in sorted(paths)})
