"""Customer-managed keys: a second lock of the customer's own around a project's data keys."""

from collections.abc import Iterator, Mapping

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from keyring.outer.key import DISABLED, KeyRefused, OuterKey
from keyring.outer.kinds import checked_secret, checked_settings
from keyring.roots import SealedValue
from kit import clock
from kit.destinations import Purpose
from kit.environment import environment
from kit.errors import (
    AlreadyExists,
    DataLoss,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)
from orgs.dataplane import announce_change
from orgs.plans import Feature
from orgs.root_key import sealed_column
from orgs.secrets import installation_keyring
from orgs.verbs import verb
from projects.encryption_key_health import Answer, ask, note_answer, opened, question_about
from projects.models import DataKey, EncryptionKey, Project
from projects.projects import locked_project
from storage.outer_keys import seal_secret, secret_context, secrets_seal

Given = Mapping[str, object]


@verb(Action.ENCRYPTION_KEY_ATTACHED)
def attach_encryption_key(
    actor: Actor, project: Project, *, kind: str, settings: Given, secret: Given
) -> EncryptionKey:
    """Wrap the project's data keys with that key besides. Its holder is asked, and must agree."""
    require(actor, Permission.ENCRYPTION_KEY_WRITE, project.scope)
    project = locked_project(project.pk)
    project.organization.require_feature(Feature.CUSTOMER_MANAGED_KEYS)
    if EncryptionKey.objects.filter(project=project).exists():
        raise AlreadyExists("The project has an encryption key already. Detach it first.")
    key = EncryptionKey(organization=project.organization, project=project, kind=kind)
    _tell(key, settings, secret)
    outer, provider = opened(key), installation_keyring()
    began_s = clock.monotonic_s()
    for row in _data_keys(project):
        inner = bytes(row.wrapped)
        _wrap(row, provider.enclosed(project.pk, inner, key.pk, outer), inner, outer)
    key.save(force_insert=True)
    note_answer(key, Answer(round((clock.monotonic_s() - began_s) * 500)))
    target = key.audit_target()
    record(actor, Action.ENCRYPTION_KEY_ATTACHED, target=target, kind=kind, **key.shown_settings)
    announce_change()
    return key


@verb(Action.ENCRYPTION_KEY_UPDATED)
def update_encryption_key(
    actor: Actor, key: EncryptionKey, *, settings: Given | None = None, secret: Given
) -> EncryptionKey:
    """Another secret, and other settings where some are given. It must open what is wrapped."""
    require(actor, Permission.ENCRYPTION_KEY_WRITE, key.scope)
    key = _locked(key)
    previous = key.shown_settings
    _tell(key, {**key.settings, **(settings or {})}, secret)
    answer = _required(key)
    key.save(update_fields=["settings", "sealed_secret"])
    note_answer(key, answer)
    record(
        actor, Action.ENCRYPTION_KEY_UPDATED, target=key.audit_target(),
        changed=key.shown_settings, previous=previous,
    )  # fmt: skip
    announce_change()
    return key


@verb(Action.ENCRYPTION_KEY_DISABLED)
def disable_encryption_key(actor: Actor, key: EncryptionKey) -> EncryptionKey:
    """Nothing in the project can be read or written from now on, until it is enabled."""
    require(actor, Permission.ENCRYPTION_KEY_WRITE, key.scope)
    key = _locked(key)
    if key.disabled_at is not None:
        raise FailedPrecondition("The encryption key is disabled already.")
    key.disabled_at = clock.now()
    key.save(update_fields=["disabled_at"])
    record(actor, Action.ENCRYPTION_KEY_DISABLED, target=key.audit_target())
    announce_change()
    return key


@verb(Action.ENCRYPTION_KEY_ENABLED)
def enable_encryption_key(actor: Actor, key: EncryptionKey) -> EncryptionKey:
    """Everything can be used again, once the key's holder has shown that it opens what is there."""
    require(actor, Permission.ENCRYPTION_KEY_WRITE, key.scope)
    key = _locked(key)
    if key.disabled_at is None:
        raise FailedPrecondition("The encryption key is enabled already.")
    answer = _required(key)
    key.disabled_at = None
    key.save(update_fields=["disabled_at"])
    note_answer(key, answer)
    record(actor, Action.ENCRYPTION_KEY_ENABLED, target=key.audit_target())
    announce_change()
    return key


