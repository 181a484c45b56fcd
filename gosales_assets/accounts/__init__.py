"""The accounts phase: pure logic, and assets.py that binds it to Dagster."""
