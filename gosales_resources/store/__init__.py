"""The store: tables, bundles, files written whole, and their binding to Dagster."""
