"""Operators who look at an organization as its support: one at a time, until they leave it."""

from contextlib import suppress

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from access.actor import Actor
from accounts.models import User
from console.auth import SUPPORTED, way_of
from kit.errors import NotFound
from orgs.models import Organization
from orgs.queries import find_organization
from orgs.support import look, support_actor

# One page that is looked at again and again, such as one that asks for itself, is one look.
_SAME_LOOK_S = 300
_READING = {"GET", "HEAD"}


def begin(request: HttpRequest, user: User, organization: Organization) -> None:
    """From the next page on; `NotFound` where nobody let the operator in."""
    support_actor(user, way_of(request), organization)
    request.session[SUPPORTED] = organization.slug


def leave(request: HttpRequest) -> str:
    """The organization's address; empty where the operator looked at none."""
    return str(request.session.pop(SUPPORTED, ""))


def supporting(request: HttpRequest, user: User, slug: str) -> tuple[Actor, Organization] | None:
    """Who looks, and at what; None for everybody else. The look is recorded before it is answered,
    and what would be more than a look is refused."""
    if request.session.get(SUPPORTED) != slug:
        return None
    organization = find_organization(slug)
    if organization is None or organization.slug != slug:
        leave(request)
        return None
    try:
        actor = support_actor(user, way_of(request), organization)
    except NotFound:
        leave(request)
        raise
    method = request.method or ""
    if method not in _READING or _is_new(actor, organization, request.path):
        look(actor, organization, method=method, path=request.path)
    return actor, organization


def _is_new(actor: Actor, organization: Organization, path: str) -> bool:
    """Without the cache each look counts."""
    key = f"support:{organization.pk}:{organization.support_until}:{actor.principal_id}:{path}"
    with suppress(RedisError):
        return bool(cache.add(key.replace(" ", "_"), 1, timeout=_SAME_LOOK_S))
    return True
