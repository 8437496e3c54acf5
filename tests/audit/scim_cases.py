"""What prepares each verb of SCIM, giving the act itself as a function of the actor."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from orgs.models import UserManagement
from sso.scim.groups import change_group, create_group, delete_group, map_group
from sso.scim.models import DirectoryGroup, DirectoryUser
from sso.scim.resources import Group
from sso.scim.tokens import create_scim_token, revoke_scim_token
from sso.scim.users import change_user, create_user, delete_user
from sso.user_management import set_user_management
from tests.support.directory import PINE, described, managed_by_scim, verify
from tests.support.world import World

Case = Callable[[World], Callable[[Actor], Any]]


def _token(world: World) -> Callable[[Actor], Any]:
    token, _ = create_scim_token(OPERATOR, world.organization, name="Okta")
    return lambda actor: revoke_scim_token(actor, token)


def _creation(world: World) -> Callable[[Actor], Any]:
    verify(world.organization, PINE)
    wanted = described(f"nina@{PINE}")
    return lambda actor: create_user(actor, world.organization, wanted=wanted)


def _on_user(act: Callable[[Actor, World, DirectoryUser], Any]) -> Case:
    def prepared(world: World) -> Callable[[Actor], Any]:
        verify(world.organization, PINE)
        row = create_user(OPERATOR, world.organization, wanted=described(f"nina@{PINE}"))
        return lambda actor: act(actor, world, row)

    return prepared


def _on_group(act: Callable[[Actor, World, DirectoryGroup], Any]) -> Case:
    def prepared(world: World) -> Callable[[Actor], Any]:
        row = create_group(OPERATOR, world.organization, wanted=Group(display_name="Staff"))
        return lambda actor: act(actor, world, row)

    return prepared


def _switch(world: World) -> Callable[[Actor], Any]:
    managed_by_scim(world.organization)
    mode = UserManagement.CONSOLE
    return lambda actor: set_user_management(actor, world.organization, mode=mode)


SCIM_CASES: dict[str, Case] = {
    "sso.user_management.set_user_management": _switch,
    "sso.scim.tokens.create_scim_token": lambda world: lambda actor: create_scim_token(
        actor, world.organization, name="Entra"
    ),
    "sso.scim.tokens.revoke_scim_token": _token,
    "sso.scim.users.create_user": _creation,
    "sso.scim.users.change_user": _on_user(
        lambda actor, world, row: change_user(
            actor, world.organization,
            user_id=row.pk, change=lambda user: user.model_copy(update={"display_name": "Nina"}),
        )
    ),
    "sso.scim.users.delete_user": _on_user(
        lambda actor, world, row: delete_user(actor, world.organization, user_id=row.pk)
    ),
    "sso.scim.groups.create_group": lambda world: lambda actor: create_group(
        actor, world.organization, wanted=Group(display_name="Staff")
    ),
    "sso.scim.groups.change_group": _on_group(
        lambda actor, world, row: change_group(
            actor, world.organization,
            group_id=row.pk, change=lambda _group: Group(display_name="Everybody"),
        )
    ),
    "sso.scim.groups.delete_group": _on_group(
        lambda actor, world, row: delete_group(actor, world.organization, group_id=row.pk)
    ),
    "sso.scim.groups.map_group": _on_group(
        lambda actor, _world, row: map_group(actor, row, roles=["pinecone:OrgManager"])
    ),
}  # fmt: skip
