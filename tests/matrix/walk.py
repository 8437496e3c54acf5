"""Every mounted route, found by walking the resolver."""

import re
from collections.abc import Iterator, Mapping

from django.urls import URLPattern, URLResolver, get_resolver

from tests.matrix.rows import METHODS

__all__ = ["METHODS", "filled", "mounted_routes", "parameters"]

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def mounted_routes(urlconf: str | None = None) -> list[str]:
    """Patterns as the resolver has them: `o/<slug:organization>/roles`."""
    return list(_below(get_resolver(urlconf), ""))


def _below(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from _below(entry, path)


def parameters(route: str) -> list[str]:
    return _PARAMETER.findall(route)


def filled(route: str, values: Mapping[str, str]) -> str:
    """The route as a path; a parameter without a value is a `KeyError` that names it."""
    return "/" + _PARAMETER.sub(lambda found: values[found[1]], route)
