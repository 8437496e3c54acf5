"""The pepper rotates: old keys verify and move, and no pepper goes while a secret hangs on it."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from access.actor import OPERATOR
from access.keys import SecretKind, mint
from access.permissions import Role
from audit.actions import Action
from audit.models import Event
from kit.errors import FailedPrecondition, Unauthenticated
from orgs.role_bindings import Assignment
from orgs.secrets import installation_keyring
from orgs.service_accounts import create_service_account
from projects.api_keys import revoke_api_key
from projects.models import ApiKey
from projects.peppers import described, retire_peppers, rotate_pepper, secrets_by_pepper
from projects.queries import authenticate_api_key
from tests.support.world import World


def pepper_of(key: ApiKey) -> int:
    return ApiKey.objects.using("system").filter(pk=key.pk)[0].pepper_id


def test_an_old_key_keeps_working_and_moves_at_its_first_use(world: World) -> None:
    key, value = world.key()
    current = rotate_pepper()
    fresh, _ = world.key()
    assert (pepper_of(key), pepper_of(fresh)) == (key.pepper_id, current)
    for _ in range(2):
        assert authenticate_api_key(value)[0].principal_id == key.pk
        assert pepper_of(key) == current


def test_a_wrong_secret_moves_nothing(world: World) -> None:
    key, value = world.key()
    rotate_pepper()
    other = mint(SecretKind.API_KEY).value
    with pytest.raises(Unauthenticated):
        authenticate_api_key(value[:14] + other[14:])
    assert pepper_of(key) == key.pepper_id


def test_a_pepper_is_retired_only_when_nothing_hangs_on_it(world: World) -> None:
    """The planted rows belong to other tenants than whoever counts: the system role finds them."""
    key, value = world.key()
    theirs, _ = world.key(project=world.their_project)
    roles = [Assignment(Role.ORG_MEMBER)]
    create_service_account(OPERATOR, world.elsewhere, name="robot", assignments=roles)
    old = key.pepper_id
    rotate_pepper()
    assert secrets_by_pepper()[old] == {"api key": 2, "service account secret": 1}
    with pytest.raises(
        FailedPrecondition, match=rf"pepper {old}: 2 api key, 1 service account secret"
    ):
        retire_peppers()
    authenticate_api_key(value)
    revoke_api_key(OPERATOR, theirs)
    with pytest.raises(FailedPrecondition, match=rf"pepper {old}: 1 service account secret\."):
        retire_peppers()


def test_a_retired_pepper_is_gone_and_both_acts_are_audited(world: World) -> None:
    key, value = world.key()
    old = key.pepper_id
    current = rotate_pepper()
    authenticate_api_key(value)
    assert old in retire_peppers()
    assert installation_keyring().peppers.living_ids() == [current]
    assert authenticate_api_key(value)[0].principal_id == key.pk
    actions = Event.objects.using("system").values_list("action", flat=True)
    assert {Action.PEPPER_ROTATED, Action.PEPPER_RETIRED} <= set(actions)
    assert described(secrets_by_pepper()) == f"pepper {current}: 1 api key"


def test_a_wrong_checksum_asks_no_database_and_a_first_look_up_once(world: World) -> None:
    _, value = world.key()
    broken = value[:-1] + ("0" if value[-1] != "0" else "1")
    with CaptureQueriesContext(connections["system"]) as asked, pytest.raises(Unauthenticated):
        authenticate_api_key(broken)
    assert len(asked) == 0
    authenticate_api_key(value)
    with CaptureQueriesContext(connections["system"]) as asked:
        authenticate_api_key(value)
    assert len([query for query in asked if "SELECT" in query["sql"]]) == 1
