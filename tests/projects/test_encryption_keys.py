"""A customer's own key around a project's: put on, taken away, given back, taken off."""

from collections.abc import Iterator

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event
from indexes.backups import create_backup
from indexes.lifecycle import create_index
from keyring.layered import outer_key_id
from keyring.outer.key import KeyRefused
from kit.environment import environment
from kit.errors import (
    AlreadyExists,
    DataLoss,
    FailedPrecondition,
    InvalidArgument,
    PaymentRequired,
    PermissionDenied,
    Unavailable,
)
from orgs.organizations import set_plan
from orgs.plans import Plan
from projects.api_keys import create_api_key, revoke_api_key
from projects.encryption_key_health import check_encryption_keys, provider_health
from projects.encryption_key_queries import encryption_key_of
from projects.encryption_keys import (
    attach_encryption_key,
    check_encryption_key,
    detach_encryption_key,
    disable_encryption_key,
    enable_encryption_key,
    update_encryption_key,
)
from projects.key_bounds import Bounds
from projects.keys import newest_data_key
from projects.models import DataKey, EncryptionKey
from projects.projects import delete_project, update_project
from projects.queries import authenticate_api_key
from storage.catalog import load_project_keys
from storage.database import connect
from tests.audit.encryption_key_cases import attached
from tests.support.key_house import SECRETS, VAULT_TOKEN, KeyHouse, lasting_house
from tests.support.world import SPEC, World


@pytest.fixture
def house() -> Iterator[KeyHouse]:
    running = lasting_house()
    yield running
    running.is_enabled, running.is_down = True, False


def _wrapped(world: World) -> list[bytes]:
    rows = DataKey.objects.using("system").filter(project_id=world.project.pk)
    return [bytes(row.wrapped) for row in rows]


@pytest.mark.parametrize("kind", ["vault", "aws_kms", "google_kms"])
def test_data_keys_are_wrapped_once_more_and_open_the_same(world: World, kind: str) -> None:
    before = newest_data_key(world.project.pk, using="system")
    key = attached(world, kind)
    assert [outer_key_id(one) for one in _wrapped(world)] == [key.pk]
    assert newest_data_key(world.project.pk, using="system").secret == before.secret
    detach_encryption_key(world.alice, key)
    assert [outer_key_id(one) for one in _wrapped(world)] == [None]
    assert newest_data_key(world.project.pk, using="system").secret == before.secret
    assert encryption_key_of(world.alice, world.project) is None


def test_what_does_not_work_changes_nothing(world: World, house: KeyHouse) -> None:
    before = _wrapped(world)
    for secret, fails in (
        ({"token": "hvs.wrong"}, KeyRefused),
        ({}, InvalidArgument),
    ):
        with pytest.raises(fails):
            attach_encryption_key(
                world.alice, world.project, kind="vault", settings=house.settings("vault"),
                secret=secret,
            )  # fmt: skip
    house.is_down = True
    with pytest.raises(Unavailable):
        attached(world)
    assert _wrapped(world) == before
    assert not EncryptionKey.objects.using("system").exists()


def test_one_key_a_project_on_plans_that_include_it(world: World) -> None:
    attached(world)
    with pytest.raises(AlreadyExists):
        attached(world)
    set_plan(OPERATOR, world.elsewhere, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired):
        attach_encryption_key(
            world.mallory, world.their_project, kind="vault",
            settings=lasting_house().settings("vault"), secret=SECRETS["vault"](),
        )  # fmt: skip


def test_only_owners_may_touch_it(world: World) -> None:
    key = attached(world)
    for stranger in (world.bob, world.vera, world.mallory):
        for act in (disable_encryption_key, detach_encryption_key, check_encryption_key):
            with pytest.raises(PermissionDenied):
                act(stranger, key)


