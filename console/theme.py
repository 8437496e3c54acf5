"""The theme a person chose: a cookie, so that the first byte of a page already knows it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User

COOKIE = "stonepine_theme"
THEMES = ("light", "dark")
_YEAR_S = 365 * 24 * 3600


def chosen_theme(request: HttpRequest) -> str | None:
    """`light`, `dark`, or None where the system decides."""
    theme = request.COOKIES.get(COOKIE)
    return theme if theme in THEMES else None


def remember_theme(response: HttpResponse, theme: str) -> None:
    response.set_cookie(
        COOKIE, theme, max_age=_YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def remember_theme_of(response: HttpResponse, user: User) -> None:
    """On this browser, what the person chose in their profile; nothing where the system decides."""
    if user.theme in THEMES:
        remember_theme(response, user.theme)


def forget_theme(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")
