"""Re-authentication: sensitive acts want a proof of the person that is at most 15 minutes old."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from kit import clock

_VALID_FOR = timedelta(minutes=15)


def freshly_confirmed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Send whoever proved themselves longer ago to `/confirm` and back; goes below `signed_in`.

    Takes views of a request and views of a `Visit`. What a form held is not kept: the way back
    leads to the form.
    """

    @functools.wraps(view)
    def guarded(first: Any, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request: HttpRequest = getattr(first, "request", first)
        if is_fresh(request, is_own=first is request):
            return view(first, *args, **kwargs)
        there = f"{resolve_url('console:confirm')}?{urlencode({'next': _back(request)})}"
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(there)
        return redirect(there)

    return guarded


def _back(request: HttpRequest) -> str:
    """The page itself, or the one whose form was sent: it may be sent again from there."""
    if request.method == "GET":
        return request.path
    return urlsplit(request.headers.get("Referer", "")).path or request.path


def is_fresh(request: HttpRequest, *, is_own: bool = False) -> bool:
    """Whether the session's last proof, of signing in or of confirming, is recent.

    `is_own`: at the person's own account, which no organization's identity provider opens; only
    the account's own secrets count.
    """
    proofs = get_authentication_records(request, request.user)
    if is_own:
        proofs = [one for one in proofs if one["method"] != "sso"]
    if not proofs:
        return False
    age_s: float = clock.now().timestamp() - proofs[-1]["at"]
    return age_s < _VALID_FOR.total_seconds()
