"""Measures of a scored list: pure functions on NumPy arrays, each with its definition."""
