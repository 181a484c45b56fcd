"""Assets of the validation phase."""
