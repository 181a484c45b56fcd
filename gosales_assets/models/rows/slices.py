"""Names of the slices of customers that candidates, models and champions are judged on."""

# Whitespace: those who never bought in the division up to the cutoff; owners: the others.
ALL, WHITESPACE, OWNERS = "all", "whitespace", "owners"