def test_while_it_is_disabled_nothing_opens(world: World) -> None:
    index, key = world.index(), attached(world)
    scoped, value = create_api_key(
        OPERATOR, world.project, name="scoped", roles=[Role.DATA_PLANE_VIEWER],
        bounds=Bounds(namespaces=("n",)),
    )  # fmt: skip
    disable_encryption_key(world.alice, key)
    with pytest.raises(KeyRefused, match="disabled in Stonepine"):
        newest_data_key(world.project.pk, using="system")
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as connection, pytest.raises(KeyRefused):
        load_project_keys(connection, world.project.pk)
    with pytest.raises(KeyRefused):
        create_index(world.alice, world.project, name="new", spec=SPEC, dimension=4)
    with pytest.raises(KeyRefused):
        create_backup(world.alice, index)
    with pytest.raises(KeyRefused):
        authenticate_api_key(value.value)
    revoke_api_key(world.alice, scoped)
    with pytest.raises(FailedPrecondition, match="disabled already"):
        disable_encryption_key(world.alice, key)
    with pytest.raises(FailedPrecondition, match="Enable the encryption key first"):
        detach_encryption_key(world.alice, key)
    enable_encryption_key(world.alice, key)
    assert newest_data_key(world.project.pk, using="system").derive("test")
    create_backup(world.alice, index)


def test_it_is_enabled_only_once_its_holder_agrees(world: World, house: KeyHouse) -> None:
    key = disable_encryption_key(world.alice, attached(world))
    house.is_enabled = False
    with pytest.raises(KeyRefused):
        enable_encryption_key(world.alice, key)
    assert EncryptionKey.objects.using("system").get(pk=key.pk).disabled_at is not None


def test_another_secret_must_open_what_is_wrapped(world: World, house: KeyHouse) -> None:
    key = attached(world)
    with pytest.raises(KeyRefused):
        update_encryption_key(world.alice, key, secret={"token": "hvs.wrong"})
    kept, house.secret = house.secret, bytes(32)
    with pytest.raises(DataLoss):
        update_encryption_key(world.alice, key, secret=SECRETS["vault"]())
    house.secret = kept
    update_encryption_key(world.alice, key, secret={"role_id": "role-1", "secret_id": "secret-1"})
    assert newest_data_key(world.project.pk, using="system").derive("test")


def test_a_project_that_requires_a_key_has_no_index_without(world: World) -> None:
    update_project(world.alice, world.project, force_encryption_with_cmek=True)
    with pytest.raises(FailedPrecondition, match="Attach one first"):
        create_index(world.alice, world.project, name="new", spec=SPEC, dimension=4)
    key = attached(world)
    create_index(world.alice, world.project, name="new", spec=SPEC, dimension=4)
    with pytest.raises(FailedPrecondition, match="cannot be turned off"):
        detach_encryption_key(world.alice, key)


def test_deleting_the_project_needs_no_answer_from_the_provider(
    world: World, house: KeyHouse
) -> None:
    attached(world)
    house.is_down = True
    delete_project(world.alice, world.project)
    assert not EncryptionKey.objects.using("system").exists()


def test_how_the_provider_answers_is_kept(world: World, house: KeyHouse) -> None:
    key = attached(world)
    assert check_encryption_keys() == 0
    seen = EncryptionKey.objects.using("system").get(pk=key.pk)
    assert seen.failure == ""
    assert seen.checked_at == seen.succeeded_at
    assert seen.latency_ms is not None
    house.is_enabled = False
    assert check_encryption_keys() == 1
    failed = EncryptionKey.objects.using("system").get(pk=key.pk)
    assert failed.failure == "Vault refuses it (403)."
    assert failed.succeeded_at == seen.succeeded_at
    assert failed.checked_at > failed.succeeded_at
    assert check_encryption_key(world.alice, key).failure == failed.failure


def test_the_operator_sees_every_provider(world: World, house: KeyHouse) -> None:
    attached(world)
    keyring, own = provider_health()
    assert (keyring["kind"], keyring["failure"], keyring["keys_wrapped"]) == ("local", None, 2)
    assert (own["project"], own["failure"]) == (world.project.slug, None)
    house.is_down = True
    assert "answered 503" in provider_health()[1]["failure"]


def test_neither_row_nor_audit_log_holds_the_secret(world: World) -> None:
    key = attached(world)
    row = EncryptionKey.objects.using("system").filter(pk=key.pk).values().get()
    events = list(Event.objects.using("system").filter(target_type="encryption_key").values())
    assert events
    assert VAULT_TOKEN not in str(row) + str(bytes(row["sealed_secret"])) + str(events)
