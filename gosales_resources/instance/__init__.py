"""The embedded Dagster instance, threads, memory allocators."""
