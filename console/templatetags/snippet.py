"""Values inside code: quoted so that they stay values, whatever somebody typed."""

import json
import shlex

from django import template

register = template.Library()


@register.filter
def quoted(value: object) -> str:
    """A string literal of Python, TypeScript and JSON at once, safe within shell quotes too."""
    return json.dumps(str(value), ensure_ascii=False).replace("'", "\\u0027")


@register.filter
def number(value: object) -> int:
    """An integer; 0 where somebody is still typing."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


@register.filter
def literal(value: object) -> str:
    """A value as Python writes it, fit for code."""
    return repr(value)


@register.filter
def json_text(value: object) -> str:
    """A value as JSON, which TypeScript reads too; safe within shell quotes."""
    return json.dumps(value, ensure_ascii=False).replace("'", "\\u0027")


@register.filter
def shell(value: object) -> str:
    """One word of a shell's command."""
    return shlex.quote(str(value))
