"""Queries of lists: how many, from where on, which ones; and a page as replies show it."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, TypedDict
from uuid import UUID

from access.permissions import Role
from api.schemas.admin.requests import choice
from kit.errors import InvalidArgument
from kit.pagination import MAX_LIMIT, Page, Row, checked_limit
from orgs.models import Organization, PrincipalType, ResourceType

_MAX_DIGITS = 9


class Paging(TypedDict):
    limit: int
    after: UUID | None


class Filters(TypedDict):
    principal_type: PrincipalType | None
    principal_id: UUID | None
    resource_type: ResourceType | None
    resource_id: UUID | None
    role: Role | None


def paging_of(query: Mapping[str, str], *, default: int = MAX_LIMIT) -> Paging:
    text = query.get("limit", str(default))
    if len(text) > _MAX_DIGITS or not text.removeprefix("-").isdecimal():
        raise InvalidArgument("limit must be a whole number.", field="limit")
    token = query.get("paginationToken")
    return {"limit": checked_limit(int(text)), "after": _after(token) if token else None}


def rendered_page(page: Page[Row], render: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    """Without `next` at the end: clients go on as long as there is one."""
    more = {} if page.next_after is None else {"next": _token(page.next_after)}
    return {"data": [render(row) for row in page.rows], "pagination": more}


def binding_filters_of(query: Mapping[str, str], organization: Organization) -> Filters | None:
    """Which role bindings are asked for; None where the ids given name nothing here."""
    for kind in ("principal", "resource"):
        if f"{kind}_id" in query and f"{kind}_type" not in query:
            raise InvalidArgument(f"{kind}_id requires {kind}_type.", field=f"{kind}_type")
    filters: Filters = {
        "principal_type": None,
        "principal_id": None,
        "resource_type": _chosen(ResourceType, query, "resource_type"),
        "resource_id": None,
        "role": _chosen(Role, query, "role"),
    }
    if query.get("principal_type") == "api_key":
        return None  # keys carry their roles themselves
    filters["principal_type"] = _chosen(PrincipalType, query, "principal_type")
    try:
        if "principal_id" in query:
            filters["principal_id"] = UUID(query["principal_id"])
        if "resource_id" in query:
            filters["resource_id"] = _resource_id(query, organization)
    except ValueError:
        return None
    return filters


def _resource_id(query: Mapping[str, str], organization: Organization) -> UUID:
    """Organizations are named by their public id. Raises `ValueError` for what names nothing."""
    named = query["resource_id"]
    if query["resource_type"] != ResourceType.ORGANIZATION:
        return UUID(named)
    if named != organization.public_id:
        raise ValueError(named)
    return organization.pk


def _chosen(kind: type[Any], query: Mapping[str, str], field: str) -> Any:
    return choice(kind, query[field], field=field) if field in query else None


def _token(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def _after(token: str) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(token.encode("ascii") + b"=="))
    except (ValueError, binascii.Error):
        raise InvalidArgument(
            "This paginationToken is not valid.", field="paginationToken"
        ) from None
