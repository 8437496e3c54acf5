"""Builds segments from the write log in a process of its own: `python -m dataplane.builder`."""
