"""Passes: how the control plane asks an index's node in the name of a person who has no key.

A pass names one person, one index, one right and an instant within the next half minute; it is
signed with a key that only the installation's own processes can derive
(`LocalKeyring.derive("pass")`), and a node takes it once. The gateway lets none in from outside.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from access.actor import Actor, RoleGrant, Scope
from access.decide import reaches
from access.permissions import PROJECT_ROLES, CredentialKind, Permission, Role
from kit import clock
from kit.ids import OrganizationId, ProjectId, new_id
from kit.legible import legible

HEADER = "x-stonepine-pass"
_TTL_S = 30
_MAX_LENGTH = 8_000
_MAX_USER_AGENT = 400


class Pass(msgspec.Struct, frozen=True):
    """What is signed. `request_id`, `ip` and `user_agent` are of the person's own request."""

    id: str
    index_id: UUID
    permission: Permission
    expires_at: int
    user_id: UUID
    user_name: str
    roles: list[Role]
    request_id: str
    ip: str | None = None
    user_agent: str = ""

    def actor(self, organization_id: OrganizationId, project_id: ProjectId) -> Actor:
        """The person as the node decides about it, with the roles held at the index's project."""
        grants = tuple(
            RoleGrant(role, organization_id, project_id if role in PROJECT_ROLES else None)
            for role in self.roles
        )
        return Actor(CredentialKind.SESSION, self.user_id, self.user_name, grants)


def issue(
    actor: Actor,
    permission: Permission,
    scope: Scope,
    *,
    request_id: str,
    ip: str | None,
    user_agent: str,
) -> Pass:
    """For a signed-in person at the index of the scope, to be used at once."""
    if actor.kind is not CredentialKind.SESSION or actor.principal_id is None:
        raise ValueError(f"a pass is for people, not for a credential of kind {actor.kind}")
    if scope.index_id is None:
        raise ValueError("a pass is for one index")
    return Pass(
        id=new_id().hex,
        index_id=scope.index_id,
        permission=permission,
        expires_at=int(clock.now().timestamp()) + _TTL_S,
        user_id=actor.principal_id,
        user_name=legible(actor.display_name),
        roles=_roles_at(actor.grants, scope),
        request_id=request_id,
        ip=ip,
        user_agent=legible(user_agent, limit=_MAX_USER_AGENT),
    )


def sign(key: bytes, one: Pass) -> str:
    """`<base64url of JSON>.<hex HMAC-SHA-256>`: the value of the header."""
    body = base64.urlsafe_b64encode(msgspec.json.encode(one)).decode()
    return f"{body}.{_signature(key, body)}"


def verify(keys: Iterable[bytes], value: str, index_id: UUID) -> Pass | None:
    """The pass, where it was signed with one of the keys for that index and has not expired."""
    body, _, signature = value.rpartition(".")
    if len(value) > _MAX_LENGTH or not value.isascii():
        return None
    if not any(hmac.compare_digest(_signature(key, body), signature) for key in keys):
        return None
    try:
        one = msgspec.json.decode(base64.urlsafe_b64decode(body), type=Pass)
    except (binascii.Error, msgspec.DecodeError):
        return None  # signed by an installation of another version
    left_s = one.expires_at - clock.now().timestamp()
    return one if one.index_id == index_id and 0 < left_s <= _TTL_S else None


def _roles_at(grants: Sequence[RoleGrant], scope: Scope) -> list[Role]:
    return sorted({grant.role for grant in grants if reaches(grant, scope)})


def _signature(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
