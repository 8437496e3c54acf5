"""The world of the matrix: an index that is protected, a key that is revoked, in each tenant."""

from dataclasses import dataclass

import pytest

from access.actor import OPERATOR
from indexes.lifecycle import configure_index
from projects.api_keys import revoke_api_key
from tests.support.world import World


@dataclass(frozen=True)
class Stage:
    """`ours` and `theirs` are the values of routes' parameters in each organization."""

    world: World
    ours: dict[str, str]
    theirs: dict[str, str]
    missing: dict[str, str]


@pytest.fixture
def stage(world: World) -> Stage:
    ours = _furnish(world, "movies", is_ours=True)
    theirs = _furnish(world, "filme", is_ours=False)
    return Stage(world, ours, theirs, MISSING)


MISSING = {
    "organization": "nobody",
    "project": "nothing",
    "name": "absent",
    "key_id": "00000000-0000-7000-8000-000000000000",
    "organization_id": "nobody",
    "project_id": "00000000-0000-7000-8000-000000000000",
    "api_key_id": "00000000-0000-7000-8000-000000000000",
    "user_id": "00000000-0000-7000-8000-000000000000",
    "invite_id": "00000000-0000-7000-8000-000000000000",
    "service_account_id": "00000000-0000-7000-8000-000000000000",
    "role_binding_id": "00000000-0000-7000-8000-000000000000",
    "rest": "p/nothing",
    "token": "madeup",
    "factor_id": "999999999",
    "session_id": "999999999",
}


def _furnish(world: World, name: str, *, is_ours: bool) -> dict[str, str]:
    organization = world.organization if is_ours else world.elsewhere
    project = world.project if is_ours else world.their_project
    index = world.index(name, project=project)
    configure_index(OPERATOR, index, is_protected=True)
    key, _ = world.key(project=project)
    revoke_api_key(OPERATOR, key, reason="for the matrix")
    return {
        **MISSING,
        "organization": organization.slug,
        "project": project.slug,
        "name": name,
        "key_id": str(key.pk),
    }
