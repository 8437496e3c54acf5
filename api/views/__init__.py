"""One view per route: parse, call a verb or query, render."""
