"""How indexes are doing: what nodes reported of requests, errors, records and bytes, over time."""
