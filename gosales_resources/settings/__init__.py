"""The settings tree: one module per phase, assembled and loaded in `tree.py`."""
