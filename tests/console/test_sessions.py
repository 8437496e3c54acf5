"""Sessions of a person: listed, ended one by one or all at once, dead on the next request."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client, override_settings

from access.actor import OPERATOR
from accounts.models import User
from accounts.sessions import sessions_of
from accounts.tasks import sweep_sessions
from audit.models import Event
from kit import clock
from kit.errors import PermissionDenied
from orgs.people import deactivate, reactivate
from orgs.sessions import end_session
from tests.console.conftest import Site
from tests.support.world import PASSWORD

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"


def signed_in(email: str, *, user_agent: str = "Mozilla/5.0 (X11; Linux) Firefox/145.0") -> Client:
    client = Client(HTTP_ACCEPT="text/html", HTTP_USER_AGENT=user_agent)
    client.post("/signin", {"email": email, "password": PASSWORD})
    return client


@contextmanager
def cache_down() -> Iterator[None]:
    """The shared cache as an address where nobody answers."""
    gone = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
    }
    with override_settings(CACHES={"default": gone}):
        yield
    assert caches["default"]


def test_sessions_are_listed_with_browser_and_address(site: Site) -> None:
    here = signed_in(site.alice.email)
    signed_in(site.alice.email, user_agent=PHONE)
    signed_in(site.bob.email)
    page = here.get("/account/sessions").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("127.0.0.1</code>") == 2
    assert page.count("this session") == 1


def test_the_address_is_what_the_gateway_saw(site: Site) -> None:
    client = Client(HTTP_ACCEPT="text/html", HTTP_X_FORWARDED_FOR="10.9.9.9, 192.0.2.77")
    client.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    assert UserSession.objects.filter(user=site.alice)[0].ip == "192.0.2.77"


def test_an_ended_session_is_dead_on_the_next_request(site: Site) -> None:
    here, phone = signed_in(site.alice.email), signed_in(site.alice.email, user_agent=PHONE)
    other = UserSession.objects.filter(user=site.alice).exclude(
        session_key=here.cookies[settings.SESSION_COOKIE_NAME].value
    )[0]
    key = other.session_key
    here.post(f"/account/sessions/{other.pk}/end")
    assert phone.get(site.home).status_code == 302
    assert here.get(site.home).status_code == 200
    assert not Session.objects.filter(session_key=key).exists()
    event = Event.objects.using("system").filter(action="user.session_revoked")[0]
    assert (event.outcome, event.actor_name) == ("success", "Alice")


def test_all_others_end_at_once(site: Site) -> None:
    here = signed_in(site.alice.email)
    others = [signed_in(site.alice.email, user_agent=PHONE) for _ in range(3)]
    stranger = signed_in(site.bob.email)
    here.post("/account/sessions/end")
    assert [other.get("/account").status_code for other in others] == [302] * 3
    assert here.get("/account").status_code == stranger.get("/account").status_code == 200


def test_a_session_of_somebody_else_is_not_found(site: Site) -> None:
    signed_in(site.alice.email)
    theirs = UserSession.objects.filter(user=site.alice)[0]
    mallory = signed_in(site.mallory.email)
    foreign = mallory.post(f"/account/sessions/{theirs.pk}/end")
    missing = mallory.post("/account/sessions/987654321/end")
    assert foreign.status_code == missing.status_code == 404
    with pytest.raises(PermissionDenied):
        end_session(site.world.mallory, site.alice, session_id=theirs.pk)
    assert UserSession.objects.filter(pk=theirs.pk).exists()


def test_last_seen_moves_at_most_once_a_minute(site: Site) -> None:
    here = signed_in(site.alice.email)
    here.get("/account")
    session = UserSession.objects.filter(user=site.alice)[0]
    here.get("/account")
    assert UserSession.objects.filter(pk=session.pk)[0].last_seen_at == session.last_seen_at
    kept = here.session
    kept["seen_at"] = (clock.now() - timedelta(minutes=2)).timestamp()
    kept.save()
    here.get("/account")
    assert UserSession.objects.filter(pk=session.pk)[0].last_seen_at > session.last_seen_at


def test_signing_out_takes_the_session_off_the_list(site: Site) -> None:
    here = signed_in(site.alice.email)
    here.post("/signout")
    assert not UserSession.objects.filter(user=site.alice).exists()


def test_expired_sessions_are_swept_when_somebody_looks(site: Site) -> None:
    signed_in(site.alice.email)
    Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))
    assert sessions_of(site.alice) == []
    assert not UserSession.objects.exists()


@pytest.mark.parametrize("is_down", [False, True], ids=["cache up", "cache down"])
def test_a_deactivated_person_is_out_on_the_next_request(site: Site, *, is_down: bool) -> None:
    here, unlisted = signed_in(site.alice.email), Client(HTTP_ACCEPT="text/html")
    unlisted.force_login(site.alice)
    assert here.get(site.home).status_code == unlisted.get(site.home).status_code == 200
    if is_down:
        with cache_down():
            deactivate(OPERATOR, site.alice)
            assert here.get(site.home).status_code == unlisted.get(site.home).status_code == 302
        return
    deactivate(OPERATOR, site.alice)
    assert here.get(site.home).status_code == unlisted.get(site.home).status_code == 302
    refused = Client().post("/signin", {"email": site.alice.email, "password": PASSWORD})
    assert refused.status_code == 401
    reactivate(OPERATOR, User.objects.filter(pk=site.alice.pk)[0])
    assert signed_in(site.alice.email).get(site.home).status_code == 200


def test_with_the_cache_down_no_secret_can_be_guessed_and_sessions_go_on(site: Site) -> None:
    here = signed_in(site.alice.email)
    with cache_down():
        assert here.get(site.home).status_code == 200
        stranger = Client(HTTP_ACCEPT="text/html")
        for path, form in {
            "/signin": {"email": site.alice.email, "password": PASSWORD},
            "/reset": {"email": site.alice.email},
            "/signin/passkey": {"credential": "{}"},
        }.items():
            assert stranger.post(path, form).status_code == 503, path
        assert stranger.get(f"/reset/{site.alice.pk.hex}-x").status_code == 503
        assert here.post("/confirm", {"password": PASSWORD}).status_code == 503


def test_expired_sessions_are_swept_by_the_worker(site: Site) -> None:
    here, gone = signed_in(site.alice.email), signed_in(site.alice.email)
    Session.objects.filter(session_key=gone.cookies[settings.SESSION_COOKIE_NAME].value).update(
        expire_date=clock.now() - timedelta(seconds=1)
    )
    sweep_sessions()
    assert Session.objects.count() == UserSession.objects.count() == 1
    assert here.get("/account").status_code == 200


def test_a_challenge_for_nobody_is_kept_briefly(site: Site) -> None:
    browser = Client(HTTP_ACCEPT="text/html", SERVER_NAME="localhost")
    assert "challenge" in browser.get("/signin/passkey/options").json()["options"]
    (waiting,) = Session.objects.all()
    assert waiting.expire_date < clock.now() + timedelta(minutes=16)
    browser.post("/signin", {"email": site.alice.email, "password": PASSWORD})
    (kept,) = Session.objects.all()
    assert kept.expire_date > clock.now() + timedelta(days=6)
