"""Whether the world that a model scores is still the one that it was trained on."""
