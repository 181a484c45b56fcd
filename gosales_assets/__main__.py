"""`python -m gosales_assets`: the `gosales` command."""

from gosales_assets.cli.main import run

run()
