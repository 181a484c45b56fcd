"""The command line: everything it does is a Dagster run that the UI shows."""