@verb(Action.ENCRYPTION_KEY_DETACHED)
def detach_encryption_key(actor: Actor, key: EncryptionKey) -> None:
    """Back to the installation's lock alone. The key is asked a last time, and must agree."""
    require(actor, Permission.ENCRYPTION_KEY_WRITE, key.scope)
    key = _locked(key)
    if key.project.force_encryption_with_cmek:
        raise FailedPrecondition(
            "The project requires encryption with a key of your own, and that cannot be turned off."
        )
    if key.disabled_at is not None:
        raise FailedPrecondition("Enable the encryption key first: it must open what it wrapped.")
    outer, provider = opened(key), installation_keyring()
    for row in _data_keys(key.project):
        row.wrapped = provider.inner_by(outer, key.project_id, bytes(row.wrapped))
        row.provider = provider.name
        row.save(update_fields=["wrapped", "provider"])
    record(actor, Action.ENCRYPTION_KEY_DETACHED, target=key.audit_target())
    key.delete()
    announce_change()


@verb(Action.ENCRYPTION_KEY_CHECKED)
def check_encryption_key(actor: Actor, key: EncryptionKey) -> EncryptionKey:
    """Ask the key's holder now; what it answered stands in the row."""
    require(actor, Permission.ENCRYPTION_KEY_WRITE, key.scope)
    key = _locked(key)
    note_answer(key, ask(question_about(key)))
    record(
        actor, Action.ENCRYPTION_KEY_CHECKED, target=key.audit_target(), failure=key.failure or None
    )
    return key


def require_usable(project: Project, *, key_id: str | None = None) -> None:
    """Before something new is encrypted. Raises where the project's key is disabled, missing though
    one is required, or another than the named one."""
    key = EncryptionKey.objects.filter(project=project).first()
    if key_id is not None and (key is None or str(key.pk) != key_id.lower()):
        raise InvalidArgument(
            f"cmek_id {key_id[:40]!r} names no encryption key of this project.", field="cmek_id"
        )
    if key is not None and key.disabled_at is not None:
        raise KeyRefused(DISABLED)
    if key is None and project.force_encryption_with_cmek:
        raise FailedPrecondition(
            "The project requires encryption with a key of your own. Attach one first."
        )


def sealed_values() -> Iterator[SealedValue]:
    """Secrets of all keys' providers. Crosses tenants."""
    seal, rows = secrets_seal(environment().keyring_dir), EncryptionKey.objects.using("system")
    return sealed_column(
        "secret of a key provider", seal, rows=rows, column="sealed_secret",
        context=lambda key: secret_context(key.pk),
    )  # fmt: skip


def _locked(key: EncryptionKey) -> EncryptionKey:
    locked_project(key.project_id)
    rows = EncryptionKey.objects.select_related("project__organization", "organization")
    found = rows.filter(pk=key.pk).first()
    if found is None:
        raise NotFound("The project has no encryption key.")
    return found


def _tell(key: EncryptionKey, settings: Given, secret: Given) -> None:
    here = environment()
    allowed = here.outbound_allowed(Purpose.KMS)
    key.settings = checked_settings(key.kind, settings, allowed=allowed)
    checked = checked_secret(key.kind, secret)
    key.sealed_secret = seal_secret(secrets_seal(here.keyring_dir), key.pk, checked)


def _data_keys(project: Project) -> list[DataKey]:
    return list(DataKey.objects.select_for_update().filter(project=project).order_by("version"))


def _wrap(row: DataKey, wrapped: bytes, inner: bytes, outer: OuterKey) -> None:
    """Only what was seen to open again replaces what opens today."""
    if installation_keyring().inner_by(outer, row.project_id, wrapped) != inner:
        raise DataLoss("The key provider gave back other bytes than it was given.")
    row.wrapped, row.provider = wrapped, "outer"
    row.save(update_fields=["wrapped", "provider"])


def _required(key: EncryptionKey) -> Answer:
    """Raises unless it opens every data key of the project."""
    outer, provider = opened(key), installation_keyring()
    began_s, rows = clock.monotonic_s(), _data_keys(key.project)
    for row in rows:
        provider.inner_by(outer, key.project_id, bytes(row.wrapped))
    return Answer(round((clock.monotonic_s() - began_s) * 1000 / len(rows)))
