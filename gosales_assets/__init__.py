"""Top floor: one package per phase; `assets.py` is the one file of each that imports Dagster."""
