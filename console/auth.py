"""Sessions: from a signed-in person to an actor, and the ways in and out."""

from django.contrib.auth import login, logout
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from access.actor import Actor
from accounts.models import User
from orgs.queries import session_actor


def actor_of(user: User) -> Actor:
    """The actor with all roles the person holds, whichever organization they are held in."""
    return session_actor(user)


def start_session(request: HttpRequest, user: User) -> None:
    """Sign the person in on this browser, under a fresh session id."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")


def end_session(request: HttpRequest) -> None:
    logout(request)


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: a path of this console, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else "/"
