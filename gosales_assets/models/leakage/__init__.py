"""What the leakage report looks at in a model that was trained."""
