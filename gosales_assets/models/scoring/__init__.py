"""Scores and what drives them."""
