"""Projects, their API keys and their data keys."""
