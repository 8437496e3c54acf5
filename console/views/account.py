"""A person's own pages: profile, address, password, sessions, activity."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.passwords import MIN_LENGTH
from accounts.sessions import sessions_of
from console.account_page import Own, render_account
from console.auth import keep_session, way_of
from console.browsers import described
from console.confirm import freshly_confirmed
from console.errors import INVALID, error_page, form_status
from console.forms.accounts import EmailForm, PasswordChangeForm, ProfileForm
from console.theme import THEMES, forget_theme, remember_theme
from console.visit import signed_in
from kit.errors import StonepineError
from orgs.activity import own_events
from orgs.passwords import change_password
from orgs.profiles import change_email, change_profile, open_email_change, request_email_change
from orgs.sessions import end_other_sessions, end_session
from sso.sessions import keys_vouched_for


@require_http_methods(["GET", "POST"])
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """Name and theme; the address has a form of its own."""
    own = Own(request)
    initial = {"name": own.user.name, "theme": own.user.theme}
    form = ProfileForm(request.POST or None, initial=initial)
    if form.is_valid():
        change_profile(own.actor, own.user, **form.cleaned_data)
        messages.success(request, "Profile saved")
        response = redirect("console:account")
        theme = form.cleaned_data["theme"]
        if theme in THEMES:
            remember_theme(response, theme)
        else:
            forget_theme(response)
        return response
    status = INVALID if form.errors else 200
    return render_account(request, "accounts/profile.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
@freshly_confirmed
def email(request: HttpRequest) -> HttpResponse:
    """Ask for a link at the new address; until it is followed nothing changes."""
    own, form = Own(request), EmailForm(request.POST or None)
    status = INVALID if form.errors else 200
    if form.is_valid():
        try:
            request_email_change(own.user, form.cleaned_data["email"])
            return _said(request, "A link is on its way to the new address.", "console:account")
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    return render_account(request, "accounts/email.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def verify_address(request: HttpRequest, token: str) -> HttpResponse:
    """The link at the new address; opening it changes nothing, for mail programs open links too."""
    try:
        if request.method == "POST":
            change_email(token)
            return _said(request, "Your e-mail address was changed.", "console:account")
        context = {"change": open_email_change(token)}
    except StonepineError as error:
        return error_page(request, error)
    return render(request, "accounts/verify_address.html", context)


@sensitive_post_parameters("old", "password")
@require_http_methods(["GET", "POST"])
@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """A new password; every other session ends."""
    own, form = Own(request), PasswordChangeForm(request.POST or None)
    status = INVALID if form.errors else 200
    if form.is_valid():
        try:
            change_password(
                own.actor, own.user,
                old=form.cleaned_data["old"], new=form.cleaned_data["password"],
            )  # fmt: skip
            keep_session(request, own.user)
            said = "Password changed. All other sessions have ended."
            return _said(request, said, "console:account_password")
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    context = {"form": form, "min_length": MIN_LENGTH}
    return render_account(request, "accounts/password.html", context, status=status)


@require_GET
@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "session": session,
            "browser": described(session.user_agent),
            "is_current": session.session_key == request.session.session_key,
        }
        for session in sessions_of(Own(request).user, among=_reached(request))
    ]
    return render_account(request, "accounts/sessions.html", {"rows": rows})


@require_POST
@signed_in
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    own = Own(request)
    end_session(own.actor, own.user, session_id=session_id, among=_reached(request))
    return _said(request, "Session ended", "console:account_sessions")


@require_POST
@signed_in
def sessions_end(request: HttpRequest) -> HttpResponse:
    """All but this one."""
    own = Own(request)
    here = request.session.session_key or ""
    end_other_sessions(own.actor, own.user, session_key=here, among=_reached(request))
    return _said(request, "All other sessions ended", "console:account_sessions")


@require_GET
@signed_in
def activity(request: HttpRequest) -> HttpResponse:
    vouched = way_of(request).sso_organization_id
    events = own_events(Own(request).user, organization_id=vouched)
    return render_account(request, "accounts/activity.html", {"events": events})


def _reached(request: HttpRequest) -> set[str] | None:
    """Sessions that this one may show and end: no organization's provider signs people out of
    others. None: all."""
    vouched = way_of(request).sso_organization_id
    return None if vouched is None else keys_vouched_for(Own(request).user, vouched)


def _said(request: HttpRequest, what: str, page: str) -> HttpResponse:
    messages.success(request, what)
    return redirect(page)
