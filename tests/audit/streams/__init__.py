"""Streams, against real receivers on this machine."""
