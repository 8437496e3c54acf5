"""Cells of CSV files that spreadsheets show and never calculate (OWASP, CSV injection)."""

# What begins a formula; wide forms are taken for the narrow ones in some locales.
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def inert(text: str) -> str:
    """The text as a cell: behind an apostrophe where it could begin a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_STARTS_FORMULA) else text
