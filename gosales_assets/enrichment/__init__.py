"""Entity resolution of customer names against a company directory, and what it tells of them."""
