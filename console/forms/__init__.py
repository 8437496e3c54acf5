"""Parsing what people typed."""
