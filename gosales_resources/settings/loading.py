"""Loading the settings tree: file, then environment, then command line; later wins.

Unknown keys are rejected with the nearest legal name, and all findings are told at once.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from gosales_resources.errors import SettingsError, nearest
from gosales_resources.settings.base import ENV_PREFIX, models_in
from gosales_resources.settings.tree import Settings

CONFIG_VARIABLE = "GOSALES_CONFIG"
FOLDER_FILE = "gosales.yaml"
# Named in a message, of those in folders below.
SHOWN_NEAR = 3
# The second names a server for the tests.
NOT_SETTINGS = (CONFIG_VARIABLE, "GOSALES_TEST_POSTGRES")


def load_settings(
    config_file: Path | str | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Load the tree from a YAML file, the environment and overrides.

    Parameters
    ----------
    config_file
        The settings file; found as `find_settings` says when not given.
    overrides
        Nested mapping of what the command line sets; see `parse_overrides`.

    Raises
    ------
    SettingsError
        When the file is missing or not YAML, a key is unknown, or a value is out of bounds. All
        findings are listed at once.
    """
    path = find_settings(config_file)
    _reject_unreadable_yaml(path)
    _reject_unknown_variables()
    try:
        return Settings(config_file=path, **dict(overrides or {}))  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SettingsError(_explain(path, error)) from error


def find_settings(config_file: Path | str | None = None) -> Path:
    """Return the settings file: the one given, else `GOSALES_CONFIG`'s, else the folder's `gosales.yaml`.

    Parameters
    ----------
    config_file
        What `--config` said; None where it was not given.

    Raises
    ------
    SettingsError
        When there is none of the three, or the first of them that is named is no file.
    """
    named = config_file or os.environ.get(CONFIG_VARIABLE)
    path = Path(named or FOLDER_FILE).expanduser().resolve()
    if path.is_file():
        return path
    if named:
        by = "" if config_file else f" ({CONFIG_VARIABLE} names it)"
        raise SettingsError(f"Settings file {path} does not exist{by}.")
    near = sorted(Path().glob(f"*/{FOLDER_FILE}"))[:SHOWN_NEAR]
    hint = f" There is {' and '.join(map(str, near))}: name it by --config." if near else ""
    raise SettingsError(
        f"No settings file: neither --config nor {CONFIG_VARIABLE} names one, and {path.parent} has "
        f"no {FOLDER_FILE}.{hint} `gosales source inspect FILE` writes one for a sales log, "
        "`gosales demo` one for an invented company."
    )


def parse_overrides(assignments: list[str]) -> dict[str, Any]:
    """Turn `a.b=c` assignments into a nested mapping; values are read as YAML.

    Raises
    ------
    SettingsError
        When an assignment has no `=` or an empty key.

    Examples
    --------
    >>> parse_overrides(["labels.window_months=3", "value=revenue"])
    {'labels': {'window_months': 3}, 'value': 'revenue'}
    """
    tree: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            raise SettingsError(f"--set {assignment!r}: write it as section.key=value.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SettingsError(f"--set {assignment!r}: the value is not YAML: {error}") from error
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise SettingsError(f"--set {assignment!r}: '{part}' was already given a value.")
        node[parts[-1]] = value
    return tree


def _reject_unreadable_yaml(path: Path) -> None:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a YAML file: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} is empty or not a mapping of settings.")
    if "config_file" in content:
        raise SettingsError(f"{path}: config_file is not a setting; remove it.")


def _reject_unknown_variables() -> None:
    legal = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} - {
        f"{ENV_PREFIX}CONFIG_FILE"
    }
    for variable in sorted(os.environ):
        if variable.startswith(ENV_PREFIX) and variable not in NOT_SETTINGS:
            section = variable.split("__")[0]
            if section not in legal:
                raise SettingsError(
                    f"Environment variable {variable}: unknown. {nearest(section, legal)}"
                )


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: {error.error_count()} finding(s)."]
    for finding in error.errors():
        location = [str(part) for part in finding["loc"] if part not in ("wide", "long")]
        message = finding["msg"]
        if finding["type"] == "extra_forbidden":
            legal = _fields_at(finding["loc"][:-1])
            message = f"unknown key. {nearest(str(finding['loc'][-1]), legal)}"
        lines.append(f"  {'.'.join(location) or '(top level)'}: {message}")
    return "\n".join(lines)


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    nodes: list[type[BaseModel]] = [Settings]
    for part in location:
        nested = [
            models_in(n.model_fields[part].annotation)
            for n in nodes
            if isinstance(part, str) and part in n.model_fields
        ]
        nodes = [model for models in nested for model in models] or nodes
    return sorted({name for node in nodes for name in node.model_fields} - {"config_file"})
