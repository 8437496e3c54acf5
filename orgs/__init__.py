"""Organizations, who belongs to them and which roles they hold; the tenant of every transaction."""
