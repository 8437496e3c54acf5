"""Sessions that sign-ons began: remembering them, asking whether they still hold, ending them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession

from accounts.models import User
from accounts.sessions import end
from kit import clock
from orgs.plans import FEATURES, Feature, Plan
from orgs.tenancy import tenant
from sso.models import Identity, SamlConnection, SsoSession, Status


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


def find_session(session_key: str) -> SsoSession | None:
    """Of a browser; whose organization it is stands in the row. Crosses tenants."""
    rows = SsoSession.objects.using("system").select_related("identity__connection__organization")
    return rows.filter(session_key=session_key).first()


def keys_vouched_for(user: User, organization_id: UUID) -> set[str]:
    """Of the person's sessions, those that the organization's provider began."""
    with tenant(organization_id):
        rows = SsoSession.objects.filter(identity__user=user)
        return set(rows.values_list("session_key", flat=True))


def still_holds(session: SsoSession) -> bool:
    """A session lasts as long as its time, its connection and the plan that includes it."""
    connection = session.identity.connection
    return (
        session.expires_at > clock.now()
        and connection.status == Status.ACTIVE
        and Feature.SSO in FEATURES[Plan(connection.organization.plan)]
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
