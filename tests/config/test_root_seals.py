"""Rotating the root key of an installation: every place is known, sealed anew, counted."""

import os
import re
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access.actor import OPERATOR
from accounts.second_factors import check_code
from audit.actions import Action
from audit.heads import installation_signing_keys
from audit.models import Event
from audit.streams import secrets as stream_secrets
from audit.streams.delivery import receiver_of
from config.root_seals import root_key_inventory, root_sealed_values
from keyring.local import LocalKeyring
from keyring.roots import GRACE_S, SealedValue
from kit import clock
from kit.environment import environment
from kit.errors import FailedPrecondition
from orgs.audit_streams import create_stream
from orgs.root_key import retire_root_key, rotate_root_key
from orgs.secrets import installation_keyring
from projects import encryption_keys
from projects.encryption_key_health import opened
from projects.models import DataKey, EncryptionKey
from projects.queries import authenticate_api_key
from sso import key_pairs
from sso.connections import create_connection
from sso.key_pairs import opened as opened_pair
from sso.models import SpKeyPair
from tests.audit.encryption_key_cases import attached
from tests.sso.test_connections import drafted
from tests.support.codes import codes_now, with_app
from tests.support.stack import REPOSITORY
from tests.support.world import World
from tests.webhooks.hooks import hook
from webhooks import secret_store
from webhooks.endpoints import rotate_secret
from webhooks.secret_store import opened_secrets

# Of each purpose that somebody seals for: what the inventory calls its values.
KINDS = {
    "projects": "wrapping key",
    "peppers": "pepper",
    "signing keys": "audit signing key",
    "second factors": "second factor",
    "audit streams": "audit stream",
    "outer keys": "secret of a key provider",
    "sign-on keys": "sign-on key",
    "webhooks": "webhook",
}
SIEM = {"url": "https://siem.invalid/hook"}


def long_ago() -> None:
    """As if the root key had been made before the grace of its predecessor."""
    then = time.time() - GRACE_S - 1
    os.utime(environment().keyring_dir / "root.key", (then, then))


def furnished(world: World) -> dict[str, Any]:
    """One of everything that is sealed under the root key, and what tells that it opens."""
    secret, codes = with_app(world.people["alice"])
    stream = create_stream(
        world.alice, world.organization, name="siem", kind="http",
        config=SIEM,
    ).stream  # fmt: skip
    attached(world, project=world.their_project)
    made = hook(world.project)
    rotate_secret(OPERATOR, made.webhook, overlap=timedelta(hours=1))
    made.webhook.refresh_from_db(using="system")
    drafted(world)
    installation_signing_keys().newest()
    return {
        "secret": secret, "codes": codes, "stream": stream, "webhook": made.webhook,
        "key": world.key()[1],
    }  # fmt: skip


def what_opens(world: World, made: dict[str, Any]) -> list[object]:
    for name in ("stream", "webhook"):
        made[name].refresh_from_db(using="system")
    (pair,) = SpKeyPair.objects.using("system").all()
    key = EncryptionKey.objects.using("system").filter(project_id=world.their_project.pk)[0]
    wrapped = bytes(DataKey.objects.using("system").filter(project_id=key.project_id)[0].wrapped)
    return [
        receiver_of(made["stream"]).secret,
        opened_secrets(made["webhook"], at=clock.now()),
        opened_pair(pair),
        installation_keyring().inner_by(opened(key), key.project_id, wrapped),
        installation_signing_keys().public_keys(),
        authenticate_api_key(made["key"])[0].principal_id,
    ]


