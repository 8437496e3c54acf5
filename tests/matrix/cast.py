"""Who calls: people by role, keys by role and preset, and everybody who must not come in."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.test import Client

from access import keys
from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from kit import clock
from kit.ids import new_id
from orgs.members import create_member
from orgs.models import Organization
from orgs.operators import add_operator
from orgs.tenancy import tenant
from projects.api_keys import create_api_key, disable_api_key, revoke_api_key
from projects.key_bounds import Bounds
from projects.members import add_project_member
from projects.models import ApiKey, Project
from projects.projects import create_project
from tests.matrix.reference import KEYS_ROLES, ORGANIZATION_ROLES, PRESETS, PROJECT_ROLES
from tests.support.world import PASSWORD, World


@dataclass(frozen=True)
class Person:
    """`roles` are those held at our organization and project; None for who must not come in."""

    label: str
    user: User | None
    roles: frozenset[str] = frozenset()
    is_member: bool = False
    is_homeless: bool = False
    is_operator: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_signed_in(self) -> bool:
        return self.user is not None and self.user.is_active

    def browser(self) -> Client:
        """One in which the person is signed in, having proven the password just now."""
        client = Client(
            HTTP_ACCEPT="text/html", raise_request_exception=False, headers=self.headers
        )
        if self.user is not None:
            client.force_login(self.user)
            session = client.session
            session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
            session["account_authentication_methods_user"] = str(self.user.pk)
            session.save()
        return client


@dataclass(frozen=True)
class KeyHolder:
    """`roles` is None for keys that are not valid; `is_elsewhere` for keys of other projects
    and indexes (`is_of_project` for those of this project), `is_confined` for those of chosen
    namespaces."""

    label: str
    value: str | None
    roles: frozenset[str] | None
    is_elsewhere: bool = False
    is_of_project: bool = False
    is_confined: bool = False


def people(world: World) -> list[Person]:
    found = [Person("anonymous", None), Person("a key at the console", None, headers=_key(world))]
    for role in ORGANIZATION_ROLES:
        user = _member(world.organization, role, Role(role))
        found.append(Person(f"person {role}", user, frozenset({role}), is_member=True))
    for role in PROJECT_ROLES:
        user = _member(world.organization, role, Role.ORG_MEMBER)
        add_project_member(OPERATOR, world.project, user=user, role=Role(role))
        found.append(Person(f"person {role}", user, frozenset({"OrgMember", role}), is_member=True))
    return [*found, _deactivated(world), *_strangers(world)]


def key_holders(world: World) -> list[KeyHolder]:
    """Keys for the API of our project, which has an index."""
    sets = {role: (role,) for role in KEYS_ROLES} | PRESETS
    good = [
        KeyHolder(f"key {label}", key_of(world, roles), frozenset(roles))
        for label, roles in sets.items()
    ]
    return [*good, _of_namespaces(world), *_invalid_keys(world), *_keys_beside(world)]


def _of_namespaces(world: World) -> KeyHolder:
    """Whatever its roles: indexes are more than its namespaces, so it reads them and no more."""
    value = _confined(world, Bounds(namespaces=("mine",)))
    return KeyHolder("a key of chosen namespaces", value, frozenset({"ProjectViewer"}))


def _invalid_keys(world: World) -> list[KeyHolder]:
    values = {
        "no key": None,
        "an empty key": "",
        "garbage": "garbage",
        "a uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "a key with a wrong secret": with_wrong_secret(key_of(world)),
        "a key with a wrong checksum": with_wrong_checksum(key_of(world)),
        **ended_keys(world),
        "a key of another network": _confined(world, Bounds(networks=("203.0.113.0/24",))),
    }
    return [KeyHolder(label, value, None) for label, value in values.items()]


def ended_keys(world: World) -> dict[str, str]:
    """Those of our project that were good once."""
    return {
        "an expired key": _expired(world),
        "a disabled key": _disabled(world),
        "a revoked key": _revoked(world),
    }


def _keys_beside(world: World) -> list[KeyHolder]:
    """Good keys, but for something else."""
    other = create_project(OPERATOR, world.organization, name="Beside")
    values = {
        "a key of another project": key_of(world, project=other),
        "a key of another organization": key_of(world, project=world.their_project),
        "a key of another index": _confined(world, Bounds(index_ids=(new_id(),))),
    }
    editor = frozenset({"ProjectEditor"})
    return [
        KeyHolder(label, value, editor, True, is_of_project="index" in label)
        for label, value in values.items()
    ]


def key_of(
    world: World, roles: Sequence[str] = ("ProjectEditor",), *, project: Project | None = None
) -> str:
    return world.key(roles=[Role(role) for role in roles], project=project)[1]


def with_wrong_secret(value: str, kind: keys.SecretKind = keys.SecretKind.API_KEY) -> str:
    """A well-formed key that names a stored one but has another secret."""
    public_id = value.split("_")[1]
    other = keys.mint(kind)
    body = other.value[:-6].replace(other.public_id, public_id)
    return body + keys._checksum(body)


def with_wrong_checksum(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def _key(world: World) -> dict[str, str]:
    return {"Api-Key": key_of(world)}


def _expired(world: World) -> str:
    row, value = world.key()
    with tenant(world.organization.pk):
        ApiKey.objects.filter(pk=row.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    return value


def _confined(world: World, bounds: Bounds) -> str:
    return create_api_key(OPERATOR, world.project, name="confined", bounds=bounds)[1].value


def _disabled(world: World) -> str:
    row, value = world.key()
    disable_api_key(OPERATOR, row)
    return value


def _revoked(world: World) -> str:
    row, value = world.key()
    revoke_api_key(OPERATOR, row, reason="for the matrix")
    return value


def _deactivated(world: World) -> Person:
    user = _member(world.organization, "gone", Role.ORG_OWNER)
    user.is_active = False
    user.save(update_fields=["is_active"])
    return Person("deactivated owner", user)


def _strangers(world: World) -> list[Person]:
    homeless = User.objects.create_user(email="homeless@example.com", password=PASSWORD)
    return [
        Person("owner of another organization", world.people["mallory"]),
        Person("person without an organization", homeless, is_homeless=True),
        Person("operator", _operator(), is_homeless=True, is_operator=True),
    ]


def _operator() -> User:
    user = User.objects.create_user(email="operator@example.com", password=PASSWORD)
    add_operator(OPERATOR, user)
    return user


def _member(organization: Organization, name: str, role: Role) -> User:
    return create_member(
        OPERATOR, organization,
        email=f"{name.lower()}@example.com", name=name, password=PASSWORD, role=role,
    )  # fmt: skip
