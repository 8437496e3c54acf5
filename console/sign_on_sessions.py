"""Sessions that an identity provider vouched for: they end by themselves, wherever one looks."""

from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from console.auth import SIGN_ON, end_session
from sso.sessions import find_session, still_holds


class SignOnMiddleware:
    """Before every view: a session whose time, connection or plan has ended is nobody's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            vouched = request.session.get(SIGN_ON)
            if vouched is not None and not _holds(request):
                return self._ended(request, UUID(vouched["connection_id"]))
        return self.get_response(request)

    def _ended(self, request: HttpRequest, connection_id: UUID) -> HttpResponse:
        """Back to the provider where a page was asked for; else on as a stranger."""
        end_session(request)
        is_page = request.method == "GET" and request.path.startswith(("/o/", "/account"))
        if not is_page or request.headers.get("HX-Request"):
            return self.get_response(request)
        there = resolve_url("console:saml_login", connection_id=connection_id)
        return redirect(f"{there}?{urlencode({'next': request.path})}")


def _holds(request: HttpRequest) -> bool:
    found = find_session(cast("str", request.session.session_key))
    return found is not None and still_holds(found)
