"""Shapes of lists for the generated description of the API: whole ones, and page by page."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from api.openapi import reply


def listing(name: str) -> dict[str, Any]:
    """A whole list in `data`."""
    return {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": reply(name)}},
    }


def pages(name: str) -> dict[str, Any]:
    """One page of a list in `data`, and where the next one begins."""
    one = listing(name)
    more = {"type": "object", "properties": {"next": {"type": "string"}}}
    return {**one, "properties": {**one["properties"], "pagination": more}}


def query(name: str, kind: OpenApiTypes = OpenApiTypes.STR) -> OpenApiParameter:
    """An optional parameter of the query string."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY)


PAGING = [query("limit", OpenApiTypes.INT), query("paginationToken")]
