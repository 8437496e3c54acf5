"""Envoy's configuration, rendered from plain values (no Django): the bootstrap and the listeners."""
