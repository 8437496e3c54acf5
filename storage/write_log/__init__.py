"""The write log: what was acknowledged, in one order per namespace, sealed, in PostgreSQL."""
