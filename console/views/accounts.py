"""Set-up by the first owner's link, signing in and out, and the theme."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.passwords import MIN_LENGTH
from console.auth import end_session, safe_next, start_session
from console.errors import STATUS
from console.forms.accounts import SetupForm, SignInForm
from console.theme import THEMES, remember_theme
from kit.errors import StonepineError
from orgs.models import SetupLink
from orgs.setup import open_setup_link, redeem_setup_link
from orgs.sign_in import sign_in, sign_out


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
            start_session(request, redeem_setup_link(token, **form.cleaned_data))
            return redirect("console:home")
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
            start_session(request, sign_in(**form.cleaned_data))
            return redirect(safe_next(request))
        except StonepineError as error:
            form.refuse(error)
            status = STATUS[error.code]
    context = {"form": form, "next": safe_next(request)}
    return render(request, "accounts/signin.html", context, status=status)


@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        sign_out(request.user)
        end_session(request)
    return redirect("console:signin")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of theme; open to everybody, the sign-in page has the switch as well."""
    response = redirect(safe_next(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        remember_theme(response, chosen)
    return response
