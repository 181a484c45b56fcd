"""Pictures as bytes; no Dagster."""
