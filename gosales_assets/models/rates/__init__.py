"""The history of each target's rate, and what is forecast from it."""
