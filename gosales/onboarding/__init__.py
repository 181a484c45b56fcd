"""Proposes settings for a source nobody has described yet: header and values in, YAML out."""
