"""Top floor: one package per phase; `assets.py` is the one file of each that imports Dagster."""

# It tells the allocator of Polars what to keep, so it comes before any module here imports Polars.
import gosales_resources as gosales_resources
