"""Pages for people who look rather than read: stored tables as they are, in a browser."""
