"""Envoy's configuration, rendered from plain values: the bootstrap and the listeners."""
