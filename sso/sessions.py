"""Sessions that sign-ons began: remembering them, asking whether they still hold, ending them."""

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession

from accounts.sessions import end
from orgs.tenancy import tenant
from sso.models import Identity, SamlConnection, SsoSession


def remember_session(
    identity: Identity, *, session_key: str, session_index: str, expires_at: datetime
) -> None:
    with tenant(identity.organization_id):
        SsoSession.objects.create(
            organization_id=identity.organization_id,
            identity=identity,
            session_key=session_key,
            session_index=session_index,
            expires_at=expires_at,
        )


def end_sessions_of(connection: SamlConnection) -> int:
    """All that began through it; part of a verb's transaction."""
    return end_sessions(SsoSession.objects.filter(identity__connection=connection))


def end_sessions(sessions: Iterable[SsoSession]) -> int:
    """From the next request on, whoever holds one is a stranger; how many there were."""
    found = list(sessions)
    keys = [one.session_key for one in found]
    end(list(UserSession.objects.filter(session_key__in=keys)))
    SsoSession.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)
