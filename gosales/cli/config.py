"""`gosales config`: whether the settings are legal, and what they come to."""

import argparse

import yaml

from gosales.cli.parser import settings_of
from gosales.cli.terminal import tell
from gosales_assets.delivery.columns import check_settings
from gosales_assets.platform.platform import Platform

DONE = 0


def add_config_command(
    commands: argparse._SubParsersAction, settings: argparse.ArgumentParser
) -> None:
    """Declare the commands."""
    config = commands.add_parser("config", help="look at the settings")
    actions = config.add_subparsers(required=True, metavar="ACTION")
    for action, command, text in (
        ("check", _check, "say whether the settings are legal"),
        ("show", _show, "print the resolved settings"),
    ):
        sub = actions.add_parser(action, parents=[settings], help=text)
        sub.set_defaults(command=command)


def _check(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    check_settings(settings.delivery)
    cutoffs = Platform.of(settings).space.cutoffs()
    tell(f"{settings.config_file} is legal: settings {settings.content_hash()}, ", end="")
    tell(f"{len(settings.divisions.targets)} targets, {len(cutoffs)} cutoffs.")
    for name, key in settings.divisions.digest_keys.items():
        tell(f"  '{name}' is the partition key {key}")
    return DONE


def _show(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    dumped = settings.model_dump(mode="json")
    tell(yaml.safe_dump(dumped, sort_keys=False, allow_unicode=True), end="")
    tell(f"# hash of what numbers depend on: {settings.content_hash()}")
    return DONE
