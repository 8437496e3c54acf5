"""Key providers and envelope encryption: everything at rest is sealed through here (no Django)."""
