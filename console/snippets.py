"""Code that runs as it is shown: with this installation's address, highlighted on the server."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from kit.environment import environment

_LEXERS = {
    "Shell": "bash", "curl": "bash", "Python": "python", "TypeScript": "typescript", "YAML": "yaml",
    "JSON": "json",
}  # fmt: skip
_FILES = {"Shell": "sh", "curl": "curl", "Python": "py", "TypeScript": "ts", "YAML": "yaml"}
_ALL = ("Python", "TypeScript", "curl")


@dataclass(frozen=True, slots=True)
class Snippet:
    """One language's code; `html` is escaped and highlighted."""

    language: str
    code: str

    @property
    def html(self) -> SafeString:
        return _highlighted(self.language, self.code)


def snippets(subject: str, /, languages: tuple[str, ...] = _ALL, **values: Any) -> list[Snippet]:
    """The templates `snippets/<subject>.<language>`, filled with values and the base URL."""
    context = {"base_url": environment().base_url, **values}
    return [
        Snippet(
            language,
            render_to_string(f"snippets/{subject}.{_FILES[language]}", context).strip() + "\n",
        )
        for language in languages
    ]


def exports(key: str) -> list[Snippet]:
    """What a shell needs before any client runs."""
    return snippets("exports", ("Shell",), key=key)


@lru_cache(maxsize=256)
def _highlighted(language: str, code: str) -> SafeString:
    lexer = get_lexer_by_name(_LEXERS[language])
    html: str = highlight(code, lexer, HtmlFormatter(nowrap=True))
    return mark_safe(html)  # noqa: S308 - Pygments escapes what it colours
