"""How key providers answer: asked about each encryption key, and kept in its row."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from keyring.outer.key import OuterKey
from keyring.outer.kinds import open_outer_key
from kit import clock
from kit.destinations import Purpose
from kit.environment import environment
from kit.errors import StonepineError
from orgs.secrets import installation_keyring
from projects.models import DataKey, EncryptionKey
from storage.outer_keys import secrets_seal, unseal_secret

# A provider that does not answer takes some seconds: others are asked meanwhile.
_AT_ONCE = 16
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """`failure` is empty where the key opened what it has wrapped."""

    latency_ms: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """All that is needed to ask, read beforehand: threads have no database."""

    project_id: UUID
    wrapped: bytes
    outer: OuterKey


def opened(key: EncryptionKey) -> OuterKey:
    """The key as its row describes it; nobody is asked yet."""
    here = environment()
    secret = unseal_secret(secrets_seal(here.keyring_dir), key.pk, bytes(key.sealed_secret))
    allowed = here.outbound_allowed(Purpose.KMS)
    return open_outer_key(key.kind, key.settings, secret, allowed=allowed)


def question_about(key: EncryptionKey, *, using: str = "default") -> Question:
    rows = DataKey.objects.using(using).filter(project_id=key.project_id)
    newest = rows.order_by("-version")[:1].get()
    return Question(key.project_id, bytes(newest.wrapped), opened(key))


def ask(question: Question) -> Answer:
    """Have it open the newest data key; what was known before does not count."""
    began_s, failure = clock.monotonic_s(), ""
    try:
        installation_keyring().inner_by(question.outer, question.project_id, question.wrapped)
    except StonepineError as error:
        failure = getattr(error, "why", error.message)
    return Answer(round((clock.monotonic_s() - began_s) * 1000), failure[:300])


def note_answer(key: EncryptionKey, answer: Answer, *, using: str = "default") -> None:
    now = clock.now()
    key.checked_at, key.latency_ms, key.failure = now, answer.latency_ms, answer.failure
    changed = {"checked_at": now, "latency_ms": answer.latency_ms, "failure": answer.failure}
    if not answer.failure:
        key.succeeded_at = changed["succeeded_at"] = now
    EncryptionKey.objects.using(using).filter(pk=key.pk).update(**changed)


def check_encryption_keys() -> int:
    """Ask about every key that is enabled, and keep what came; how many fail. Crosses tenants."""
    rows = EncryptionKey.objects.using("system").filter(disabled_at=None)
    asked = list(_questions(rows))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = list(threads.map(ask, [question for _, question in asked]))
    for (key, _), answer in zip(asked, answers, strict=True):
        if answer.failure and not key.failure:
            _log.warning("encryption_key_fails", key_id=str(key.pk), reason=answer.failure)
        note_answer(key, answer, using="system")
    return sum(1 for answer in answers if answer.failure)


def described(key: EncryptionKey, *, using: str = "default") -> dict[str, Any]:
    """The key and its provider's health, for people; needs an open tenant, or the system role."""
    rows = DataKey.objects.using(using).filter(project_id=key.project_id)
    return {
        "kind": key.kind,
        **key.shown_settings,
        "status": "enabled" if key.is_enabled else "disabled",
        "failure": key.failure or None,
        "latency_ms": key.latency_ms,
        "checked_at": _moment(key.checked_at),
        "last_success_at": _moment(key.succeeded_at),
        "keys_wrapped": rows.count(),
    }


def provider_health() -> list[dict[str, Any]]:
    """Of the installation's keyring and of each encryption key, asked now. Crosses tenants."""
    check_encryption_keys()
    keys = EncryptionKey.objects.using("system").select_related("project")
    return [
        _health_of_keyring(keys_wrapped=DataKey.objects.using("system").count()),
        *(
            {"project": key.project.slug, **described(key, using="system")}
            for key in keys.order_by("project__slug")
        ),
    ]


def _health_of_keyring(*, keys_wrapped: int) -> dict[str, Any]:
    keyring, began_s, failure = installation_keyring(), clock.monotonic_s(), None
    try:
        keyring.check()
    except StonepineError as error:
        failure = error.message
    now = _moment(clock.now())
    return {
        "project": None,
        "kind": keyring.name,
        "status": "enabled",
        "failure": failure,
        "latency_ms": round((clock.monotonic_s() - began_s) * 1000),
        "checked_at": now,
        "last_success_at": None if failure else now,
        "keys_wrapped": keys_wrapped,
    }


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def _questions(keys: Iterable[EncryptionKey]) -> Iterable[tuple[EncryptionKey, Question]]:
    for key in keys:
        try:
            yield key, question_about(key, using="system")
        except (StonepineError, DataKey.DoesNotExist):
            # Its project is just being deleted, or its row is damaged: others are asked on.
            _log.exception("encryption_key_not_asked", key_id=str(key.pk))
