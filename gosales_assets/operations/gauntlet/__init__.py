"""The leakage gauntlet: tests that make tables anew elsewhere, or judge what is stored."""
