"""What the page on the list shows is what the code takes."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from gosales.cli.main import build_parser
from gosales_assets.delivery.columns import check_settings
from gosales_resources.settings.accounts import OutcomeSource, SurfacingSource
from gosales_resources.settings.delivery import DeliverySettings
from gosales_resources.settings.whitespace import WhitespaceSettings

PAGE = (Path(__file__).parents[3] / "docs" / "list.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (gosales .*?)(?: > .*)?$", PAGE, re.MULTILINE)


def sections(name: str) -> list[dict]:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    assert {section for block in blocks for section in block} == {
        "delivery",
        "whitespace",
        "source",
    }
    return [block[name] for block in blocks if name in block]


def test_the_settings_of_the_page_are_legal_and_name_columns_of_the_list():
    for part in sections("delivery"):
        check_settings(DeliverySettings(**part))
    read = [WhitespaceSettings(**part) for part in sections("whitespace")]
    assert "optimal" in {one.capacity.mode for one in read}
    assert any(one.experiment.is_on for one in read)


def test_the_sources_of_the_page_are_legal():
    for part in sections("source"):
        assert SurfacingSource(**part["surfacing_log"]).may_have_no_file
        assert OutcomeSource(**part["list_outcomes"]).won == ["won", "order"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_is_understood(command):
    assert build_parser().parse_args(shlex.split(command)[1:]).command


def test_the_page_has_commands():
    assert len(COMMANDS) >= 6
