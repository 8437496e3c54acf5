"""Sessions: from a signed-in person to an actor, and the ways in and out.

Signing in runs through allauth's stages, so that whoever has a second factor proves it before
there is a session.
"""

from datetime import datetime
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    get_authentication_records,
    perform_login,
    record_authentication,
)
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.usersessions.models import UserSession
from django.contrib.auth import login, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from access.actor import Actor
from accounts.models import User
from accounts.sessions import SEEN_EVERY, note_seen
from audit import context
from console.theme import remember_theme_of
from kit import clock
from orgs.models import Organization
from orgs.queries import organizations_of, session_actor
from orgs.sign_in import admit
from orgs.ways_in import WayIn
from sso.sessions import remember_session
from sso.sign_on import SignedOn

SIGN_ON = "sign_on"
# The address of the organization that an operator looks at as its support.
SUPPORTED = "supported_organization"
_SEEN_AT = "seen_at"
_PROVEN_HASH = "proven_password"
_SIGN_IN_TAKES_S = 15 * 60
_NOWHERE = "127.0.0.1"  # a unix socket has no address, and allauth's row wants one


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc] # allauth carries no types
    """allauth's step between password and session, at our own address."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if not self._should_handle(self.request):
            return None, True
        return redirect("console:second_factor"), True


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's hooks: its stages, and what happens once all of them are passed."""

    def get_login_stages(self) -> list[str]:
        return ["console.auth.SecondFactorStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        """The one the gateway saw, never what a client claims."""
        del request
        return context.current().ip or _NOWHERE

    def login(self, request: HttpRequest, user: User) -> None:
        """Under a fresh session id, and not without its audit event."""
        here = context.current().ip
        way = WayIn(has_second_factor=_has_second_factor(request, user), address=here)
        admit(user, way, by=_proofs(request, user))
        # What comes next is the person's own word. Not earlier: where somebody is refused, the
        # session stays what it was.
        was_vouched = request.session.pop(SIGN_ON, None) is not None
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        if was_vouched:  # `login` keeps the id, which the provider may end, of the same person
            request.session.cycle_key()
        request.session.set_expiry(None)

    def post_login(self, request: HttpRequest, user: User, **hooks: object) -> HttpResponse:
        UserSession.objects.create_from_request(request)
        response = redirect(str(hooks.get("redirect_url") or "/"))
        remember_theme_of(response, user)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        del request, user
        return redirect("console:signin")


def actor_of(request: HttpRequest, user: User) -> Actor:
    """The actor with the roles that this session reaches, whichever organization they are in."""
    return session_actor(user, way_of(request))


def organizations_here(request: HttpRequest, user: User, actor: Actor) -> list[Organization]:
    """Those of the person that this session reaches; members are shown as well those that are
    suspended, or that let nobody in from here."""
    reached = {grant.organization_id for grant in actor.grants}
    way = way_of(request)
    return [
        one
        for one in organizations_of(user)
        if one.pk in reached or (_is_shut(one, way) and way.sso_organization_id in {None, one.pk})
    ]


def way_of(request: HttpRequest) -> WayIn:
    """How the person of this session came in."""
    vouched, here = request.session.get(SIGN_ON), context.current().ip
    if vouched is not None:
        return WayIn(UUID(vouched["organization_id"]), address=here)
    return WayIn(has_second_factor=_has_second_factor(request, request.user), address=here)


def _is_shut(organization: Organization, way: WayIn) -> bool:
    return organization.is_suspended or not organization.admits_people_from(way.address)


def begin_sign_on(request: HttpRequest, signed: SignedOn, *, onward: str) -> HttpResponse:
    """In, by the word of an identity provider: a fresh session that ends when it must be asked
    again. Second factors are the provider's business."""
    user = signed.user
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.cycle_key()  # `login` keeps it where the same person was signed in
    record_authentication(
        request, user, "sso", id=str(signed.connection.pk), at=_proven_at(signed.authenticated_at)
    )
    request.session[SIGN_ON] = {
        "organization_id": str(signed.connection.organization_id),
        "connection_id": str(signed.connection.pk),
    }
    request.session.set_expiry(signed.until)
    request.session.save()
    UserSession.objects.create_from_request(request)
    remember_session(
        signed.identity,
        session_key=request.session.session_key or "",
        session_index=signed.session_index,
        expires_at=signed.until,
    )
    response = redirect(onward)
    remember_theme_of(response, user)
    return response


def begin_sign_in(request: HttpRequest, user: User, *, onward: str) -> HttpResponse:
    """The person has proven a password: on to the second factor, or in."""
    record_authentication(request, user, "password")
    request.session[_PROVEN_HASH] = user.get_session_auth_hash()
    return _through_stages(request, user, onward)


def begin_sign_in_by_passkey(
    request: HttpRequest, factor: Authenticator, *, onward: str
) -> HttpResponse:
    """A passkey that has verified its owner is both factors."""
    record_factor(request, factor, passwordless=True)
    return _through_stages(request, factor.user, onward)


def pending_sign_in(request: HttpRequest) -> SecondFactorStage | None:
    """Who has proven a password in this browser and still owes the second factor."""
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if stage is None or stage.login.user is None or not stage.login.user.is_active:
        return None
    # The password that was proven may have been replaced since.
    proven = request.session.get(_PROVEN_HASH, "")
    if not constant_time_compare(proven, stage.login.user.get_session_auth_hash()):
        return None
    return stage  # type: ignore[no-any-return]


def finish_sign_in(
    request: HttpRequest, stage: SecondFactorStage, factor: Authenticator
) -> HttpResponse:
    record_factor(request, factor)
    response: HttpResponse = stage.exit()
    return response


def record_factor(request: HttpRequest, factor: Authenticator, **how: bool) -> None:
    """Keep in the session that a second factor was proven, and when."""
    record_authentication(request, factor.user, "mfa", id=factor.pk, type=factor.type, **how)


def record_password(request: HttpRequest, user: User) -> None:
    """Keep in the session that the password was proven again, and when."""
    record_authentication(request, user, "password", reauthenticated=True)


def keep_session(request: HttpRequest, user: User) -> None:
    """Go on after the password was replaced and all sessions ended: as a new one."""
    kept = {key: value for key, value in request.session.items() if not key.startswith("_auth_")}
    request.session.flush()
    request.session.update(kept)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    UserSession.objects.create_from_request(request)


def keep_briefly(request: HttpRequest) -> None:
    """A session of nobody's yet lasts as long as signing in may take."""
    if not request.user.is_authenticated:
        request.session.set_expiry(_SIGN_IN_TAKES_S)


def end_session(request: HttpRequest) -> None:
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()
    logout(request)


def note_activity(request: HttpRequest) -> None:
    """Keep when the session was last seen, at most once a minute."""
    now = clock.now().timestamp()
    key = request.session.session_key
    if key is not None and now - request.session.get(_SEEN_AT, 0) >= SEEN_EVERY.total_seconds():
        request.session[_SEEN_AT] = now
        note_seen(key, ip=context.current().ip)


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: a path of this console, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_ours(wanted) else "/"


def is_ours(path: str) -> bool:
    return path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)


def _proven_at(authenticated_at: datetime | None) -> float:
    """When the provider last asked the person for a proof: it may have answered from a session of
    its own, also where it was told to ask again. What it does not say is no fresh proof."""
    now = clock.now().timestamp()
    return min(now, authenticated_at.timestamp()) if authenticated_at else 0.0


def _has_second_factor(request: HttpRequest, user: User | AnonymousUser) -> bool:
    """Whether this very person has proven one here: somebody else may have tried in between."""
    records = get_authentication_records(request, user)
    return any(record["method"] == "mfa" for record in records)


def _through_stages(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    response: HttpResponse = perform_login(request, Login(user=user, redirect_url=onward))
    return response


def _proofs(request: HttpRequest, user: User) -> list[str]:
    """What was proven in this browser, for the audit event."""
    records = get_authentication_records(request, user)
    return [str(record.get("type") or record["method"]) for record in records]
