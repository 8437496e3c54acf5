"""The verbs around encryption keys, prepared for the tests that walk all verbs."""

from collections.abc import Callable
from typing import Any

from access.actor import OPERATOR, Actor
from projects.encryption_keys import (
    attach_encryption_key,
    check_encryption_key,
    detach_encryption_key,
    disable_encryption_key,
    enable_encryption_key,
    update_encryption_key,
)
from projects.models import EncryptionKey, Project
from tests.support.key_house import SECRETS, lasting_house
from tests.support.world import World

Case = Callable[[World], Callable[[Actor], Any]]


def attached(world: World, kind: str = "vault", *, project: Project | None = None) -> EncryptionKey:
    """A key around the keys of Alice's project, or of the one given."""
    settings = lasting_house().settings(kind)
    return attach_encryption_key(
        OPERATOR, project or world.project, kind=kind, settings=settings, secret=SECRETS[kind]()
    )


def _attaching(world: World) -> Callable[[Actor], Any]:
    return lambda actor: attach_encryption_key(
        actor, world.project, kind="vault", settings=lasting_house().settings("vault"),
        secret=SECRETS["vault"](),
    )  # fmt: skip


def _on_key(act: Callable[[Actor, EncryptionKey], Any]) -> Case:
    def prepared(world: World) -> Callable[[Actor], Any]:
        key = attached(world)
        return lambda actor: act(actor, key)

    return prepared


def _enabling(world: World) -> Callable[[Actor], Any]:
    key = disable_encryption_key(OPERATOR, attached(world))
    return lambda actor: enable_encryption_key(actor, key)


ENCRYPTION_KEY_CASES: dict[str, Case] = {
    "projects.encryption_keys.attach_encryption_key": _attaching,
    "projects.encryption_keys.update_encryption_key": _on_key(
        lambda actor, key: update_encryption_key(actor, key, secret=SECRETS["vault"]())
    ),
    "projects.encryption_keys.disable_encryption_key": _on_key(disable_encryption_key),
    "projects.encryption_keys.enable_encryption_key": _enabling,
    "projects.encryption_keys.detach_encryption_key": _on_key(detach_encryption_key),
    "projects.encryption_keys.check_encryption_key": _on_key(check_encryption_key),
}
