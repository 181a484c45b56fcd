"""What is found wrong with a table or a model; no Dagster."""
