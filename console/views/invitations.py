"""Accepting an invitation: the link in the mail, for people with and without an account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.links import ProvenAddress
from accounts.models import User
from console.errors import error_page
from console.views.sign_up import let_sign_up
from kit.errors import StonepineError
from orgs.acceptance import accept_invitation, may_accept, open_invitation


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever is signed in with the invited address joins; who has no account makes one first.

    The token came to the invited address by mail, so it proves the address.
    """
    user = request.user if isinstance(request.user, User) else None
    here = reverse("console:invite", args=[token])
    try:
        invitation = open_invitation(token)
        if request.method == "POST" and user is None:
            return let_sign_up(request, ProvenAddress(invitation.email, next=here))
        if request.method == "POST" and user is not None:
            organization = accept_invitation(user, token)
            messages.success(request, f"You belong to {organization.name} now.")
            return redirect("console:organization", organization.slug)
    except StonepineError as error:
        return error_page(request, error)
    context = {
        "invitation": invitation,
        "here": here,
        "is_theirs": user is not None and may_accept(user, invitation),
    }
    response = render(request, "accounts/invite.html", context)
    response["Referrer-Policy"] = "strict-origin"  # the address of this page is a secret
    return response
