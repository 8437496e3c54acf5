"""The archived log: what was acknowledged, kept in the object store for restores to any second."""
