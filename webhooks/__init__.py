"""Webhooks: what happens is told to addresses of an organization's own, at least once."""
