"""Set-up by the first owner's link, signing in and out, and the theme."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.passwords import MIN_LENGTH
from accounts.second_factors import Kind, factors_of
from console import passkeys
from console.auth import (
    begin_sign_in,
    begin_sign_in_by_passkey,
    end_session,
    finish_sign_in,
    keep_briefly,
    pending_sign_in,
    safe_next,
)
from console.errors import STATUS, error_page
from console.forms.accounts import CodeForm, SetupForm, SignInForm
from console.theme import THEMES, remember_theme
from console.views.single_logout import LOGOUT
from kit.errors import StonepineError
from orgs.models import SetupLink
from orgs.setup import open_setup_link, redeem_setup_link
from orgs.sign_in import (
    check_passkey,
    check_password,
    check_second_factor,
    check_second_passkey,
    count_passkey_offer,
    sign_out,
)
from orgs.sign_up import is_open_to_all
from sso.sessions import find_session as find_sso_session
from sso.signing_out import say_goodbye


@never_cache
@sensitive_post_parameters("password", "token")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """The one-time link; used, expired and made-up ones are explained."""
    token = request.POST.get("token") or request.GET.get("token", "")
    try:
        link = open_setup_link(token)
    except StonepineError as error:
        context = {"reason": error.message}
        return render(request, "accounts/setup_closed.html", context, status=STATUS[error.code])
    form = SetupForm(request.POST or None)
    if form.is_valid():
        try:
            owner = redeem_setup_link(token, **form.cleaned_data)
            return begin_sign_in(request, owner, onward="/")
        except StonepineError as error:
            form.refuse(error)
    return _setup_page(request, form, link, token)


def _setup_page(request: HttpRequest, form: SetupForm, link: SetupLink, token: str) -> HttpResponse:
    context = {
        "form": form,
        "token": token,
        "organization": link.organization,
        "min_length": MIN_LENGTH,
    }
    response = render(request, "accounts/setup.html", context, status=422 if form.errors else 200)
    # The address of this page is a secret. "no-referrer" would also blank the Origin of the form.
    response["Referrer-Policy"] = "strict-origin"
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signin(request: HttpRequest) -> HttpResponse:
    """E-mail address and password; every refusal of a wrong pair reads the same."""
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(safe_next(request))
    form, status = SignInForm(request.POST or None), 200
    if form.is_valid():
        try:
            user = check_password(**form.cleaned_data)
            return begin_sign_in(request, user, onward=safe_next(request))
        except StonepineError as error:
            form.refuse(error)
            status = STATUS[error.code]
    return _signin_page(request, form, status)


def _signin_page(request: HttpRequest, form: SignInForm, status: int) -> HttpResponse:
    context = {
        "form": form,
        "next": safe_next(request),
        "has_passkeys": passkeys.are_possible(request),
        "is_open": is_open_to_all(),
    }
    return render(request, "accounts/signin.html", context, status=status)


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step: a code, or one of the person's passkeys."""
    stage = pending_sign_in(request)
    if stage is None:
        return redirect("console:signin")
    user, form, status = stage.login.user, CodeForm(request.POST or None), 200
    try:
        if request.POST.get("credential"):
            answer = request.POST["credential"]
            factor = check_second_passkey(user, lambda: passkeys.proven(answer, user))
            return finish_sign_in(request, stage, factor)
        if form.is_valid():
            code = form.cleaned_data["code"]
            return finish_sign_in(request, stage, check_second_factor(user, code))
    except StonepineError as error:
        form.refuse(error)
        status = STATUS[error.code]
    return _second_factor_page(request, user, form, status)


def _second_factor_page(
    request: HttpRequest, user: User, form: CodeForm, status: int
) -> HttpResponse:
    kinds = {factor.type for factor in factors_of(user)}
    has_passkey = Kind.WEBAUTHN in kinds and passkeys.are_possible(request)
    context = {
        "form": form,
        "has_app": Kind.TOTP in kinds,
        "options": passkeys.request_options(user) if has_passkey else "",
    }
    return render(request, "accounts/second_factor.html", context, status=status)


@never_cache
@require_GET
def passkey_options(request: HttpRequest) -> HttpResponse:
    """The challenge for signing in by passkey alone; the browser finds out whose."""
    try:
        count_passkey_offer()
    except StonepineError as error:
        return error_page(request, error)
    keep_briefly(request)  # allauth puts the challenge into the session
    return JsonResponse({"options": passkeys.request_options()})


@never_cache
@sensitive_post_parameters("credential")
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Signing in by a passkey that checks its owner: one step, two factors."""
    answer = request.POST.get("credential", "")
    try:
        factor = check_passkey(lambda: passkeys.proven(answer))
        return begin_sign_in_by_passkey(request, factor, onward=safe_next(request))
    except StonepineError as error:
        form = SignInForm({})
        form.errors.clear()
        form.refuse(error)
        return _signin_page(request, form, STATUS[error.code])


@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    """Here, and where an identity provider vouched for the session there as well."""
    goodbye = None
    if isinstance(request.user, User):
        vouched = find_sso_session(request.session.session_key or "")
        goodbye = say_goodbye(vouched) if vouched is not None else None
        sign_out(request.user)
        end_session(request)
    if goodbye is None:
        return redirect("console:signin")
    request.session[LOGOUT] = goodbye.saml_id
    keep_briefly(request)
    return render(request, "sso/leaving.html", {"url": goodbye.url})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of theme; open to everybody, the sign-in page has the switch as well."""
    response = redirect(safe_next(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        remember_theme(response, chosen)
    return response
