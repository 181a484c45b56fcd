"""What a stored partition was made under and from."""
