"""The settings tree: a file a section, assembled in `tree.py`, loaded in `loading.py`."""
