"""The access review: every role that anybody holds, and when it was last used."""

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from kit.errors import PermissionDenied
from projects.access_review import access_review
from projects.api_keys import create_api_key, revoke_api_key
from tests.support.world import World


def test_people_keys_and_accounts_stand_there_with_each_role(world: World) -> None:
    key, plain = create_api_key(OPERATOR, world.project, name="ci", roles=[Role.PROJECT_VIEWER])
    found = access_review(OPERATOR, world.organization)
    people = {(one.known_as, one.role) for one in found if one.principal_type == "user"}
    assert (world.people["alice"].email, Role.ORG_OWNER) in people
    assert world.people["mallory"].email not in {known_as for known_as, _ in people}
    (listed,) = [one for one in found if one.principal_id == key.pk]
    assert (listed.role, listed.place, listed.is_living) == (
        Role.PROJECT_VIEWER, world.project.slug, True,
    )  # fmt: skip
    assert plain.value not in repr(found)


def test_a_revoked_key_is_shown_as_that(world: World) -> None:
    key, _ = create_api_key(OPERATOR, world.project, name="ci", roles=[Role.PROJECT_VIEWER])
    revoke_api_key(OPERATOR, key, reason="left")
    found = access_review(OPERATOR, world.organization)
    assert [one.is_living for one in found if one.principal_id == key.pk] == [False]


def test_it_is_not_for_everybody(world: World) -> None:
    with pytest.raises(PermissionDenied):
        access_review(world.vera, world.organization)
