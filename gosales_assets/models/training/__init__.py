"""Trials, selection and the outcome of a training."""
