"""Where a webhook may lead: https to public addresses, and whatever the operator allows."""

from urllib.parse import urlsplit

from kit.destinations import Purpose
from kit.environment import environment
from kit.errors import InvalidArgument
from kit.outbound import WEB, Allowed, ExchangeFailed, place_of, resolved
from kit.outbound import checked_url as checked

_FIELD = "url"
_MAX_URL = 2_000


def allowed_places() -> Allowed:
    return environment().outbound_allowed(Purpose.WEBHOOKS)


def checked_url(text: str) -> str:
    """The address as it is kept: in clear only to where the operator allows it. Raises
    `InvalidArgument`."""
    if len(text) > _MAX_URL:
        raise InvalidArgument(f"url has at most {_MAX_URL} characters.", field=_FIELD)
    url = checked(text, field=_FIELD, schemes=WEB, allowed=allowed_places())
    if urlsplit(url).scheme == "http":
        _require_listed(url)
    return url


def _require_listed(url: str) -> None:
    place = place_of(url)
    try:
        resolved(place.host, place.port, allowed=allowed_places(), is_public_allowed=False)
    except ExchangeFailed as error:
        raise InvalidArgument("url must begin with https://.", field=_FIELD) from error
