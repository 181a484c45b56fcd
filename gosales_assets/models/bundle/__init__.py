"""A model as files that run no code when they are opened, and its card."""
