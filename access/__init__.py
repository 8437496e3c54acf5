"""Who may do what: roles, permissions, actors and keys, for both planes (no Django)."""
