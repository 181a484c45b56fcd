"""What the page on the list shows is what the code takes."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from gosales.cli.main import build_parser
from gosales_assets.delivery.columns import check_settings
from gosales_resources.settings.delivery import DeliverySettings
from gosales_resources.settings.whitespace import WhitespaceSettings

PAGE = (Path(__file__).parents[3] / "docs" / "list.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (gosales .*?)(?: > .*)?$", PAGE, re.MULTILINE)


def test_the_settings_of_the_page_are_legal_and_name_columns_of_the_list():
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    parts = {name: part for block in blocks for name, part in block.items()}
    check_settings(DeliverySettings(**parts.pop("delivery")))
    assert WhitespaceSettings(**parts.pop("whitespace")).capacity.mode == "optimal"
    assert not parts


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_is_understood(command):
    assert build_parser().parse_args(shlex.split(command)[1:]).command


def test_the_page_has_commands():
    assert len(COMMANDS) >= 6