def test_after_a_rotation_all_opens_and_nothing_hangs_on_the_key_before(world: World) -> None:
    made, keyring = furnished(world), installation_keyring()
    before = what_opens(world, made)
    old = keyring.roots.newest()
    (kinds,) = root_key_inventory().values()
    # The first pepper is no file until then; other tests may have made further ones.
    assert set(kinds) >= set(KINDS.values()) - {"pepper"}
    assert kinds["webhook"] == 3
    assert kinds["second factor"] == 2

    changed = rotate_root_key(OPERATOR, keyring, root_sealed_values)
    assert changed >= sum(kinds.values()), "each of them, and perhaps the first pepper"
    assert rotate_root_key(OPERATOR, keyring, root_sealed_values) == 0, "gone on with: all done"
    found = root_key_inventory()
    assert found[old.id] == {}
    assert found[keyring.roots.newest().id] == {
        **kinds,
        "pepper": found[keyring.roots.newest().id]["pepper"],
    }
    assert what_opens(world, made) == before

    with pytest.raises(FailedPrecondition, match="rotated just now"):
        retire_root_key(OPERATOR, keyring, root_sealed_values)
    long_ago()
    assert retire_root_key(OPERATOR, keyring, root_sealed_values) == old.id
    assert retire_root_key(OPERATOR, keyring, root_sealed_values) is None
    assert list(root_key_inventory()) == [keyring.roots.newest().id]
    assert what_opens(world, made) == before
    assert LocalKeyring(environment().keyring_dir).roots.all() == keyring.roots.all()
    check_code(world.people["alice"], codes_now(made["secret"])[1])
    check_code(world.people["alice"], made["codes"][0])
    acts = [one.action for one in Event.objects.using("system").order_by("id")]
    assert acts.count(Action.ROOT_KEY_ROTATED) == acts.count(Action.ROOT_KEY_RETIRED) == 1


def _streams(world: World) -> None:
    for owner in (world.organization, world.elsewhere):
        create_stream(OPERATOR, owner, name="siem", kind="http", config=SIEM)


def _encryption_keys(world: World) -> None:
    for project in (world.project, world.their_project):
        attached(world, project=project)


def _key_pairs(world: World) -> None:
    for owner in (world.organization, world.elsewhere):
        create_connection(OPERATOR, owner, name="Okta")


def _webhooks(world: World) -> None:
    for project in (world.project, world.their_project):
        hook(project)


@pytest.mark.parametrize(
    ("sealed_values", "made"),
    [
        (stream_secrets.sealed_values, _streams),
        (encryption_keys.sealed_values, _encryption_keys),
        (key_pairs.sealed_values, _key_pairs),
        (secret_store.sealed_values, _webhooks),
    ],
    ids=["streams", "encryption keys", "key pairs", "webhooks"],
)
def test_those_of_every_tenant_are_found(
    world: World, sealed_values: Callable[[], Iterable[SealedValue]], made: Callable[[World], None]
) -> None:
    made(world)
    assert len(list(sealed_values())) == (4 if sealed_values is secret_store.sealed_values else 2)


def test_what_was_sealed_late_keeps_the_former_key_until_it_is_sealed_anew(world: World) -> None:
    made, keyring = furnished(world), installation_keyring()
    old = keyring.roots.newest()
    rotate_root_key(OPERATOR, keyring, list)
    long_ago()
    left = [one for one in root_sealed_values() if one.kind == "webhook"]
    assert {value.root_id() for value in left} == {old.id}
    assert retire_root_key(OPERATOR, keyring, root_sealed_values) == old.id, "it seals anew first"
    assert what_opens(world, made)
    assert list(root_key_inventory()) == [keyring.roots.newest().id]


def test_a_former_key_that_still_seals_is_not_destroyed(world: World) -> None:
    keyring = installation_keyring()
    stuck = hook(world.project).webhook
    rotate_root_key(OPERATOR, keyring, list)
    long_ago()
    stubborn = [
        type(one)(one.kind, one.seal, one.context, one.sealed, lambda _new: None)
        for one in root_sealed_values()
        if one.kind == "webhook"
    ]
    with pytest.raises(FailedPrecondition, match="still seals 2 webhook"):
        retire_root_key(OPERATOR, keyring, lambda: stubborn)
    assert opened_secrets(stuck, at=clock.now())
    retire_root_key(OPERATOR, keyring, root_sealed_values)


def test_whoever_seals_under_the_root_key_is_in_the_inventory() -> None:
    purposes = set()
    packages = {path.parent for path in REPOSITORY.glob("*/__init__.py")} - {REPOSITORY / "tests"}
    for file in (one for package in packages for one in package.rglob("*.py")):
        text = Path(file).read_text()
        named = dict(re.findall(r'^(_\w+) = "([^"]+)"$', text, re.MULTILINE))
        for found in re.findall(r'(?:root_seal\(|RootSeal\(\w+, )("?[\w -]+"?)\)', text):
            purposes.add(found.strip('"') if found.startswith('"') else named.get(found, found))
    assert purposes - {"purpose"} == set(KINDS)
