"""What this service keeps of SCIM's users and groups, and how far it bears with providers.

Whatever a provider sends beyond these attributes is passed over and not kept: passwords above all.
"""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    GroupMembership,
    Mutability,
    Name,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Role,
    Schema,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

MAX_RESULTS = 200

# Entra ID sends attributes that nobody declared, removes members by value, and writes to values
# that are not there yet.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Email(ComplexAttribute):
    """An address, as it came: one that could never receive mail is no reason to refuse a person."""

    value: str | None = None
    """The address."""

    display: str | None = None
    """The address as others read it."""

    type: str | None = Field(None, examples=["work", "home", "other"])
    """What the address is for."""

    primary: bool | None = None
    """Whether it is the one to use first."""


class User(Resource[Any]):
    """A person. `userName` is the address that the person signs in with."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The e-mail address that the person signs in with, of a domain that the organization has
    verified."""

    name: Name | None = None
    """The components of the person's name."""

    display_name: str | None = None
    """The person's name as others read it."""

    active: bool | None = None
    """Whether the person belongs to the organization."""

    emails: list[Email] | None = None
    """Addresses of the person; kept, and used for nothing."""

    roles: list[Role] | None = None
    """Roles in the form pinecone:<OrgRole> or pinecone:project:<id>:<ProjectRole>; others are kept
    and mean nothing."""

    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None
    """The groups that the person is in."""


class GroupMember(ComplexAttribute):
    """One person of a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The id of the person's record."""

    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the record is."""

    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Always User: groups hold no groups."""


class Group(Resource[Any]):
    """A group. Its members hold the role that its name says, or those that an owner gave it."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true, Uniqueness.server] = None
    """The group's name."""

    members: list[GroupMember] | None = None
    """The people in the group."""


MODELS: tuple[type[User], type[Group]] = (User, Group)


def resource_types() -> list[ResourceType]:
    return [ResourceType.from_resource(model) for model in MODELS]


def schemas() -> list[Schema]:
    return [model.to_schema() for model in MODELS]


def service_provider_config() -> ServiceProviderConfig:
    """What of the protocol is supported."""
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        pagination=Pagination(cursor=False, index=True, max_page_size=MAX_RESULTS),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A SCIM token of the organization: Authorization: Bearer <token>.",
                primary=True,
            )
        ],
    )
