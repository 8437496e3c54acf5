"""Who calls: the API key or the access token of a request, turned into an actor once."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from access.actor import Actor
from audit import context
from kit.errors import Unauthenticated
from orgs.access_tokens import authenticate_access_token
from orgs.models import Organization
from projects.models import Project
from projects.queries import authenticate_api_key


class ApiKeyAuthentication(BaseAuthentication):
    """`Api-Key: <key>`, or `Authorization: Bearer <key>`. `request.user` is the actor,
    `request.auth` the key's project."""

    def authenticate(self, request: Request) -> tuple[Actor, Project]:
        value = request.headers.get("Api-Key", "").strip()
        if not value:
            scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
            value = rest.strip() if scheme.lower() == "bearer" else ""
        if not value:
            raise Unauthenticated("Invalid API key.")
        return authenticate_api_key(value, address=context.current().ip)


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`, for the Admin API. `request.auth` is the organization of the
    service account that the token was given to."""

    def authenticate(self, request: Request) -> tuple[Actor, Organization]:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("An access token is required: Authorization: Bearer <token>.")
        return authenticate_access_token(value.strip())


class HasActor(BasePermission):
    """A caller is known. What the caller may do is decided by verbs and queries."""

    def has_permission(self, request: Request, view: object) -> bool:
        del view
        return request.user is not None
