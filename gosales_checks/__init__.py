"""Middle floor: what is true of each table, and the measures."""
