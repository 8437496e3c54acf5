"""Sessions of people: where they are signed in, when they were last seen there, and ending them."""

from collections.abc import Collection
from datetime import timedelta
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings

from accounts.models import User
from kit import clock
from kit.errors import NotFound

SEEN_EVERY = timedelta(minutes=1)
_SHOWN = 200


def sessions_of(user: User, *, among: Collection[str] | None = None) -> list[UserSession]:
    """Where the person is signed in, last seen first; what has ended is swept out on the way.
    `among` are the keys of those that count, here and below; None: all."""
    rows = UserSession.objects.filter(user=user)
    live = _live_keys([row.session_key for row in rows])
    ended = [row.pk for row in rows if row.session_key not in live]
    UserSession.objects.filter(pk__in=ended).delete()
    return sorted(
        (row for row in rows if row.session_key in live and _counts(row, among)),
        key=lambda row: row.last_seen_at,
        reverse=True,
    )[:_SHOWN]


def find_session(
    user: User, session_id: int, *, among: Collection[str] | None = None
) -> UserSession:
    found = UserSession.objects.filter(user=user, pk=session_id).first()
    if found is None or not _counts(found, among):
        raise NotFound("This session has ended already.")
    return found


def note_seen(session_key: str, *, ip: str | None) -> None:
    """The session is in use; called at most once in `SEEN_EVERY` for each."""
    seen: dict[str, Any] = {"last_seen_at": clock.now(), **({"ip": ip} if ip else {})}
    UserSession.objects.filter(session_key=session_key).update(**seen)


def end(sessions: list[UserSession]) -> None:
    """From the next request on, whoever holds one of them is a stranger."""
    keys = [session.session_key for session in sessions]
    _stored().filter(session_key__in=keys).delete()
    UserSession.objects.filter(pk__in=[session.pk for session in sessions]).delete()


def end_all(user: User, *, but: str | None = None, among: Collection[str] | None = None) -> int:
    """All sessions of the person, except the one with that key; how many there were."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    ending = [row for row in rows if _counts(row, among)]
    end(ending)
    return len(ending)


def sweep() -> None:
    """Drop what has expired, and list entries whose session is gone."""
    _stored().filter(expire_date__lt=clock.now()).delete()
    UserSession.objects.exclude(session_key__in=_stored().values("session_key")).delete()


def _counts(session: UserSession, among: Collection[str] | None) -> bool:
    return among is None or session.session_key in among


def _live_keys(keys: list[str]) -> set[str]:
    rows = _stored().filter(session_key__in=keys, expire_date__gt=clock.now())
    return set(rows.values_list("session_key", flat=True))


def _stored() -> Any:
    """Django's own rows of sessions."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return store.get_model_class().objects.all()
