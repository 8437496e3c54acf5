"""What requests to the Admin API ask for, as verbs are told of it."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import msgspec

from access.permissions import Role
from api.schemas.admin.bodies import RoleBindingInput
from api.schemas.bodies import Body, decoded
from api.versions import Version
from kit.errors import InvalidArgument, NotFound
from orgs.models import Organization, PrincipalType, ResourceType
from orgs.role_bindings import Assignment


def parsed(raw: bytes, kind: type[Body], version: Version) -> Body:
    """The body; since the schema dialect keys that are not known are refused."""
    body = decoded(raw, _strict(kind) if version >= Version.V2026_01_ALPHA else kind)
    if any("\0" in text for text in _texts(msgspec.to_builtins(body))):
        raise InvalidArgument("Text must not contain the character NUL.")
    return body


def roles_of(names: Sequence[str]) -> list[Role]:
    return [choice(Role, name, field="roles") for name in names]


def assignments_of(
    bodies: Sequence[RoleBindingInput], organization: Organization
) -> list[Assignment]:
    return [
        assignment_of(body.resource_type, body.resource_id, body.role, organization=organization)
        for body in bodies
    ]


def assignment_of(
    resource_type: str, resource_id: str | None, role: str, *, organization: Organization
) -> Assignment:
    """The organization is its own default; a project must be named."""
    wanted = choice(Role, role, field="role")
    if choice(ResourceType, resource_type, field="resource_type") is ResourceType.ORGANIZATION:
        if resource_id not in {None, organization.public_id}:
            raise NotFound(f"Organization {resource_id} not found.")
        return Assignment(wanted)
    if resource_id is None:
        raise InvalidArgument("resource_id is required for a project.", field="resource_id")
    return Assignment(wanted, identifier(resource_id, noun="Project"))


def principal_type_of(name: str) -> PrincipalType:
    if name == "api_key":
        raise InvalidArgument(
            "Roles of an API key are set with the key itself.", field="principal_type"
        )
    chosen: PrincipalType = choice(PrincipalType, name, field="principal_type")
    return chosen


def choice(kind: type[Any], name: str, *, field: str) -> Any:
    """The member of that name; raises with all there are."""
    try:
        return kind(name)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise InvalidArgument(f"{field} must be one of: {known}.", field=field) from None


def identifier(text: str, *, noun: str) -> UUID:
    """A row's id; what cannot be one names nothing."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"{noun} {text[:80]} not found.") from None


@lru_cache
def _strict(kind: type[Body]) -> type[Body]:
    twin = msgspec.defstruct(kind.__name__, [], bases=(kind,), forbid_unknown_fields=True)
    return cast("type[Body]", twin)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
