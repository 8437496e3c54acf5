"""Notices: what the people of an organization have to look at, in the console and by mail."""
