"""Reading an identity provider's metadata over the network, from a worker and never from a request.

The name is resolved once, checked, and that very address is connected to; see
`kit/outbound.py`.
"""

from http.client import HTTPConnection
from urllib.parse import urlsplit

from kit.environment import environment
from kit.errors import InvalidArgument
from kit.outbound import ExchangeFailed, connected, place_of
from sso.metadata import MAX_BYTES

_TAKES_S = 10.0
_OK = 200
_MAX_URL = 2048
_NOT_ASCII = "The metadata's address must be written in ASCII: the host as xn--…, the rest with %…."


class FetchFailed(Exception):
    """Its text is fit for the page of the connection."""


def checked_url(url: str) -> str:
    """Raises `InvalidArgument`."""
    parts = urlsplit(url.strip())
    is_sound = parts.scheme == "https" and parts.hostname and not parts.username
    if not is_sound or len(url) > _MAX_URL or not url.strip().isprintable():
        raise InvalidArgument("The metadata's address must begin with https://.", field="url")
    if not url.strip().isascii():
        raise InvalidArgument(_NOT_ASCII, field="url")
    try:
        _ = parts.port
    except ValueError:
        raise InvalidArgument("The port of the address is none.", field="url") from None
    return url.strip()


def fetch(url: str) -> bytes:
    """At most 1 MiB within ten seconds; redirects are not followed. Raises `FetchFailed`."""
    if not url.isascii():
        raise FetchFailed(_NOT_ASCII)
    parts = urlsplit(url)
    place = place_of(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    allowed = environment().sso_metadata_networks_allowed
    try:
        with connected(place, timeout_s=_TAKES_S, allowed=allowed) as wire:
            http = HTTPConnection(place.host, place.port)
            http.sock = wire
            try:
                http.request("GET", target, headers={"Host": parts.netloc})
                answer = http.getresponse()
                if answer.status != _OK:
                    raise FetchFailed(f"{place.host} answered {answer.status}.")
                body = answer.read(MAX_BYTES + 1)
            finally:
                http.close()
    except ExchangeFailed as error:
        raise FetchFailed(str(error)) from error
    if len(body) > MAX_BYTES:
        raise FetchFailed("The metadata is larger than 1 MiB.")
    return body
