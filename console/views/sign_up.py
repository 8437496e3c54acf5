"""Signing up: asking for the link, following it, and making the account of the proven address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.links import ProvenAddress
from accounts.passwords import MIN_LENGTH
from console.auth import begin_sign_in, is_ours, keep_briefly, safe_next
from console.errors import INVALID, error_page, form_status
from console.forms.accounts import AddressForm, NewAccountForm
from kit import clock
from kit.errors import StonepineError
from orgs.sign_up import open_sign_up_link, request_sign_up, require_open, sign_up

_PROVEN = "proven_address"
_PROOF_LASTS_S = 15 * 60


def _now_s() -> float:
    return clock.now().timestamp()


def let_sign_up(request: HttpRequest, proven: ProvenAddress) -> HttpResponse:
    """On to the form of the new account; for whoever has shown that the address is theirs."""
    kept = {"email": proven.email, "next": proven.next, "until": _now_s() + _PROOF_LASTS_S}
    request.session[_PROVEN] = kept
    keep_briefly(request)
    return redirect("console:signup")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """With a proven address the account itself, else the way to prove one."""
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    kept = request.session.get(_PROVEN)
    if kept is None or kept["until"] < _now_s():
        return _ask_for_link(request)
    return _make_account(request, ProvenAddress(kept["email"], kept["next"]))


@never_cache
@require_GET
def verify_account(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail; its token does not stay in the address bar."""
    try:
        return let_sign_up(request, open_sign_up_link(token))
    except StonepineError as error:
        return error_page(request, error)


def _ask_for_link(request: HttpRequest) -> HttpResponse:
    form, status = AddressForm(request.POST or None), 200
    try:
        require_open()
        if form.is_valid():
            request_sign_up(form.cleaned_data["email"], next=safe_next(request))
            context = {"email": form.cleaned_data["email"], "hours": 24}
            return render(request, "accounts/letter_sent.html", context)
    except StonepineError as error:
        if not form.is_bound:
            return error_page(request, error)
        form.refuse(error)
        status = form_status(error)
    context = {"form": form, "next": safe_next(request)}
    return render(request, "accounts/signup.html", context, status=status)


def _make_account(request: HttpRequest, proven: ProvenAddress) -> HttpResponse:
    form = NewAccountForm(request.POST or None)
    if form.is_valid():
        try:
            user = sign_up(email=proven.email, **form.cleaned_data)
            onward = proven.next if is_ours(proven.next) else "/"
            del request.session[_PROVEN]
            return begin_sign_in(request, user, onward=onward)
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "email": proven.email, "min_length": MIN_LENGTH}
    status = INVALID if form.errors else 200
    return render(request, "accounts/new_account.html", context, status=status)
