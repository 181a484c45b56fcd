"""`python -m gosales_assets`: the `gosales` command."""

from gosales.cli.main import run

run()
