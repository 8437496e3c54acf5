"""Re-authentication: the signed-in person proves once more who they are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.second_factors import Kind, factors_of
from console import passkeys
from console.account_page import Own
from console.auth import SIGN_ON, record_factor, record_password, safe_next
from console.errors import form_status
from console.forms.accounts import CodeForm, ConfirmForm
from console.visit import signed_in
from kit.errors import StonepineError
from orgs.sign_in import confirm_by_code, confirm_by_passkey, confirm_by_password


@never_cache
@sensitive_post_parameters("password", "code", "credential")
@require_http_methods(["GET", "POST"])
@signed_in
def confirm(request: HttpRequest) -> HttpResponse:
    """By password, by a code, or by a passkey; one of them is enough."""
    user = Own(request).user
    is_code = "code" in request.POST
    form = ConfirmForm(None if is_code else request.POST or None)
    code_form = CodeForm(request.POST if is_code else None)
    status = 200
    try:
        if _is_proven(request, user, form, code_form):
            return redirect(safe_next(request))
    except StonepineError as error:
        (code_form if is_code else form).refuse(error)
        status = form_status(error)
    kinds = {factor.type for factor in factors_of(user)}
    has_passkey = Kind.WEBAUTHN in kinds and passkeys.are_possible(request)
    context = {
        "form": form,
        "code_form": code_form if kinds - {Kind.WEBAUTHN} else None,
        "options": passkeys.request_options(user) if has_passkey else "",
        "next": safe_next(request),
        "sign_on": request.session.get(SIGN_ON),
    }
    return render(request, "accounts/confirm.html", context, status=status)


def _is_proven(request: HttpRequest, user: User, form: ConfirmForm, code_form: CodeForm) -> bool:
    if answer := request.POST.get("credential"):
        record_factor(
            request, confirm_by_passkey(user, lambda: passkeys.proven(answer, user)),
            reauthenticated=True,
        )  # fmt: skip
        return True
    if code_form.is_valid():
        factor = confirm_by_code(user, code_form.cleaned_data["code"])
        record_factor(request, factor, reauthenticated=True)
        return True
    if form.is_valid():
        confirm_by_password(user, form.cleaned_data["password"])
        record_password(request, user)
        return True
    return False
