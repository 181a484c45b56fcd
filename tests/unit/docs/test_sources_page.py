"""The page on sources: what it shows can be loaded."""

import re
from pathlib import Path

import pytest
import yaml

from gosales_resources.settings.loading import load_settings
from tests.worlds.erp import SETTINGS

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_is_a_source_that_can_be_configured(tmp_path, snippet):
    shown = yaml.safe_load(snippet)
    tree = SETTINGS | {"source": SETTINGS["source"] | shown}
    (tmp_path / "gosales.yaml").write_text(yaml.safe_dump(tree))
    source = load_settings(tmp_path / "gosales.yaml").source
    assert all(getattr(source, name).place for name in shown)


def test_every_kind_of_source_has_a_snippet():
    text = " ".join(SNIPPETS)
    for kind in (
        ".csv",
        ".zst",
        ".gz",
        ".xlsx",
        ".parquet",
        "**",
        "postgresql:",
        "sqlite:",
        "mssql",
    ):
        assert kind in text
