"""Who may touch the directory: the provider with its token, and the operator."""

from typing import Any

from scim2_models import Resource

from access.actor import Actor
from access.decide import require
from access.permissions import CredentialKind, Permission
from kit.errors import FailedPrecondition, PermissionDenied
from orgs.locks import locked
from orgs.models import Organization
from orgs.plans import Feature
from sso.scim.rendering import etag_of


def opened(actor: Actor, organization: Organization) -> Organization:
    """The organization, locked, for whoever may change its directory."""
    require(actor, Permission.MEMBER_WRITE, organization.scope)
    require_provider(actor)
    organization = locked(organization.pk)
    organization.require_feature(Feature.SCIM)
    return organization


def require_provider(actor: Actor) -> None:
    if actor.kind is not CredentialKind.SCIM and not actor.is_unbounded:
        raise PermissionDenied("Only the identity provider changes the directory.")


def require_match(wanted: str | None, resource: Resource[Any]) -> None:
    """The `If-Match` of a request against what is there; raises where it has another version."""
    version = etag_of(resource)
    named = {one.strip() for one in (wanted or "*").split(",")}
    # Compared weakly: what a resource says decides, not how its version is spelt.
    if named.isdisjoint({"*", version, version.removeprefix("W/")}):
        raise FailedPrecondition(f"The resource has changed: its version is {version} now.")
