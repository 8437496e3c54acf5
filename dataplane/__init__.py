"""Index nodes: `front` speaks the Vector API, `engine` keeps and searches records, `builder` makes segments."""
