"""Sessions as signing in makes them, without a browser."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User


def a_session_of(user: User, *, user_agent: str = "a test") -> UserSession:
    """A session that Django keeps, and its entry in the person's list."""
    store = SessionStore()
    store.create()
    found: UserSession = UserSession.objects.create(
        user=user, session_key=store.session_key, ip="192.0.2.9", user_agent=user_agent
    )
    return found
