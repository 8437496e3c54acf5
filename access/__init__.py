"""Who may do what: roles, permissions, actors and key material, shared by both planes (no Django)."""
