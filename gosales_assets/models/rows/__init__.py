"""Rows a model is fitted on: matrix, inputs, folds."""
