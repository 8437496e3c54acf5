"""The parts that come along when no URL names an external one: PostgreSQL and Valkey."""
