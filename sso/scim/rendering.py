"""Rows of the directory as SCIM resources, and back."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from scim2_models import Context, GroupMembership, Meta, Resource

from kit.environment import environment
from orgs.models import Organization
from sso.scim.errors import invalid_value
from sso.scim.models import DirectoryGroup, DirectoryUser
from sso.scim.resources import POLICY, Group, GroupMember, User

_MAX_DOCUMENT = 32 * 1024
_NOT_STORED = {"id", "meta", "groups", "schemas"}


def base_url(organization: Organization) -> str:
    """What the provider is configured with: Okta's base URL, Entra ID's tenant URL."""
    return f"{environment().base_url}/scim/v2/{organization.public_id}"


def user_resource(
    organization: Organization, row: DirectoryUser, groups: Iterable[DirectoryGroup] = ()
) -> User:
    """The person with the groups that are given."""
    with POLICY:
        resource = User.model_validate(row.document)
    resource.id = str(row.pk)
    base = base_url(organization)
    resource.groups = [
        GroupMembership(
            value=str(group.pk), display=group.display_name, ref=_ref(f"{base}/Groups/{group.pk}")
        )
        for group in groups
    ] or None
    resource.meta = _meta(resource, row, f"{base}/Users/{row.pk}")
    return resource


def group_resource(organization: Organization, row: DirectoryGroup, people: Iterable[str]) -> Group:
    """`people` are the ids of the members."""
    base = base_url(organization)
    resource = Group(
        id=str(row.pk),
        external_id=row.external_id or None,
        display_name=row.display_name,
        members=[
            GroupMember(value=pk, type="User", ref=_ref(f"{base}/Users/{pk}")) for pk in people
        ]
        or None,
    )
    resource.meta = _meta(resource, row, f"{base}/Groups/{row.pk}")
    return resource


def document_of(resource: User) -> dict[str, Any]:
    """What is stored of a person; raises `InvalidArgument` where it is too much."""
    dumped = resource.model_dump(scim_ctx=Context.DEFAULT)
    document = {name: value for name, value in dumped.items() if name not in _NOT_STORED}
    if len(json.dumps(document)) > _MAX_DOCUMENT:
        raise invalid_value(f"A user's attributes are over {_MAX_DOCUMENT // 1024} KiB.")
    return {"schemas": [str(User.__schema__)], **document}


def etag_of(resource: Resource[Any]) -> str:
    """A version of what the resource says, whoever changed it."""
    said = resource.model_dump(scim_ctx=Context.DEFAULT)
    said.pop("meta", None)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return f'W/"{digest[:32]}"'


def _meta(resource: Resource[Any], row: DirectoryUser | DirectoryGroup, location: str) -> Meta:
    return Meta(
        resource_type=type(resource).__name__,
        created=row.created_at,
        last_modified=row.updated_at,
        location=location,
        version=etag_of(resource),
    )


def _ref(url: str) -> Any:
    return url
