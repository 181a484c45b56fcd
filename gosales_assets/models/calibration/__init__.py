"""From margins to probabilities, and how sure they are."""
