"""What people touch: the command line, onboarding of a source, the invented company. Nothing imports it."""
