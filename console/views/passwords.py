"""Forgotten passwords: asking for a link, and choosing a new password by it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.passwords import MIN_LENGTH
from console.errors import INVALID, error_page, form_status
from console.forms.accounts import AddressForm, NewPasswordForm
from kit.errors import StonepineError
from orgs.passwords import open_reset, request_reset, reset_password


@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """The same answer after the same time, whether the address has an account or not."""
    form, status = AddressForm(request.POST or None), 200
    if form.is_valid():
        try:
            request_reset(form.cleaned_data["email"])
            context = {"email": form.cleaned_data["email"], "is_reset": True}
            return render(request, "accounts/letter_sent.html", context)
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    return render(request, "accounts/reset.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def reset_by_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        user = open_reset(token)
    except StonepineError as error:
        return error_page(request, error)
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            reset_password(token, password=form.cleaned_data["password"])
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("console:signin")
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "email": user.email, "min_length": MIN_LENGTH}
    status = INVALID if form.errors else 200
    response = render(request, "accounts/new_password.html", context, status=status)
    response["Referrer-Policy"] = "strict-origin"  # the address of this page is a secret
    return response
