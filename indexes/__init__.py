"""Indexes: what people asked for, and where it runs."""
