"""Alerts on their way to people: the outbox on disk, messages, sinks."""
