"""Streams: an organization's events sent on to receivers of its own, in order, at least once."""
