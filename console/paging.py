"""Where a page of a list begins and where the next one does, in the query string."""

from uuid import UUID

from django.http import HttpRequest

from kit.errors import InvalidArgument

ROWS = 50


def after(request: HttpRequest) -> UUID | None:
    """The last id of the page before, of `?after=…`."""
    text = request.GET.get("after")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidArgument("The page begins after an id; this is none.") from None


def further(request: HttpRequest, name: str, value: object) -> str:
    """The query string of the next page: the one of this page, from `value` on; else empty."""
    if value is None:
        return ""
    query = request.GET.copy()
    query[name] = str(value)
    return query.urlencode()
