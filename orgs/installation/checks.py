"""Trying what the installation leans on: its mail server, its object store, its key provider."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

from access.actor import Actor
from accounts.models import User
from audit.actions import Action
from audit.record import Target, record_refusal, record_unbound
from kit import clock
from kit.environment import environment
from kit.errors import FailedPrecondition, NotFound, StonepineError
from kit.ids import new_id
from orgs.account_verbs import require_operator
from orgs.secrets import installation_keyring
from storage.objects import open_object_store

_PROBE = b"stonepine was here"


class Part(StrEnum):
    """What can be tried; the text is how people call it."""

    MAIL = "mail server"
    OBJECTS = "object store"
    KEYS = "key provider"


@dataclass(frozen=True, slots=True)
class Answer:
    """What it did, in words, and how long that took."""

    part: Part
    message: str
    took_ms: int


def parse_part(name: str) -> Part:
    """By its name in addresses."""
    try:
        return Part[name.upper()]
    except KeyError:
        raise NotFound(f"There is no part {name[:40]!r} to try.") from None


def try_part(actor: Actor, user: User, part: Part) -> Answer:
    """Use it once, for the operator whose account that is; raises with what it said instead.

    The act belongs to no organization, and is recorded however it ends.
    """
    require_operator(actor)
    target = Target("installation", part.name.lower(), str(part), None, "")
    began_s = clock.monotonic_s()
    try:
        message = _TRIALS[part](user)
    except StonepineError as error:
        record_refusal(actor, Action.INSTALLATION_TESTED, target=target, error=error)
        raise
    record_unbound(actor, Action.INSTALLATION_TESTED, target=target)
    return Answer(part, message, round((clock.monotonic_s() - began_s) * 1000))


def _send_letter(user: User) -> str:
    letter = EmailMessage(
        "Stonepine: mail works",
        f"This letter was asked for at {environment().base_url}/operator/settings.\n",
        settings.DEFAULT_FROM_EMAIL,
        [user.email],
    )
    try:
        letter.send()
    except (SMTPException, OSError) as error:
        raise FailedPrecondition(f"The mail server did not take a letter: {error}") from error
    if environment().smtp_url.get_secret_value():
        return f"took a letter to {user.email}"
    return f"no server is set: a letter to {user.email} lies in {environment().mail_dir}"


def _keep_an_object(_user: User) -> str:
    store, path = open_object_store(environment().object_store_url), f"probes/{new_id()}"
    store.put(path, [_PROBE], is_new=True)
    try:
        if store.get(path) != _PROBE:
            raise FailedPrecondition("The object store gave back something else than it was given.")
    finally:
        store.delete(path)
    return "kept an object, gave it back and deleted it"


def _ask_for_keys(_user: User) -> str:
    installation_keyring().check()
    return "can be read, and is the one that was opened at the start"


_TRIALS: dict[Part, Callable[[User], str]] = {
    Part.MAIL: _send_letter,
    Part.OBJECTS: _keep_an_object,
    Part.KEYS: _ask_for_keys,
}
