"""An invented company with known truth: raw files to try the platform on, at any size."""
