"""Measurements, each with the command that repeats it; results live in docs/performance.md."""
