"""Backups of an index in the object store: taking one at a single moment, and filling an index."""
