"""Peers that run on one machine, driven side by side with Stonepine on the same data."""
