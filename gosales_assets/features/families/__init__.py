"""Feature families: each declares its features and how they are computed, in one file."""
