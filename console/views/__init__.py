"""The pages, one module an area: parse, call one verb or query, render."""
