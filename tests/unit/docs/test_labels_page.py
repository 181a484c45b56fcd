"""The page on targets and labels: what it shows can be configured on the sample company."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from gosales_resources.settings.loading import load_settings

PAGE = (Path(__file__).parents[3] / "docs" / "labels.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SAMPLE = files("gosales.sample").joinpath("gosales.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_can_be_put_into_the_sample_companys_settings(tmp_path, snippet):
    tree = yaml.safe_load(SAMPLE) | yaml.safe_load(snippet)
    (tmp_path / "gosales.yaml").write_text(yaml.safe_dump(tree))
    settings = load_settings(tmp_path / "gosales.yaml")
    for section, told in yaml.safe_load(snippet).items():
        assert {k: getattr(getattr(settings, section), k) for k in told} == told


def test_a_set_of_skus_and_a_window_that_widens_are_shown():
    assert {"sku_targets", "min_positive_target"} <= set(re.findall(r"\w+", " ".join(SNIPPETS)))
