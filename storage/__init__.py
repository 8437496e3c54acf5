"""The write log, the object store and what nodes read of the control plane (no Django)."""
