"""Ending sessions of people, one or all others, at once and on the server."""

from collections.abc import Collection

from access.actor import Actor
from accounts.models import User
from accounts.sessions import end, end_all, find_session
from audit.actions import Action
from orgs.account_verbs import account_verb, record_act, require_self


@account_verb(Action.USER_SESSION_REVOKED)
def end_session(
    actor: Actor, user: User, *, session_id: int, among: Collection[str] | None = None
) -> None:
    """`among` are the keys of those that the person's way in reaches; None: all."""
    require_self(actor, user)
    session = find_session(user, session_id, among=among)
    end([session])
    record_act(actor, Action.USER_SESSION_REVOKED, user, ip=str(session.ip))


@account_verb(Action.USER_SESSION_REVOKED)
def end_other_sessions(
    actor: Actor, user: User, *, session_key: str, among: Collection[str] | None = None
) -> int:
    """All but the one with that key; how many."""
    require_self(actor, user)
    count = end_all(user, but=session_key, among=among)
    record_act(actor, Action.USER_SESSION_REVOKED, user, count=str(count))
    return count
